#include "cli/load_figures.hpp"

#include <algorithm>

#include "chain/core/percentile.hpp"

namespace aitbc::cli {

namespace {

using Times = std::vector<LoadTime>;

std::optional<LoadTime> time_of_head(const Tip& block, const NodeSight& node) {
  std::optional<LoadTime> found;
  for (const Seen& head : node.heads) {
    const bool same = head.height == block.height;
    if (same && head.id != block.id) found.reset();
    const bool holds = same ? head.id == block.id : head.height > block.height;
    if (holds && !found) found = head.time;
  }
  return found;
}

std::optional<LoadTime> time_of_final(const Tip& block, const NodeSight& node) {
  const auto first = std::find_if(node.finals.begin(), node.finals.end(),
                                  [&](const Seen& final) { return final.height >= block.height; });
  return first == node.finals.end() ? std::nullopt : std::optional(first->time);
}

// The latest of all nodes'.
template <class TimeOf>
std::optional<LoadTime> everywhere(const Tip& block, std::span<const NodeSight> nodes,
                                   TimeOf time_of) {
  std::optional<LoadTime> last;
  for (const NodeSight& node : nodes) {
    const auto time = time_of(block, node);
    if (!time) return std::nullopt;
    last = last ? std::max(*last, *time) : *time;
  }
  return last;
}

std::uint64_t rate_of(Times times, LoadTime begun) {
  if (times.empty()) return 0;
  std::sort(times.begin(), times.end());
  const auto later = std::upper_bound(times.begin(), times.end(), times.front());
  const bool at_once = later == times.end();
  const auto count = at_once ? times.size() : static_cast<std::size_t>(times.end() - later);
  const std::chrono::duration<double> span = times.back() - (at_once ? begun : times.front());
  return span.count() > 0 ? static_cast<std::uint64_t>(static_cast<double>(count) / span.count())
                          : 0;
}

Spread spread_of(std::vector<Duration> waits) {
  std::sort(waits.begin(), waits.end());
  const auto at = [&](std::size_t percent) {
    return static_cast<std::uint64_t>(percentile(waits, percent).count());
  };
  return {at(50), at(95), at(99)};
}

struct Stage {
  Times times;
  std::vector<Duration> waits;

  void add(LoadTime time, LoadTime sent) {
    times.push_back(time);
    waits.push_back(std::chrono::duration_cast<Duration>(time - sent));
  }
};

}  // namespace

Reached reached(const Tip& block, std::span<const NodeSight> nodes) {
  return {everywhere(block, nodes, time_of_head), everywhere(block, nodes, time_of_final)};
}

LoadFigures figures_of(std::span<const PaymentTimes> payments) {
  LoadFigures figures;
  if (payments.empty()) return figures;
  Stage answered, included, final;
  LoadTime begun = payments.front().sent;
  for (const PaymentTimes& payment : payments) {
    begun = std::min(begun, payment.sent);
    answered.add(payment.answered, payment.sent);
    if (payment.reached.included) included.add(*payment.reached.included, payment.sent);
    if (payment.reached.final) final.add(*payment.reached.final, payment.sent);
  }
  figures.taken = answered.times.size();
  figures.final = final.times.size();
  figures.taken_per_s = rate_of(std::move(answered.times), begun);
  figures.included_per_s = rate_of(std::move(included.times), begun);
  figures.final_per_s = rate_of(std::move(final.times), begun);
  figures.to_answer = spread_of(std::move(answered.waits));
  figures.to_included = spread_of(std::move(included.waits));
  figures.to_final = spread_of(std::move(final.waits));
  return figures;
}

}  // namespace aitbc::cli
