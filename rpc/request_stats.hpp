#pragma once
// What the router has answered so far, for /metrics. Any number of threads: each figure is right,
// but they are not taken at one instant.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace aitbc::rpc {

class RequestStats {
 public:
  using Elapsed = std::chrono::nanoseconds;

  // Upper bounds of the buckets of times; beyond the last one there is one more.
  static constexpr std::array<Elapsed, 9> bounds = {
      std::chrono::microseconds(100),  std::chrono::milliseconds(1),
      std::chrono::milliseconds(5),    std::chrono::milliseconds(10),
      std::chrono::milliseconds(50),   std::chrono::milliseconds(100),
      std::chrono::milliseconds(500),  std::chrono::milliseconds(1'000),
      std::chrono::milliseconds(5'000)};

  // One row for each route, and one for requests that found none.
  explicit RequestStats(std::size_t routes);

  // `row` may be rows(): no route. Without a time for requests that waited on purpose.
  void count(std::size_t row, int status);
  void count_time(Elapsed);

  struct Row {
    std::uint64_t good = 0;           // below 400
    std::uint64_t client_errors = 0;  // below 500
    std::uint64_t server_errors = 0;
    std::uint64_t all() const { return good + client_errors + server_errors; }
  };
  std::uint64_t rate_limited() const { return rate_limited_; }
  Row row(std::size_t index) const;
  Row total() const;

  struct Times {
    std::array<std::uint64_t, bounds.size() + 1> buckets{};  // each on its own, not cumulated
    Elapsed sum{0};
  };
  Times times() const;

 private:
  struct Counters {
    std::atomic<std::uint64_t> good = 0, client_errors = 0, server_errors = 0;
  };
  std::vector<Counters> rows_;
  std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets_{};
  std::atomic<std::int64_t> time_{0};
  std::atomic<std::uint64_t> rate_limited_{0};
};

}  // namespace aitbc::rpc
