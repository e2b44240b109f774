#include "cli/tx_file.hpp"

#include <algorithm>

#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

using Part = Witness::Part;

// Where the part of `key` is, or belongs.
std::vector<Part>::iterator place_of(std::vector<Part>& parts, std::uint8_t key) {
  return std::lower_bound(parts.begin(), parts.end(), key,
                          [](const Part& part, std::uint8_t wanted) { return part.key < wanted; });
}

// False where the key has signed already.
bool insert(std::vector<Part>& parts, const Part& part) {
  const auto place = place_of(parts, part.key);
  if (place != parts.end() && place->key == part.key) return false;
  parts.insert(place, part);
  return true;
}

}  // namespace

std::string print_tx_file(const Params& params, const SignedTx& tx) {
  rpc::ObjectWriter out;
  out.text("genesis_hash", hash_text(params.genesis_hash))
      .json("transaction", rpc::tx_json(params, tx));
  return std::move(out).finish();
}

Result<SignedTx> parse_tx_file(const Params& params, std::string_view text) {
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(json));
  AITBC_TRY_ASSIGN(const auto chain, rpc::read_hash<GenesisHash>(reader, "genesis_hash"));
  if (chain != params.genesis_hash) {
    return error(Errc::wrong_genesis, "the transaction is for the chain of genesis " +
                                          hash_text(chain) + ", not for " + params.chain_id +
                                          " of genesis " + hash_text(params.genesis_hash));
  }
  AITBC_TRY_ASSIGN(auto body, reader.object("transaction"));
  AITBC_TRY_ASSIGN(SignedTx tx, rpc::read_tx(params, std::move(body)));
  AITBC_TRY(reader.finish());
  AITBC_TRY(check_partly_signed(params.genesis_hash, tx));
  return tx;
}

Result<SignedTx> add_signature(const GenesisHash& chain, SignedTx tx, const KeyPair& key) {
  const auto& keys = tx.witness.policy.keys;
  const auto found = std::find(keys.begin(), keys.end(), key.public_key());
  if (found == keys.end()) {
    return error(Errc::refused,
                 "key " + key.public_key().hex() + " is no party to the transaction");
  }
  if (signatures_missing(tx) == 0) {
    return error(Errc::refused, "the transaction has all of its signatures: aitbc tx submit");
  }
  const Part part{static_cast<std::uint8_t>(found - keys.begin()),
                  key.sign(id_of(chain, tx.body).view())};
  if (insert(tx.witness.parts, part)) return tx;
  return error(Errc::refused, "key " + key.public_key().hex() + " has signed already");
}

Result<SignedTx> combine(std::span<const SignedTx> txs) {
  AITBC_CHECK(!txs.empty());
  SignedTx whole = txs.front();
  for (const SignedTx& tx : txs) {
    if (tx.body != whole.body || tx.witness.policy != whole.witness.policy) {
      return error(Errc::refused, "the files hold different transactions: sign copies of one file");
    }
    for (const Part& part : tx.witness.parts) {
      if (signatures_missing(whole) > 0) insert(whole.witness.parts, part);
    }
  }
  return whole;
}

std::size_t signatures_missing(const SignedTx& tx) {
  const std::size_t needed = tx.witness.policy.threshold;
  return needed - std::min(needed, tx.witness.parts.size());
}

std::vector<PublicKey> silent_keys(const SignedTx& tx) {
  std::vector<PublicKey> silent = tx.witness.policy.keys;
  for (auto part = tx.witness.parts.rbegin(); part != tx.witness.parts.rend(); ++part) {
    silent.erase(silent.begin() + part->key);
  }
  return silent;
}

}  // namespace aitbc::cli
