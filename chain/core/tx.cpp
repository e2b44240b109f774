#include "chain/core/tx.hpp"

#include <algorithm>

#include "chain/core/crypto.hpp"

namespace aitbc {

namespace {

// Fifteen keys and signatures are below 1,600.
constexpr std::size_t tx_bytes_max = limits::receipt_bytes_max + 2'048;
static_assert(limits::submit_batch_max * tx_bytes_max < limits::http_body_bytes_max);
static_assert(limits::sync_txs_max * tx_bytes_max < limits::http_body_bytes_max);

void encode(Encoder& out, const Transfer& transfer) {
  out.fixed(transfer.to);
  out.integer(transfer.amount.units());
}

void encode(Encoder& out, const Ballot& ballot) {
  out.integer(static_cast<std::uint8_t>(ballot.change.kind));
  out.fixed(ballot.change.key);
  out.integer(static_cast<std::uint8_t>(ballot.approve));
}

void encode(Encoder& out, const ReceiptClaim& claim) {
  out.blob(as_bytes(claim.receipt));
  out.fixed(claim.coordinator);
  out.fixed(claim.signature);
}

Amount decode_amount(Decoder& in) {
  const auto amount = Amount::from(in.integer<std::uint64_t>());
  if (!amount) in.fail();
  return amount.value_or(Amount{});
}

void encode_body(Encoder& out, const Tx& tx) {
  out.integer(static_cast<std::uint8_t>(tx.payload.index()));
  out.integer(tx.nonce);
  out.integer(tx.fee.units());
  std::visit([&](const auto& payload) { encode(out, payload); }, tx.payload);
}

Transfer decode_transfer(Decoder& in) {
  Transfer transfer;
  transfer.to = in.fixed<Address>();
  transfer.amount = decode_amount(in);
  return transfer;
}

Ballot decode_ballot(Decoder& in) {
  using Kind = AuthorityChange::Kind;
  Ballot ballot;
  const auto kind = in.integer<std::uint8_t>();
  ballot.change.kind = kind == 0 ? Kind::add : Kind::remove;
  ballot.change.key = in.fixed<PublicKey>();
  const auto approve = in.integer<std::uint8_t>();
  ballot.approve = approve == 1;
  if (kind > 1 || approve > 1) in.fail();
  return ballot;
}

ReceiptClaim decode_claim(Decoder& in) {
  ReceiptClaim claim;
  claim.receipt = as_text(in.blob(limits::receipt_bytes_max));
  claim.coordinator = in.fixed<PublicKey>();
  claim.signature = in.fixed<Signature>();
  return claim;
}

Tx decode_body(Decoder& in) {
  Tx tx;
  const auto type = in.integer<std::uint8_t>();
  if (type >= std::variant_size_v<Payload>) in.fail();
  tx.nonce = in.integer<std::uint64_t>();
  if (tx.nonce > limits::supply_max) in.fail();
  tx.fee = decode_amount(in);
  if (type == 0) {
    tx.payload = decode_transfer(in);
  } else if (type == 1) {
    tx.payload = decode_ballot(in);
  } else {
    tx.payload = decode_claim(in);
  }
  return tx;
}

}  // namespace

std::string_view name(AuthorityChange::Kind kind) {
  switch (kind) {
    case AuthorityChange::Kind::add:
      return "add";
    case AuthorityChange::Kind::remove:
      return "remove";
  }
  AITBC_CHECK(false && "an AuthorityChange::Kind outside its enumerators");
}

TxId id_of(const GenesisHash& chain, const Tx& tx) {
  Encoder out;
  out.fixed(tx.from);
  encode_body(out, tx);
  return TxId{hash("aitbc/tx/1", {chain.view(), out.bytes()}).data};
}

Hash full_hash(const SignedTx& tx) { return hash("aitbc/signed-tx/1", {encode(tx)}); }

void encode(Encoder& out, const SignedTx& tx) {
  encode_body(out, tx.body);
  encode(out, tx.witness.policy);
  // A key out of range is the witness check's to refuse; its bytes are wrong, but never undefined.
  std::uint16_t signers = 0;
  for (const auto& part : tx.witness.parts) {
    signers |= static_cast<std::uint16_t>(1U << part.key % 16);
  }
  out.integer(signers);
  for (const auto& part : tx.witness.parts) out.fixed(part.signature);
}

SignedTx decode_signed_tx(Decoder& in) {
  SignedTx tx;
  tx.body = decode_body(in);
  tx.witness.policy = decode_policy(in);
  tx.body.from = address_of(tx.witness.policy);
  const auto signers = in.integer<std::uint16_t>();
  if (signers >> tx.witness.policy.keys.size() != 0) in.fail();
  for (std::uint8_t key = 0; key < tx.witness.policy.keys.size() && !in.failed(); ++key) {
    if ((signers >> key & 1) != 0) tx.witness.parts.push_back({key, in.fixed<Signature>()});
  }
  return tx;
}

Buffer encode(const SignedTx& tx) {
  Encoder out;
  encode(out, tx);
  return std::move(out).bytes();
}

Result<SignedTx> decode_signed_tx(ByteView bytes) {
  if (bytes.size() > tx_bytes_max) return error(Errc::too_large, "transaction: too many bytes");
  Decoder in(bytes);
  SignedTx tx = decode_signed_tx(in);
  AITBC_TRY(in.finish("transaction"));
  return tx;
}

std::optional<Amount> cost_of(const Tx& tx) {
  const auto* transfer = std::get_if<Transfer>(&tx.payload);
  return transfer == nullptr ? tx.fee : transfer->amount.plus(tx.fee);
}

Result<SignedTx> sign(const GenesisHash& chain, Tx body, const Policy& policy,
                      std::span<const KeyPair* const> keys) {
  body.from = address_of(policy);
  const TxId id = id_of(chain, body);
  SignedTx tx{std::move(body), {policy, {}}};
  for (std::uint8_t i = 0; i < policy.keys.size(); ++i) {
    if (tx.witness.parts.size() == policy.threshold) break;
    const auto found = std::find_if(keys.begin(), keys.end(), [&](const KeyPair* key) {
      return key->public_key() == policy.keys[i];
    });
    if (found != keys.end()) tx.witness.parts.push_back({i, (*found)->sign(id.view())});
  }
  if (tx.witness.parts.size() != policy.threshold) {
    return error(Errc::bad_policy, "policy: needs " + std::to_string(policy.threshold) +
                                       " signatures, the given keys make " +
                                       std::to_string(tx.witness.parts.size()));
  }
  return tx;
}

}  // namespace aitbc
