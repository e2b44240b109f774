#pragma once
// Watches a simulated network from outside: remembers what was sealed, voted, acknowledged and
// final anywhere at any time, and says what broke first. One thread.

#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "chain/chain.hpp"

namespace aitbc::sim {

using NodeIndex = std::size_t;

// What must never happen, and did.
struct Failure {
  std::string invariant;
  std::uint64_t seed = 0;
  Time at;  // simulated
  std::string what;
};

class Observer {
 public:
  Observer(std::uint64_t seed, const Params&, std::size_t nodes);

  const std::optional<Failure>& failure() const { return failure_; }
  void violated(Time now, std::string invariant, std::string what);

  // ---- what happens ----
  // From now on the key is used twice; with `conflict_may_come` more keys than are tolerated are,
  // and two final histories are no failure as long as nodes say so.
  void cloned(const PublicKey&, bool conflict_may_come);
  void sealed(const Header&, Time now);
  void voted(const SignedVote&, Time now);
  void acknowledged(const TxId&, NodeIndex through, Time now);
  void head_moved(NodeIndex, const Chain&, Time now);
  // The node's disk is as it was at `then`: what it acknowledged since may be lost.
  std::vector<TxId> restored(NodeIndex, Height final, Time then);

  // ---- figures ----
  bool conflict() const { return conflict_; }  // two final histories
  Height final() const { return finals_.empty() ? 0 : finals_.rbegin()->first; }
  std::size_t acknowledged() const { return payments_.size(); }
  std::size_t sealed() const { return sealed_at_.size(); }
  std::uint64_t orphans(const Chain&) const;  // sealed, but not in the chain
  // From the acknowledgement of each payment until every node had it in its chain, sorted.
  std::vector<Duration> times_to_all() const;
  // From the sealing of each block that became final until it was so on one node, or on all.
  enum class On { one, all };
  std::vector<Duration> times_to_final(On) const;

 private:
  struct Payment {
    NodeIndex through;
    Time acknowledged;
    std::map<NodeIndex, Time> seen = {};  // in the node's chain
  };
  struct Votes {
    std::map<Height, Vote> prepares, commits;
  };
  void note_final(NodeIndex, const Chain&, Time now);
  void note_payments(NodeIndex, const Chain&, Time now);

  std::uint64_t seed_;
  Params params_;
  std::optional<Failure> failure_;
  std::vector<Height> final_of_;  // each node's, as last seen
  std::unordered_map<TxId, Payment> payments_;
  std::set<PublicKey> cloned_;
  bool conflict_may_come_ = false, conflict_ = false;
  std::map<std::pair<PublicKey, Slot>, BlockId> sealed_;
  std::unordered_map<BlockId, Time> sealed_at_;
  std::map<PublicKey, Votes> votes_;
  std::map<Height, BlockId> finals_;  // that any node ever called final
  std::unordered_map<BlockId, std::map<NodeIndex, Time>> final_on_;
};

}  // namespace aitbc::sim
