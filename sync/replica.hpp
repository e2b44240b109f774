#pragma once
// One node without I/O: chain, mempool, sync agent and, for an authority, its key. Deterministic:
// the same calls with the same times do the same. Not thread-safe; the core thread or the simulator
// owns it. An error from any call comes from the store, and the owner must stop.

#include "sync/agent.hpp"
#include "sync/chain_ledger.hpp"

namespace aitbc::sync {

class Replica {
 public:
  struct Options {
    std::string node_id;
    std::string instance;
    std::optional<Authority> authority;
    Agent::Options agent;  // no peers: the node does not sync by itself
  };

  // A key that is not in the set of the chain signs nothing until it is.
  static Result<std::unique_ptr<Replica>> create(Chain, Options, Time now);
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  struct Step {
    std::vector<Send> sends;
    std::optional<CheckedBlock> sealed;
  };
  // Seals if it is time to, and lets the agent act.
  Result<Step> tick(Time now);
  Result<std::vector<Send>> on_reply(RequestId id, Result<Reply> reply, Time now) {
    return agent_.on_reply(id, std::move(reply), now);
  }
  // When tick() has something to do.
  std::optional<Time> next_wake(Time now) const;

  // From clients: what enters the network here is sent on whole.
  Result<std::vector<Result<TxId>>> submit(std::span<const CheckedTx> txs);
  Result<Imported> import(std::span<const CheckedBlock> branch, Time now);
  Status add_votes(std::span<const SignedVote> votes) { return chain_.add_votes(votes); }

  // Whether a poll has waited long enough: something is newer than its cursor.
  bool has_news(const SyncQuery&) const;
  SyncAnswer answer(const SyncQuery&, Time now) const;

  const Chain& chain() const { return chain_; }
  // Null for a node that only follows.
  const Authority* authority() const {
    return options_.authority ? &*options_.authority : nullptr;
  }
  NodeStatus status() const;

 private:
  Replica(Chain, Options, Time now);
  // For so long a prepared target waits for the others before a higher one is prepared.
  Duration vote_patience() const { return 3 * options_.agent.poll_interval; }
  Status vote(Time now);
  void push(SyncAnswer&, std::span<const Mempool::Entry>, std::uint64_t since) const;

  struct Sealed {
    CheckedBlock block;
    Mempool::Sequence sequence;  // of the new head
  };

  Chain chain_;
  Options options_;
  ChainLedger ledger_;
  Agent agent_;
  Time started_;
  std::unordered_set<TxId> own_txs_;
  std::optional<Sealed> own_block_;
  Time prepared_at_;  // when it prepared last
  // As of this news, with this patience, there was nothing to vote for.
  std::optional<std::pair<Mempool::Sequence, bool>> nothing_to_vote_;
  Time no_sealing_before_;    // after the disk was full
  std::uint64_t reorgs_ = 0;  // by import(); the agent counts its own
  std::uint64_t reorg_depth_max_ = 0;
};

}  // namespace aitbc::sync
