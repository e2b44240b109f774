#pragma once
// Breaks a world at random, as a seed says, for a while. One thread; the world outlives it.

#include "sync/sim/life.hpp"

namespace aitbc::sim {

class Chaos {
 public:
  Chaos(World& world, FaultKinds allowed, std::uint64_t seed);

  // For this round some kinds of faults are likelier than others; a bug often needs few of them.
  void begin_round();
  // Something may break now, and is mended by itself after 5 to 60 seconds.
  void step();
  // Half of the nodes are cut off from the other half.
  void split(Duration);
  // What still would be mended by itself need not be: the world was healed.
  void end_round() { ++round_; }

  // What every link does for this round.
  LinkRule links();
  const std::map<FaultKind, std::uint64_t>& begun() const { return begun_; }

 private:
  void begin(FaultKind, Duration);
  void begin_on_link(FaultKind, Duration);
  void begin_on_node(FaultKind, Duration);
  void cut(const std::vector<bool>& side, Duration, bool both_ways);
  void cut_at_random(Duration, bool both_ways);
  bool clone(Duration);
  void restore(NodeIndex, Duration);
  void vote_out(Duration);
  void cast(AuthorityChange::Kind, NodeIndex whom);
  void mend_after(Duration, std::function<void()>);
  NodeIndex any_node() { return rng_.below(world_.authorities()); }
  std::uint64_t up_to(std::uint64_t most) { return rng_.below(most + 1); }
  Duration ms(std::uint64_t least, std::uint64_t most) {
    return Duration{static_cast<std::int64_t>(least + up_to(most - least))};
  }

  World& world_;
  FaultKinds allowed_;
  sync::Rng rng_;
  std::vector<FaultKind> likely_;
  std::uint64_t round_ = 0;
  std::set<NodeIndex> restored_;  // in this round
  std::optional<NodeIndex> out_;  // was to be voted out last
  std::map<FaultKind, std::uint64_t> begun_;
};

}  // namespace aitbc::sim
