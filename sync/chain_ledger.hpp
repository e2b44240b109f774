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
  Tip justified() const override { return chain_.justified(); }
  Hash authorities_hash() const override { return chain_.state().authorities_hash(); }
  Result<std::optional<Checkpoint>> committed_elsewhere() override {
    return chain_.committed_elsewhere();
  }
  Result<std::optional<BlockId>> id_at(Height height) override { return chain_.id_at(height); }
  Result<Imported> import(std::span<const CheckedBlock> branch, Time now) override {
    return chain_.import(branch, now);
  }
  bool may_vote(const PublicKey& key) const override { return chain_.may_vote(key); }
  bool wants(const TxId& id) override { return chain_.mempool().find(id) == nullptr; }
  Result<std::vector<TxId>> submit(std::span<const CheckedTx> txs) override {
    const auto answers = chain_.submit(txs, Chain::Submitter::peer);
    if (answers) return refused_for_now(txs, *answers);
    if (is_internal(answers.error())) return answers.error();
    // The disk is full: one answer for all.
    return refused_for_now(txs, std::vector(txs.size(), Result<TxId>(answers.error())));
  }

  Status add_votes(std::span<const SignedVote> votes) override { return chain_.add_votes(votes); }
  Status add_evidence(std::span<const Evidence> evidence) override {
    return chain_.add_evidence(evidence);
  }

 private:
  Chain& chain_;
};

}  // namespace aitbc::sync
