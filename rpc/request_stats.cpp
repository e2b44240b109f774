#include "rpc/request_stats.hpp"

#include <algorithm>

#include "chain/core/result.hpp"

namespace aitbc::rpc {

RequestStats::RequestStats(std::size_t routes) : rows_(routes + 1) {}

void RequestStats::count(std::size_t row, int status) {
  constexpr int client_error = 400;
  constexpr int server_error = 500;
  constexpr int over_rate = 429;
  AITBC_CHECK(row < rows_.size());
  if (status == over_rate) ++rate_limited_;
  Counters& counters = rows_[row];
  if (status < client_error) {
    ++counters.good;
  } else if (status < server_error) {
    ++counters.client_errors;
  } else {
    ++counters.server_errors;
  }
}

void RequestStats::count_time(Elapsed elapsed) {
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), elapsed) - bounds.begin();
  ++buckets_[static_cast<std::size_t>(bucket)];
  time_ += elapsed.count();
}

RequestStats::Row RequestStats::row(std::size_t index) const {
  const Counters& counters = rows_.at(index);
  return {counters.good, counters.client_errors, counters.server_errors};
}

RequestStats::Row RequestStats::total() const {
  Row sum;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const Row each = row(i);
    sum.good += each.good;
    sum.client_errors += each.client_errors;
    sum.server_errors += each.server_errors;
  }
  return sum;
}

RequestStats::Times RequestStats::times() const {
  Times times;
  for (std::size_t i = 0; i < buckets_.size(); ++i) times.buckets[i] = buckets_[i];
  times.sum = Elapsed(time_.load());
  return times;
}

}  // namespace aitbc::rpc
