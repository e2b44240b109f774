#pragma once
// What stands for many times in reports: half are below this, all but a few below that.

#include <algorithm>
#include <vector>

#include "chain/core/time.hpp"

namespace aitbc {

// The value below which so many percent are; zero of none.
inline Duration percentile(const std::vector<Duration>& ascending, std::size_t percent) {
  if (ascending.empty()) return Duration{0};
  return ascending[std::min(ascending.size() - 1, ascending.size() * percent / 100)];
}

}  // namespace aitbc
