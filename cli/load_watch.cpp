#include "cli/load_watch.hpp"

#include <algorithm>

namespace aitbc::cli {

namespace {

constexpr std::string_view watched_types = "head,final";
constexpr Duration begin_time_max{5'000};
constexpr Duration ask_again_pause{100};  // until the next try

}  // namespace

LoadWatch::~LoadWatch() {
  for (const auto& each : listening_) each->cancel();
  listening_.clear();
}

Status LoadWatch::listen(const std::vector<NodeAddress>& nodes) {
  {
    const MutexLock lock(mutex_);
    open_.resize(nodes.size());
    sights_.resize(nodes.size());
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    AITBC_TRY_ASSIGN(rpc::Client client, nodes[i].open());
    NodeListener::On on;
    on.opened = [this, i] { opened(i); };
    on.told = [this, i](const NodeEvent& event) { told(i, event); };
    listening_.push_back(std::make_unique<NodeListener>(std::move(client), watched_types,
                                                        ask_again_pause, std::move(on)));
  }
  const auto until = LoadTime::clock::now() + begin_time_max;
  const MutexLock lock(mutex_);
  while (true) {
    const auto silent = std::find(open_.begin(), open_.end(), false);
    if (silent == open_.end()) return ok();
    if (changed_.wait_until(mutex_, until) == std::cv_status::no_timeout) continue;
    return error(Errc::unreachable, "node " +
                                        nodes[static_cast<std::size_t>(silent - open_.begin())].id +
                                        " does not tell what happens (/rpc/events)");
  }
}

void LoadWatch::opened(std::size_t node) {
  {
    const MutexLock lock(mutex_);
    open_[node] = true;
  }
  changed_.notify_all();
}

void LoadWatch::told(std::size_t node, const NodeEvent& event) {
  const LoadTime now = LoadTime::clock::now();
  const auto id = parse_hash<BlockId>(event.hash);
  if (!id) return;
  const MutexLock lock(mutex_);
  NodeSight& sight = sights_[node];
  if (event.kind == NodeEvent::Kind::gap) {
    sight.finals.push_back({event.final_height, {}, now});
  }
  if (event.kind == NodeEvent::Kind::final) {
    sight.finals.push_back({event.height, *id, now});
  } else {
    sight.heads.push_back({event.height, *id, now});
    if (node == 0) txs_[event.height] = event.tx_count;
  }
}

Height LoadWatch::final_everywhere() const {
  const MutexLock lock(mutex_);
  Height lowest =
      sights_.empty() || sights_.front().finals.empty() ? 0 : sights_.front().finals.back().height;
  for (const NodeSight& sight : sights_) {
    lowest = std::min(lowest, sight.finals.empty() ? Height{0} : sight.finals.back().height);
  }
  return lowest;
}

std::uint64_t LoadWatch::final_txs() const {
  const Height up_to = final_everywhere();
  const MutexLock lock(mutex_);
  std::uint64_t count = 0;
  for (auto each = txs_.begin(); each != txs_.end() && each->first <= up_to; ++each) {
    count += each->second;
  }
  return count;
}

std::vector<NodeSight> LoadWatch::sights() const {
  const MutexLock lock(mutex_);
  return sights_;
}

}  // namespace aitbc::cli
