#pragma once
// One node without I/O: chain, mempool, sync agent and, for an authority, its key. Deterministic:
// the same calls with the same times do the same. Not thread-safe; the core thread or the simulator
// owns it. An error from any call comes from the store, and the owner must stop.

#include "sync/agent.hpp"
#include "sync/chain_ledger.hpp"

namespace aitbc::sync {

// Whether the node's authority may sign now, and if not, why: the gravest reason.
struct Fitness {
  enum class Reason {
    none,
    deep,          // too many blocks wait for finality: seals only once in 3n slots
    no_quorum,     // seals nothing, votes
    clock,         // likewise
    asking,        // signs nothing until the peers had their chance to answer
    other_runner,  // signs nothing
    evidence,      // likewise, until its operator unlocks it
    final_twice,   // likewise
  };
  Reason reason = Reason::none;
  std::string why;

  bool operator==(const Fitness&) const = default;
  bool may_vote() const { return reason < Reason::asking; }
  bool may_seal() const { return reason <= Reason::deep; }
};

class Replica {
 public:
  struct Options {
    std::string node_id;
    std::string site;  // where it runs, for people; may be empty
    std::string instance;
    bool forced = false;  // whoever else runs the authority's key
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
  // As Agent::set_peers(); what is to be sent for it goes out with the next tick.
  void set_peers(std::span<const std::string> urls, Time now);

  // From clients: what enters the network here is sent on whole.
  Result<std::vector<Result<TxId>>> submit(std::span<const CheckedTx> txs);
  Result<Imported> import(std::span<const CheckedBlock> branch, Time now);
  Status add_votes(std::span<const SignedVote> votes) { return chain_.add_votes(votes); }
  Status add_evidence(std::span<const Evidence> all) { return chain_.add_evidence(all); }

  // What is newer than the query's cursor.
  SyncAnswer answer(const SyncQuery&, Time now) const;

  const Chain& chain() const { return chain_; }
  // Null for a node that only follows.
  const Authority* authority() const { return options_.authority ? &*options_.authority : nullptr; }
  NodeStatus status() const;
  std::uint64_t peers_version() const { return agent_.peers_version(); }
  // As of the last tick.
  const Fitness& fitness() const { return fitness_; }
  // Sets aside what is known against the own key, and that the chain is final twice: its ids.
  // not_an_authority if the node has no key.
  Result<std::vector<EvidenceId>> unlock(Time now);
  // The time of day was set: what was measured of the peers' clocks says nothing any more.
  void clock_stepped() { agent_.forget_clocks(); }
  // At rest, from time to time: what a burst needed and nobody needs any more. Who did not hear yet
  // of the own block fetches it, as all others do.
  void shrink();

 private:
  Replica(Chain, Options, Time now);
  // For so long a prepared target waits for the others before a higher one is prepared.
  Duration vote_patience() const { return 3 * options_.agent.poll_interval; }
  Status vote(Time now);

  // Keys and clocks (replica_keys.cpp).
  KeyClaim own_claim() const;
  void renew_claim(Time now);
  Fitness judge_fitness(Time now);
  std::optional<Fitness> judge_locks() const;
  std::optional<Fitness> other_runner(Time now);
  std::optional<std::string> no_quorum(Time now);
  std::optional<std::string> wrong_clock(Time now) const;

  void keep(const CheckedBlock& sealed);
  void push(SyncAnswer&, std::span<const Mempool::Entry>, std::uint64_t since) const;

  struct Sealed {
    CheckedBlock block;
    Mempool::Sequence sequence;  // of the new head
    std::size_t bytes;
  };

  Chain chain_;
  Options options_;
  ChainLedger ledger_;
  Agent agent_;
  Time started_;
  Time listening_since_;              // the start or its first peer, if the clock was not set back
  std::optional<Time> asking_since_;  // who else runs the key
  std::unordered_set<TxId> own_txs_;
  std::optional<Sealed> own_block_;  // if it is small enough to be pushed
  Time prepared_at_;  // when it prepared last
  // As of this news, with this patience, there was nothing to vote for.
  std::optional<std::pair<Mempool::Sequence, bool>> nothing_to_vote_;
  std::optional<std::string> origin_;  // of processes that have ended for certain
  std::optional<KeyClaim> claim_;      // of the own key, once it may be used
  bool admitted_ = false;              // no other process was found to run it
  bool begun_ = false;                 // and that is noted beside the key
  std::optional<Time> no_quorum_since_;
  Fitness fitness_;
  std::optional<Duration> clock_offset_;  // from the median, as of the last tick
  Time no_sealing_before_;                // after the disk was full
  std::uint64_t blocks_sealed_ = 0;
  std::uint64_t reorgs_ = 0;  // by import(); the agent counts its own
  std::uint64_t reorg_depth_max_ = 0;
};

}  // namespace aitbc::sync
