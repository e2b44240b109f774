#include "cli/load_watch.hpp"

#include <algorithm>
#include <thread>

#include "cli/node_event.hpp"

namespace aitbc::cli {

namespace {

constexpr std::string_view watched_types = "head,final";
constexpr Duration begin_time_max{5'000};
constexpr Duration again_pause{100};  // until the next try

}  // namespace

// One node's events, over as many connections as it takes.
class LoadWatch::Listening {
 public:
  Listening(LoadWatch& watch, std::size_t node, rpc::Client client)
      : watch_(watch), node_(node), client_(std::move(client)), thread_([this] { run(); }) {}

  void cancel() { client_.cancel(); }

 private:
  void run() {
    const auto opened = [this] { watch_.opened(node_); };
    const auto told = [this](const rpc::ToldEvent& event) { watch_.told(node_, event); };
    do {
      static_cast<void>(client_.listen(std::string(watched_types), reader_, {opened, told}));
    } while (watch_.pause());
  }

  LoadWatch& watch_;
  const std::size_t node_;
  rpc::Client client_;
  rpc::EventReader reader_;
  std::jthread thread_;
};

LoadWatch::LoadWatch() = default;

LoadWatch::~LoadWatch() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
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
    listening_.push_back(std::make_unique<Listening>(*this, i, std::move(client)));
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

// False when it is over.
bool LoadWatch::pause() {
  const auto until = LoadTime::clock::now() + again_pause;
  const MutexLock lock(mutex_);
  while (!ending_ && changed_.wait_until(mutex_, until) == std::cv_status::no_timeout) {
  }
  return !ending_;
}

void LoadWatch::opened(std::size_t node) {
  {
    const MutexLock lock(mutex_);
    open_[node] = true;
  }
  changed_.notify_all();
}

void LoadWatch::told(std::size_t node, const rpc::ToldEvent& event) {
  const LoadTime now = LoadTime::clock::now();
  // A newer node may tell of what this program does not know.
  const auto read = parse_node_event(event.type, event.data);
  if (!read) return;
  const auto id = parse_hash<BlockId>(read->hash);
  if (!id) return;
  const MutexLock lock(mutex_);
  NodeSight& sight = sights_[node];
  if (read->kind == NodeEvent::Kind::gap) {
    sight.finals.push_back({read->final_height, {}, now});
  }
  if (read->kind == NodeEvent::Kind::final) {
    sight.finals.push_back({read->height, *id, now});
  } else {
    sight.heads.push_back({read->height, *id, now});
    if (node == 0) txs_[read->height] = read->tx_count;
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
