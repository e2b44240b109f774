#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>
#include <vector>

#include "chain/core/crypto.hpp"
#include "tests/bench/bench.hpp"

namespace aitbc::bench {

namespace {

double checks_per_second(unsigned threads) {
  const KeyPair key(random_seed());
  const Buffer message(128, 7);
  const Signature signature = key.sign(message);
  std::atomic<std::int64_t> checks = 0;
  std::atomic<bool> stop = false;
  const auto start = std::chrono::steady_clock::now();
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        std::int64_t done = 0;
        for (; !stop; ++done) AITBC_CHECK(verify(key.public_key(), message, signature));
        checks += done;
      });
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1'000));
    stop = true;
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return static_cast<double>(checks) / elapsed.count();
}

}  // namespace

const Limit& limit() {
  static const Limit measured{checks_per_second(1), checks_per_second(2)};
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
