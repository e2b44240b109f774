#pragma once
// Lives the worlds of many seeds, several at once: each in one thread, none knows of another. What
// comes of them is told in the order of the seeds, whichever was done first.

#include <functional>

#include "sync/sim/recording.hpp"

namespace aitbc::sim {

struct Campaign {
  Plan plan;
  std::shared_ptr<const Recording> recording;  // where the worlds begin; nullptr: at a new genesis
  std::uint64_t first = 1, count = 1;
  std::size_t threads = 1;
};

// Calls `told` on the caller's thread, once a seed.
void live_all(const Campaign&, const std::function<void(const Life&)>& told);

// The seed that the calling thread lives, if it does: for whoever handles an abort.
std::optional<std::uint64_t> living_seed();

}  // namespace aitbc::sim
