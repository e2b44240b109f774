#pragma once
// The limit of this machine, measured in the same run: Ed25519 checks a second. Nothing that checks
// each transaction's signature can be faster, so every figure is also printed as a ratio to it
// (`of_limit`; to the two-thread limit where two threads work, `of_limit_2`).

#include <benchmark/benchmark.h>

namespace aitbc::bench {

struct Limit {
  double one_thread = 0;  // checks a second
  double two_threads = 0;
};
const Limit& limit();  // measured at the first call

// Sets items a second and the ratios for `items` done in all iterations.
void report(benchmark::State& state, std::int64_t items);

}  // namespace aitbc::bench
