#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t path_steps_max = 256;  // one for each bit of an address

std::string merkle_json(const AccountProof& proof) {
  ArrayWriter path;
  for (const auto& [bit, sibling] : proof.path) {
    ObjectWriter step;
    step.integer("bit", bit).text("sibling", hash_text(sibling));
    path.json(std::move(step).finish());
  }
  ObjectWriter out;
  if (proof.leaf) {
    ObjectWriter leaf;
    leaf.text("address", to_text(proof.leaf->address))
        .integer("balance", proof.leaf->account.balance.units())
        .integer("nonce", proof.leaf->account.nonce);
    out.json("leaf", std::move(leaf).finish());
  } else {
    out.null("leaf");
  }
  out.json("path", std::move(path).finish());
  return std::move(out).finish();
}

Result<AccountProof> read_merkle(ObjectReader reader) {
  AccountProof proof;
  AITBC_TRY_ASSIGN(const Json* leaf_value, reader.value("leaf"));
  if (!leaf_value->is_null()) {
    AITBC_TRY_ASSIGN(ObjectReader leaf, reader.object("leaf"));
    proof.leaf.emplace();
    AITBC_TRY_ASSIGN(proof.leaf->address, read_address(leaf, "address"));
    AITBC_TRY_ASSIGN(proof.leaf->account.balance, read_amount(leaf, "balance"));
    AITBC_TRY_ASSIGN(proof.leaf->account.nonce, leaf.integer("nonce"));
  }
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> steps, reader.objects("path", path_steps_max));
  for (ObjectReader& step : steps) {
    AITBC_TRY_ASSIGN(const std::uint64_t bit, step.integer("bit", {0, path_steps_max - 1}));
    AITBC_TRY_ASSIGN(const Hash sibling, read_hash<Hash>(step, "sibling"));
    proof.path.push_back({static_cast<std::uint8_t>(bit), sibling});
  }
  return proof;
}

}  // namespace

std::string proof_json(const Address& address, const ProvenAccount& proven) {
  const auto shown = check_proof(proven.proof, address, proven.accounts_root);
  AITBC_CHECK(shown.has_value());  // the node made it
  ObjectWriter out;
  out.text("address", to_text(address))
      .integer("balance", shown->balance.units())
      .integer("nonce", shown->nonce)
      .json("head", tip_json(proven.head))
      .text("state_root", hash_text(proven.state_root))
      .text("accounts_root", hash_text(proven.accounts_root))
      .text("authorities_hash", hash_text(proven.authorities_hash))
      .json("proof", merkle_json(proven.proof));
  return std::move(out).finish();
}

Result<ProvenAccount> parse_proof(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  ProvenAccount proven;
  AITBC_TRY_ASSIGN(ObjectReader head, reader.object("head"));
  AITBC_TRY_ASSIGN(proven.head, read_tip(std::move(head)));
  AITBC_TRY_ASSIGN(proven.state_root, read_hash<Hash>(reader, "state_root"));
  AITBC_TRY_ASSIGN(proven.accounts_root, read_hash<Hash>(reader, "accounts_root"));
  AITBC_TRY_ASSIGN(proven.authorities_hash, read_hash<Hash>(reader, "authorities_hash"));
  AITBC_TRY_ASSIGN(ObjectReader proof, reader.object("proof"));
  AITBC_TRY_ASSIGN(proven.proof, read_merkle(std::move(proof)));
  return proven;
}

Result<Account> check_account(const ProvenAccount& proven, const Address& address) {
  if (state_root_of(proven.accounts_root, proven.authorities_hash) != proven.state_root) {
    return error(Errc::refused, "proof: the roots do not make up the state root");
  }
  const auto account = check_proof(proven.proof, address, proven.accounts_root);
  if (!account) {
    return error(Errc::refused, "proof: it does not lead from the address to the accounts' root");
  }
  return *account;
}

}  // namespace aitbc::rpc
