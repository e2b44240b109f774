#pragma once
// The life of one seeded world: rounds of faults drawn from the seed, each followed by healing,
// after which everything must be right. A function of the plan and the seed.

#include <array>
#include <map>
#include <set>

#include "sync/sim/world.hpp"

namespace aitbc::sim {

enum class FaultKind {
  loss,
  duplicate,
  delay,
  reorder,
  throttle,
  partition,
  cut,
  isolate,
  crash,
  pause,
  clock,
  disk_full,
  disk_slow,
  lie,
  restore,
  clone,
  vote_out,  // an authority, by the others, who vote it in again later
};
inline constexpr std::size_t fault_kinds = 17;
std::string_view name(FaultKind);
// The names of all, separated by commas.
std::string fault_names();

using FaultKinds = std::set<FaultKind>;
// `all`, `none`, or names separated by commas.
Result<FaultKinds> parse_faults(std::string_view text);

struct Plan {
  Duration length = std::chrono::minutes(6);  // it lives a whole number of rounds, at least one
  FaultKinds faults;
  // Drawn from the seed where not given.
  std::optional<std::size_t> nodes, clones;
  std::optional<Quorum> quorum;
  std::optional<bool> poll_only;
  std::string directory = {};  // see Setup
};

struct Life {
  std::uint64_t seed = 0;
  std::optional<Failure> failure;
  Time began, ended;  // simulated
  std::string trace;
  std::map<FaultKind, std::uint64_t> faults;  // how often each began
  std::uint64_t blocks = 0, payments = 0, reorgs = 0, messages = 0, lost = 0;
  Height final = 0;
  Tip head;  // of the first node, at the end
  // More keys were used twice than are tolerated, and so there are two final histories, of which
  // all nodes tell; or what the keys have signed leaves no quorum anything to sign: proven, too.
  bool conflict = false, halted = false;
};

Life live(const Plan&, std::uint64_t seed);

}  // namespace aitbc::sim
