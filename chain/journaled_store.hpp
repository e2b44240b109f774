#pragma once
// A store that notes in a journal what each commit did: what is told was durable before, and all
// that is durable is told. Beside the journal it remembers the pending transactions and the blocks
// that are not final, as far as limits::events_kept_max transactions go; of older ones it is not
// told that they became final, their blocks' own event says it.

#include <deque>
#include <memory>
#include <unordered_map>

#include "chain/journal.hpp"
#include "chain/wrapped_store.hpp"

namespace aitbc {

class JournaledStore final : public WrappedStore {
 public:
  // The journal outlives it; both have one thread.
  JournaledStore(std::unique_ptr<Store> store, Journal& journal)
      : WrappedStore(std::move(store)), journal_(journal) {}

  Result<std::optional<Loaded>> load(const Params&) override;
  Status commit(const Batch&) override;
  void shrink() override;

 private:
  struct Open {
    std::shared_ptr<const PlacedBlock> block;
    std::vector<CheckedTx> txs;
  };
  using Txs = std::unordered_map<TxId, CheckedTx>;

  Txs rewind(const Batch&);
  void append(const Batch&, const Txs& rewound);
  void note_pool(const Batch&, const Txs& rewound);
  void finalise(const Checkpoint&);
  void remember(const CheckedBlock&);

  Journal& journal_;
  Tip head_;
  Txs pending_;
  std::deque<Open> open_;  // the newest canonical blocks that are not final
  std::size_t open_txs_ = 0;
};

}  // namespace aitbc
