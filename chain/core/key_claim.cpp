#include "chain/core/key_claim.hpp"

#include <tuple>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

void encode_body(Encoder& out, const KeyClaim& claim) {
  out.fixed(claim.key);
  out.blob(as_bytes(claim.node));
  out.blob(as_bytes(claim.instance));
  out.integer(static_cast<std::uint64_t>(to_unix_ms(claim.started)));
  out.blob(as_bytes(claim.origin));
  out.integer(static_cast<std::uint8_t>(claim.forced));
  out.integer(static_cast<std::uint64_t>(to_unix_ms(claim.signed_at)));
}

Hash message_of(const GenesisHash& chain, const KeyClaim& claim) {
  Encoder out;
  encode_body(out, claim);
  return hash("aitbc/key-claim/1", {chain.view(), out.bytes()});
}

}  // namespace

void sign(const GenesisHash& chain, KeyClaim& claim, const KeyPair& key) {
  claim.key = key.public_key();
  claim.signature = key.sign(message_of(chain, claim).view());
}

Status check_claim(const GenesisHash& chain, const KeyClaim& claim) {
  if (claim.node.size() > limits::claim_text_bytes_max ||
      claim.instance.size() > limits::claim_text_bytes_max ||
      claim.origin.size() > limits::claim_text_bytes_max) {
    return error(Errc::too_large, "key claim: a name of over " +
                                      std::to_string(limits::claim_text_bytes_max) + " bytes");
  }
  if (!verify(claim.key, message_of(chain, claim).view(), claim.signature)) {
    return error(Errc::bad_signature,
                 "key claim: the signature of " + claim.key.hex() + " does not hold");
  }
  return ok();
}

bool outranks(const KeyClaim& a, const KeyClaim& b) {
  if (a.forced != b.forced) return a.forced;
  const bool a_follows = a.origin != a.instance, b_follows = b.origin != b.instance;
  if (a_follows != b_follows) return a_follows;
  return std::tie(a.started, a.instance) < std::tie(b.started, b.instance);
}

void encode(Encoder& out, const KeyClaim& claim) {
  encode_body(out, claim);
  out.fixed(claim.signature);
}

Result<KeyClaim> decode_key_claim(ByteView bytes) {
  Decoder in(bytes);
  KeyClaim claim;
  claim.key = in.fixed<PublicKey>();
  claim.node = as_text(in.blob(limits::claim_text_bytes_max));
  claim.instance = as_text(in.blob(limits::claim_text_bytes_max));
  const auto time = [&] {
    const auto ms = in.integer<std::uint64_t>();
    if (ms > limits::supply_max) in.fail();
    return from_unix_ms(static_cast<std::int64_t>(ms & limits::supply_max));
  };
  claim.started = time();
  claim.origin = as_text(in.blob(limits::claim_text_bytes_max));
  const auto forced = in.integer<std::uint8_t>();
  if (forced > 1) in.fail();
  claim.forced = forced == 1;
  claim.signed_at = time();
  claim.signature = in.fixed<Signature>();
  AITBC_TRY(in.finish("key claim"));
  return claim;
}

}  // namespace aitbc
