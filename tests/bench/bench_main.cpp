#include <csignal>
#include <cstdio>

#include "chain/core/crypto.hpp"
#include "cli/signature_limit.hpp"
#include "tests/bench/bench.hpp"

namespace aitbc::bench {

namespace {

constexpr Duration limit_time{1'000};

}  // namespace

const Limit& limit() {
  const auto checks = [](unsigned threads) {
    return static_cast<double>(cli::signature_checks_per_s(threads, limit_time));
  };
  static const Limit measured{checks(1), checks(2)};
  return measured;
}

void report(benchmark::State& state, std::int64_t items) {
  state.SetItemsProcessed(items);
  using benchmark::Counter;
  const auto count = static_cast<double>(items);
  state.counters["of_limit"] = Counter(count / limit().one_thread, Counter::kIsRate);
  state.counters["of_limit_2"] = Counter(count / limit().two_threads, Counter::kIsRate);
}

}  // namespace aitbc::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  aitbc::crypto_init();
  const auto& limit = aitbc::bench::limit();
  std::fprintf(stderr, "limit: %.0f Ed25519 checks/s on one thread, %.0f on two\n",
               limit.one_thread, limit.two_threads);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
