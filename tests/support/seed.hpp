#pragma once
// The seed of a property suite: the one that the test framework was started with and prints when a
// case fails, so that `--rng-seed` repeats the failure.

#include <catch2/catch.hpp>

#include "tests/support/rng.hpp"

namespace aitbc::gen {

inline Rng suite_rng() { return Rng(Catch::rngSeed()); }

}  // namespace aitbc::gen
