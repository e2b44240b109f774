#pragma once
// What a simulated node runs on, and what outlives its process: a disk that may be full or slow,
// the sign-guard beside it, a clock that may be wrong. One thread.

#include <memory>
#include <string>

#include "chain/memory_store.hpp"
#include "chain/sign_guard.hpp"

namespace aitbc::sim {

class Clock {
 public:
  Time read(Time now) const {
    return now + offset_ + Duration{(now - set_).count() * drift_ppm_ / 1'000'000};
  }
  // From `now` on it is off by `offset`, and by so many microseconds more each second.
  void set(Time now, Duration offset, std::int64_t drift_ppm) {
    set_ = now;
    offset_ = offset;
    drift_ppm_ = drift_ppm;
  }

 private:
  Time set_;
  Duration offset_{0};
  std::int64_t drift_ppm_ = 0;
};

struct Machine {
  std::string file;  // an SQLite database; empty: the disk below
  std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>();
  Watermarks marks;         // of the sign-guard
  KeyNotes notes;           // likewise
  bool noted_here = false;  // the notes are no copy
  Clock clock;
  bool full = false;          // nothing can be written
  Duration commit_time{0};    // that each commit takes
  Duration busy{0};           // what commits took since the owner asked last
  std::uint64_t refused = 0;  // commits, for want of room
};

// Both use the machine as long as they live.
Result<std::unique_ptr<Store>> open_store(Machine&);
std::unique_ptr<SignGuard> open_guard(Machine&);

}  // namespace aitbc::sim
