#include "sync/http_ledger.hpp"

#include "chain/core/limits.hpp"

namespace aitbc::sync {

namespace {

// Runs of blocks of which a request each can carry, as long as possible; of one block at least.
std::vector<std::vector<Block>> split(std::span<const CheckedBlock> branch, std::size_t bytes_max) {
  constexpr std::size_t count_bytes = 4;  // ahead of a run
  std::vector<std::vector<Block>> runs;
  std::size_t bytes = bytes_max;
  for (const CheckedBlock& checked : branch) {
    Block block = checked.block();
    const std::size_t size = encode(block).size();
    if (bytes + size > bytes_max) {
      runs.emplace_back();
      bytes = count_bytes;
    }
    bytes += size;
    runs.back().push_back(std::move(block));
  }
  return runs;
}

}  // namespace

Result<std::unique_ptr<HttpLedger>> HttpLedger::open(const std::string& url,
                                                     rpc::Credentials credentials,
                                                     std::size_t request_bytes_max) {
  AITBC_TRY_ASSIGN(rpc::Client client, rpc::Client::open(url, {}, std::move(credentials)));
  AITBC_TRY_ASSIGN(const Genesis genesis, client.genesis());
  std::unique_ptr<HttpLedger> ledger(
      new HttpLedger(std::move(client), params_of(genesis), request_bytes_max));
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
  justified_ = answer.justified;
  authorities_hash_ = answer.authorities_hash;
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

// A branch that one request cannot carry goes in several. The node judges each by itself, so the
// first must make it the node's chain; the others extend that.
Result<Imported> HttpLedger::import(std::span<const CheckedBlock> branch, Time) {
  const std::vector<std::vector<Block>> requests = split(branch, request_bytes_max_);
  if (requests.size() > 1 && !better(tip_of(requests.front().back().header()), head_)) {
    return error(Errc::too_large, "branch: it is better only as a whole, and its " +
                                      std::to_string(branch.size()) +
                                      " blocks exceed what one request can carry, " +
                                      std::to_string(request_bytes_max_) + " bytes");
  }
  Imported all{Imported::Kind::exists, head_, 0, 0};
  for (const std::vector<Block>& blocks : requests) {
    AITBC_TRY_ASSIGN(const Imported imported, client_.import(blocks));
    if (all.kind == Imported::Kind::exists) all.kind = imported.kind;
    all.rewound += imported.rewound;
    all.appended += imported.appended;
    all.head = head_ = imported.head;
    if (head_ != tip_of(blocks.back().header())) break;  // what follows has nothing to stand on
  }
  return all;
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
