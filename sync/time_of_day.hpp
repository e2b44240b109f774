#pragma once
// The real clock, for the two owners of an agent (Runner and Daemon) and for nobody else below
// cli/. Thread-safe.

#include "chain/core/time.hpp"

namespace aitbc::sync {

inline Time time_of_day() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace aitbc::sync
