#pragma once
// What `aitbc bench` makes of what it saw: when a payment was sent and answered, and from when on
// its block was in the chain of all nodes, and final at all of them. Pure functions.

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "chain/core/block.hpp"
#include "chain/core/time.hpp"

namespace aitbc::cli {

using LoadTime = std::chrono::steady_clock::time_point;

// What one node told: a head, or the final block; by the clock of who listened.
struct Seen {
  Height height = 0;
  BlockId id;
  LoadTime time;
};
// In the order of time.
struct NodeSight {
  std::vector<Seen> heads, finals;
};

// From when on all nodes had it; none: one of them has not.
struct Reached {
  std::optional<LoadTime> included, final;
};
// A node may be told of several blocks by the last of them alone, so that a later head stands for
// the ones below it, unless it told of another block at that height since.
Reached reached(const Tip& block, std::span<const NodeSight> nodes);

// One that a node took.
struct PaymentTimes {
  LoadTime sent, answered;
  Reached reached;
};

// Milliseconds; of no times all zero.
struct Spread {
  std::uint64_t p50 = 0, p95 = 0, p99 = 0;
};
struct LoadFigures {
  std::uint64_t taken = 0, final = 0;  // final everywhere
  std::uint64_t taken_per_s = 0, included_per_s = 0, final_per_s = 0;
  Spread to_answer, to_included, to_final;  // since sent
};
// Rates are those between the first and the last time: what came at the first one counts as its
// beginning, so that neither the way to the first block nor the wait for the last one is in it. If
// all came at once, since the first was sent.
LoadFigures figures_of(std::span<const PaymentTimes> payments);

}  // namespace aitbc::cli
