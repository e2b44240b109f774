#include <algorithm>
#include <array>

#include "chain/core/canonical_json.hpp"
#include "chain/core/crypto.hpp"
#include "chain/core/poa.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view algorithm = "Ed25519";

Error bad(const std::string& what) { return error(Errc::bad_receipt, "receipt: " + what); }

std::string to_base64(ByteView bytes) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const Byte byte : bytes) {
    bits = bits << 8 | byte;
    for (held += 8; held >= 6; held -= 6) out.push_back(base64_letters[bits >> (held - 6) & 63]);
  }
  if (held > 0) out.push_back(base64_letters[bits << (6 - held) & 63]);
  return out;
}

// Exactly what to_base64() prints.
template <class Fixed>
std::optional<Fixed> from_base64(std::string_view text) {
  Fixed value;
  std::size_t size = 0;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto letter = base64_letters.find(c);
    if (letter == std::string_view::npos) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(letter);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    if (size == Fixed::size) return std::nullopt;
    value.data[size++] = static_cast<Byte>(bits >> held);
  }
  if (size != Fixed::size || to_base64(value.view()) != text) return std::nullopt;
  return value;
}

std::string signature_json(const ReceiptClaim& claim) {
  ObjectWriter out;
  out.text("alg", algorithm)
      .text("key_id", to_base64(claim.coordinator.view()))
      .text("sig", to_base64(claim.signature.view()));
  return std::move(out).finish();
}

// The key and the signature; the receipt is left empty.
Result<ReceiptClaim> read_signature(const JsonValue& value, const std::string& where) {
  const auto text = [&](std::string_view name) {
    const std::string* found = value.find_text(name);
    return found == nullptr ? std::string_view() : std::string_view(*found);
  };
  if (value.kind != JsonValue::Kind::object || text("alg") != algorithm) {
    return bad(where + R"(: expected {"alg": "Ed25519", "key_id", "sig"})");
  }
  const auto key = from_base64<PublicKey>(text("key_id"));
  if (!key) return bad(where + ".key_id: expected 32 bytes in base64url without padding");
  const auto signature = from_base64<Signature>(text("sig"));
  if (!signature) return bad(where + ".sig: expected 64 bytes in base64url without padding");
  return ReceiptClaim{{}, *key, *signature};
}

// By the coordinator first, then by those who attest it.
Result<std::vector<ReceiptClaim>> read_signatures(const JsonValue& receipt) {
  std::vector<ReceiptClaim> all;
  if (const JsonValue* own = receipt.find("signature"); own != nullptr) {
    AITBC_TRY_ASSIGN(ReceiptClaim claim, read_signature(*own, "signature"));
    all.push_back(std::move(claim));
  }
  if (const JsonValue* others = receipt.find("attestations"); others != nullptr) {
    for (const JsonValue& other : others->items) {
      const std::string where = "attestations[" + std::to_string(all.size()) + "]";
      AITBC_TRY_ASSIGN(ReceiptClaim claim, read_signature(other, where));
      all.push_back(std::move(claim));
    }
  }
  if (all.empty()) return bad("signature: expected the coordinator's");
  return all;
}

// Without what the signature does not cover.
JsonValue signed_part(const JsonValue& receipt) {
  JsonValue part{receipt.kind, {}, {}, {}};
  for (std::size_t i = 0; i < receipt.keys.size(); ++i) {
    if (receipt.keys[i] == "signature" || receipt.keys[i] == "attestations") continue;
    part.keys.push_back(receipt.keys[i]);
    part.items.push_back(receipt.items[i]);
  }
  return part;
}

}  // namespace

std::string signed_receipt_json(const ReceiptClaim& claim) {
  std::string text = claim.receipt;
  const bool is_object = text.size() > 2 && text.front() == '{' && text.back() == '}';
  if (!is_object) return json_text(text);  // of a transaction that nobody checked
  text.pop_back();
  return text + R"(,"signature":)" + signature_json(claim) + "}";
}

Result<ReceiptClaim> read_signed_receipt(const Params& params, const JsonValue& receipt) {
  if (receipt.kind != JsonValue::Kind::object) return bad("expected a JSON object");
  AITBC_TRY_ASSIGN(std::vector<ReceiptClaim> signatures, read_signatures(receipt));
  const auto& coordinators = params.minting.coordinators;
  const auto listed = std::find_if(signatures.begin(), signatures.end(), [&](const auto& each) {
    return std::find(coordinators.begin(), coordinators.end(), each.coordinator) !=
           coordinators.end();
  });
  ReceiptClaim claim = listed == signatures.end() ? signatures.front() : *listed;
  claim.receipt = canonical_text(signed_part(receipt));
  return claim;
}

Result<ReceiptClaim> parse_signed_receipt(const Params& params, std::string_view json) {
  if (json.size() > limits::receipt_body_bytes_max) {
    return error(Errc::too_large, "receipt: expected at most " +
                                      std::to_string(limits::receipt_body_bytes_max) + " bytes");
  }
  AITBC_TRY_ASSIGN(const JsonValue value, read_json(json));
  return read_signed_receipt(params, value);
}

std::string receipt_json(const Params& params, const LocatedTx& located) {
  const auto& claim = std::get<ReceiptClaim>(located.tx.body.payload);
  const auto receipt = read_receipt(claim.receipt);
  const auto mint = mint_of(params, claim);
  AITBC_CHECK(receipt && mint);  // it minted
  ArrayWriter attestations;
  attestations.json(signature_json(claim));
  ObjectWriter out;
  out.text("receipt_id", receipt->id)
      .text("job_id", receipt->job_id)
      .json("payload", claim.receipt)
      .null("miner_signature")
      .json("coordinator_attestations", std::move(attestations).finish())
      .integer("minted_amount", mint->to_miner.units())
      .text("recorded_at", to_naive_iso(start_of(params, located.slot)))
      .text("miner", to_text(mint->miner))
      .text("coordinator", to_text(mint->coordinator))
      .integer("coordinator_amount", mint->to_coordinator.units())
      .text("tx_hash", hash_text(id_of(params.genesis_hash, located.tx.body)))
      .integer("block_height", located.height);
  return std::move(out).finish();
}

}  // namespace aitbc::rpc
