#pragma once
// The agent's local side: the chain in this process, or another node over HTTP (the daemon). Used
// by the agent's thread alone.

#include <memory>
#include <optional>
#include <span>

#include "chain/core/apply.hpp"
#include "chain/core/evidence.hpp"
#include "chain/protocol.hpp"

namespace aitbc::sync {

class Ledger {
 public:
  virtual ~Ledger() = default;

  virtual const Params& params() const = 0;
  virtual Tip head() const = 0;
  virtual Tip justified() const = 0;
  virtual Hash authorities_hash() const = 0;
  // Chain::committed_elsewhere().
  virtual Result<std::optional<Checkpoint>> committed_elsewhere() = 0;
  // The canonical block's id; nullopt above the head.
  virtual Result<std::optional<BlockId>> id_at(Height) = 0;
  virtual Result<Imported> import(std::span<const CheckedBlock> branch, Time now) = 0;
  // Whether the key is an authority's, or may become one's.
  virtual bool may_vote(const PublicKey&) const = 0;
  // Whether a transaction that a peer names is worth fetching.
  virtual bool wants(const TxId&) = 0;
  // The ids of those that were refused for now; any other refusal is the sender's affair.
  virtual Result<std::vector<TxId>> submit(std::span<const CheckedTx> txs) = 0;
  // Votes whose signatures hold.
  virtual Status add_votes(std::span<const SignedVote> votes) = 0;
  // That holds.
  virtual Status add_evidence(std::span<const Evidence> evidence) = 0;
};

// Whether a refused transaction may be taken later: the pool was full, or it stands on blocks that
// are still missing here.
inline bool for_now(const Error& refusal) {
  const Category kind = category(refusal.code);
  return kind == Category::early || kind == Category::busy ||
         refusal.code == Errc::insufficient_balance;
}
// Those of `txs` whose answer, in the same order, is a refusal for now.
inline std::vector<TxId> refused_for_now(std::span<const CheckedTx> txs,
                                         std::span<const Result<TxId>> answers) {
  std::vector<TxId> refused;
  for (std::size_t i = 0; i < txs.size(); ++i) {
    if (!answers[i] && for_now(answers[i].error())) refused.push_back(txs[i].id());
  }
  return refused;
}

}  // namespace aitbc::sync
