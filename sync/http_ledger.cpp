#include "sync/http_ledger.hpp"

#include "chain/core/limits.hpp"

namespace aitbc::sync {

Result<std::unique_ptr<HttpLedger>> HttpLedger::open(const std::string& url) {
  AITBC_TRY_ASSIGN(rpc::Client client, rpc::Client::open(url));
  AITBC_TRY_ASSIGN(const Genesis genesis, client.genesis());
  std::unique_ptr<HttpLedger> ledger(new HttpLedger(std::move(client), params_of(genesis)));
  AITBC_TRY(ledger->refresh());
  return ledger;
}

Status HttpLedger::refresh() {
  AITBC_TRY_ASSIGN(const SyncAnswer answer, client_.sync({}));
  if (answer.genesis_hash != params_.genesis_hash) {
    return error(Errc::wrong_genesis,
                 "local node: its genesis changed from " + hash_text(params_.genesis_hash) +
                     " to " + hash_text(answer.genesis_hash) + "; start the daemon again");
  }
  head_ = answer.head;
  return ok();
}

Result<std::optional<BlockId>> HttpLedger::id_at(Height height) {
  if (height > head_.height) return std::optional<BlockId>();
  if (height == head_.height) return std::optional(head_.id);
  if (height == 0) return std::optional(genesis_tip(params_).id);
  AITBC_TRY_ASSIGN(const auto headers, client_.headers(height, 1));
  if (headers.empty()) return std::optional<BlockId>();
  return std::optional(id_of(headers.front().header));
}

Result<Imported> HttpLedger::import(std::span<const CheckedBlock> branch, Time) {
  std::vector<Block> blocks;
  blocks.reserve(branch.size());
  for (const CheckedBlock& block : branch) blocks.push_back(block.block());
  AITBC_TRY_ASSIGN(const Imported imported, client_.import(blocks));
  head_ = imported.head;
  return imported;
}

Result<std::vector<TxId>> HttpLedger::submit(std::span<const CheckedTx> txs) {
  std::vector<SignedTx> bodies;
  bodies.reserve(txs.size());
  for (const CheckedTx& tx : txs) bodies.push_back(tx.signed_tx());
  AITBC_TRY_ASSIGN(const auto answers, client_.submit_all(bodies));
  if (passed_on_.size() > limits::mempool_txs_max) passed_on_.clear();
  for (const CheckedTx& tx : txs) passed_on_.insert(tx.id());
  auto refused = refused_for_now(txs, answers);
  for (const TxId& id : refused) passed_on_.erase(id);
  return refused;
}

}  // namespace aitbc::sync
