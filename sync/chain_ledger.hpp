#pragma once
// The agent's ledger when the chain is in this process.

#include "chain/chain.hpp"
#include "sync/ledger.hpp"

namespace aitbc::sync {

class ChainLedger final : public Ledger {
 public:
  explicit ChainLedger(Chain& chain) : chain_(chain) {}

  const Params& params() const override { return chain_.params(); }
  Tip head() const override { return chain_.head(); }
  Result<std::optional<BlockId>> id_at(Height height) override { return chain_.id_at(height); }
  Result<Imported> import(std::span<const CheckedBlock> branch, Time now) override {
    return chain_.import(branch, now);
  }
  bool wants(const TxId& id) override { return chain_.mempool().find(id) == nullptr; }
  // A refused transaction is its sender's affair; only a broken store is ours.
  Status submit(std::span<const CheckedTx> txs) override {
    const auto answers = chain_.submit(txs);
    if (!answers && category(answers.error().code) == Category::internal) return answers.error();
    return ok();
  }

 private:
  Chain& chain_;
};

}  // namespace aitbc::sync
