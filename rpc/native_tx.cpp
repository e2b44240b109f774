#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view transfer_word = "transfer";
constexpr std::string_view ballot_word = "ballot";
constexpr std::string_view claim_word = "receipt_claim";

std::string policy_json(const Policy& policy) {
  ObjectWriter out;
  out.integer("threshold", policy.threshold).json("keys", keys_json(policy.keys));
  return std::move(out).finish();
}

// One entry for each key of the policy: its signature, or null.
std::string signatures_json(const Witness& witness) {
  ArrayWriter out;
  std::size_t next = 0;
  for (std::size_t key = 0; key < witness.policy.keys.size(); ++key) {
    if (next < witness.parts.size() && witness.parts[next].key == key) {
      out.text(witness.parts[next++].signature.hex());
    } else {
      out.json("null");
    }
  }
  return std::move(out).finish();
}

Result<Policy> read_policy(ObjectReader reader) {
  AITBC_TRY_ASSIGN(const std::uint64_t threshold,
                   reader.integer("threshold", {1, limits::policy_keys_max}));
  Policy policy{static_cast<std::uint8_t>(threshold), {}};
  AITBC_TRY_ASSIGN(policy.keys, read_keys(reader, "keys", limits::policy_keys_max));
  AITBC_TRY(reader.finish());
  return policy;
}

Result<std::vector<Witness::Part>> read_signatures(ObjectReader& reader, const Policy& policy) {
  AITBC_TRY_ASSIGN(const Json* items, reader.array("signatures", limits::policy_keys_max));
  const std::string path = reader.path_of("signatures");
  if (items->size() != policy.keys.size()) {
    return error(Errc::bad_json, path + ": expected one entry for each of the policy's " +
                                     std::to_string(policy.keys.size()) + " keys, got " +
                                     std::to_string(items->size()));
  }
  std::vector<Witness::Part> parts;
  for (std::uint8_t key = 0; key < policy.keys.size(); ++key) {
    const Json& item = (*items)[key];
    if (item.is_null()) continue;
    const auto signature =
        item.is_string() ? Signature::parse(item.get_ref<const std::string&>()) : std::nullopt;
    if (!signature) {
      return error(Errc::bad_json, path + "[" + std::to_string(key) + "]: expected 128 digits of " +
                                       "lower-case hexadecimal, or null");
    }
    parts.push_back({key, *signature});
  }
  return parts;
}

void write_payload(ObjectWriter& out, const Transfer& transfer) {
  out.text("recipient", to_text(transfer.to)).integer("amount", transfer.amount.units());
}

void write_payload(ObjectWriter& out, const Ballot& ballot) {
  write_change(out, ballot.change);
  out.boolean("approve", ballot.approve);
}

// The receipt as a text: its signature covers the bytes.
void write_payload(ObjectWriter& out, const ReceiptClaim& claim) {
  out.text("receipt", claim.receipt)
      .text("coordinator", claim.coordinator.hex())
      .text("receipt_signature", claim.signature.hex());
}

Result<Payload> read_payload(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string type, reader.text("type", word_bytes_max));
  if (type == transfer_word) {
    Transfer transfer;
    AITBC_TRY_ASSIGN(transfer.to, read_address(reader, "recipient"));
    AITBC_TRY_ASSIGN(transfer.amount, read_amount(reader, "amount"));
    return Payload(transfer);
  }
  if (type == ballot_word) {
    Ballot ballot;
    AITBC_TRY_ASSIGN(ballot.change, read_change(reader));
    AITBC_TRY_ASSIGN(ballot.approve, reader.boolean("approve"));
    return Payload(ballot);
  }
  if (type == claim_word) {
    ReceiptClaim claim;
    AITBC_TRY_ASSIGN(claim.receipt, reader.text("receipt", limits::receipt_bytes_max));
    AITBC_TRY_ASSIGN(claim.coordinator, read_hex<PublicKey>(reader, "coordinator"));
    AITBC_TRY_ASSIGN(claim.signature, read_hex<Signature>(reader, "receipt_signature"));
    return Payload(claim);
  }
  return error(Errc::bad_json,
               reader.path_of("type") +
                   ": expected \"transfer\", \"ballot\" or \"receipt_claim\", got " +
                   json_text(type));
}

// The fields that follow from the others may be left out, but may not lie.
Status check_derived(const Params& params, ObjectReader& reader, const Tx& tx) {
  for (const std::string_view name : {"tx_hash", "hash"}) {
    if (!reader.has(name)) continue;
    AITBC_TRY_ASSIGN(const TxId claimed, read_hash<TxId>(reader, name));
    if (const TxId id = id_of(params.genesis_hash, tx); id != claimed) {
      return error(Errc::bad_signature, reader.path_of(name) + ": expected " + hash_text(id) +
                                            ", the hash of the other fields");
    }
  }
  if (reader.has("payload")) {
    AITBC_TRY_ASSIGN(const Json* claimed, reader.value("payload"));
    const std::string payload = payload_json(tx);
    // A claim's is what somebody else wrote, if it is JSON at all.
    const auto expected = parse_json(payload);
    if (!expected || dump(*claimed) != dump(*expected)) {
      return error(Errc::bad_json, reader.path_of("payload") + ": expected " + payload +
                                       ", as the other fields have it, or nothing");
    }
  }
  return ok();
}

}  // namespace

std::string payload_json(const Tx& tx) {
  ObjectWriter out;
  if (const auto* transfer = std::get_if<Transfer>(&tx.payload)) {
    out.text("to", to_text(transfer->to)).integer("amount", transfer->amount.units());
  } else if (const auto* claim = std::get_if<ReceiptClaim>(&tx.payload)) {
    return signed_receipt_json(*claim);
  } else {
    write_payload(out, std::get<Ballot>(tx.payload));
  }
  return std::move(out).finish();
}

std::string_view type_of(const Tx& tx) {
  constexpr std::string_view words[] = {transfer_word, ballot_word, claim_word};
  static_assert(std::size(words) == std::variant_size_v<Payload>);
  return words[tx.payload.index()];
}

std::string tx_json(const Params& params, const SignedTx& tx) {
  ObjectWriter out;
  const std::string id = hash_text(id_of(params.genesis_hash, tx.body));
  out.text("tx_hash", id)
      .text("hash", id)
      .text("type", type_of(tx.body))
      .text("chain_id", params.chain_id)
      .text("sender", to_text(tx.body.from));
  std::visit([&](const auto& payload) { write_payload(out, payload); }, tx.body.payload);
  out.integer("fee", tx.body.fee.units())
      .integer("nonce", tx.body.nonce)
      .json("payload", payload_json(tx.body))
      .json("policy", policy_json(tx.witness.policy))
      .json("signatures", signatures_json(tx.witness));
  return std::move(out).finish();
}

Result<SignedTx> read_tx(const Params& params, ObjectReader reader) {
  SignedTx tx;
  AITBC_TRY_ASSIGN(tx.body.payload, read_payload(reader));
  AITBC_TRY(check_chain(params, reader));
  AITBC_TRY_ASSIGN(tx.body.from, read_address(reader, "sender"));
  AITBC_TRY_ASSIGN(tx.body.fee, read_amount(reader, "fee"));
  AITBC_TRY_ASSIGN(tx.body.nonce, reader.integer("nonce", {0, limits::supply_max - 1}));
  AITBC_TRY_ASSIGN(ObjectReader policy, reader.object("policy"));
  AITBC_TRY_ASSIGN(tx.witness.policy, read_policy(std::move(policy)));
  AITBC_TRY_ASSIGN(tx.witness.parts, read_signatures(reader, tx.witness.policy));
  AITBC_TRY(check_derived(params, reader, tx.body));
  AITBC_TRY(reader.finish());
  return tx;
}

Result<SignedTx> parse_tx(const Params& params, std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value, "transaction"));
  return read_tx(params, std::move(reader));
}

}  // namespace aitbc::rpc
