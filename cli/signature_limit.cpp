#include "cli/signature_limit.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "chain/core/crypto.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t message_bytes = 128;  // about a transfer's

}  // namespace

std::uint64_t signature_checks_per_s(unsigned threads, Duration takes) {
  const KeyPair key(random_seed());
  const Buffer message(message_bytes, 7);
  const Signature signature = key.sign(message);
  using Clock = std::chrono::steady_clock;
  std::atomic<std::uint64_t> checks = 0;
  const auto begun = Clock::now();
  const auto check = [&] {
    std::uint64_t done = 0;
    for (; Clock::now() < begun + takes; ++done) {
      AITBC_CHECK(verify(key.public_key(), message, signature));
    }
    checks += done;
  };
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) workers.emplace_back(check);
  for (std::thread& worker : workers) worker.join();
  const std::chrono::duration<double> took = Clock::now() - begun;
  return static_cast<std::uint64_t>(static_cast<double>(checks) / took.count());
}

}  // namespace aitbc::cli
