#pragma once
// A seeded generator with the same numbers on every platform (SplitMix64; the standard library's
// distributions are not portable). For jitter and simulation, never for secrets.

#include <cstdint>

#include "chain/core/result.hpp"

namespace aitbc::sync {

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // 0 … n - 1, by multiplication and shift (Lemire); n is at least 1.
  std::uint64_t below(std::uint64_t n) {
    AITBC_CHECK(n > 0 && n <= UINT32_MAX);
    return ((next() >> 32) * n) >> 32;
  }

 private:
  std::uint64_t state_;
};

}  // namespace aitbc::sync
