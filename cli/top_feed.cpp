#include "cli/top_feed.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "cli/log_lines.hpp"

namespace aitbc::cli {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr Duration round_pause{1'000};
constexpr Duration listen_pause{1'000};  // until the next try
constexpr Duration log_pause{200};
constexpr std::size_t log_bytes_max = 256 * 1024;  // of its end, and of each step
constexpr std::size_t listeners_max = 64;          // the heights of further nodes are asked for

}  // namespace

TopFeed::TopFeed(Networks networks, const std::vector<NodeAddress>& nodes)
    : networks_(networks), bell_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  AITBC_CHECK(bell_.is_open());
  threads_.emplace_back([this] { ask_rounds(); });
  if (networks_.logs != nullptr) threads_.emplace_back([this] { read_logs(); });
  if (networks_.doing != nullptr) threads_.emplace_back([this] { act(); });
  for (const NodeAddress& node : nodes) {
    if (listening_.size() == listeners_max) break;
    // One whose address cannot be asked shows in the rounds.
    auto client = node.open(short_limits());
    if (!client) continue;
    NodeListener::On on;
    on.opened = [this, id = node.id] { tell(StreamNews{id, true}); };
    on.ended = [this, id = node.id] { tell(StreamNews{id, false}); };
    on.told = [this, id = node.id](const NodeEvent& event) { tell(EventNews{id, event}); };
    listening_.push_back(std::make_unique<NodeListener>(*std::move(client), watched_event_types,
                                                        listen_pause, std::move(on)));
  }
}

TopFeed::~TopFeed() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (const auto& each : listening_) each->cancel();
  listening_.clear();
  threads_.clear();
}

std::vector<TopNews> TopFeed::take() {
  std::uint64_t count = 0;
  static_cast<void>(::read(bell_.get(), &count, sizeof count));
  const MutexLock lock(mutex_);
  return std::exchange(news_, {});
}

void TopFeed::follow(const std::string& node) {
  {
    const MutexLock lock(mutex_);
    if (log_ == node) return;
    log_ = node;
  }
  changed_.notify_all();
}

void TopFeed::begin(const TopWish& wish) {
  {
    const MutexLock lock(mutex_);
    wishes_.push_back(wish);
  }
  changed_.notify_all();
}

void TopFeed::tell(TopNews news) {
  {
    const MutexLock lock(mutex_);
    news_.push_back(std::move(news));
  }
  const std::uint64_t one = 1;
  static_cast<void>(::write(bell_.get(), &one, sizeof one));
}

void TopFeed::ask_rounds() {
  for (;;) {
    tell(StatusNews{networks_.rounds.network().status()});
    const auto until = SteadyClock::now() + round_pause;
    const MutexLock lock(mutex_);
    while (!ending_ && !round_due_ &&
           changed_.wait_until(mutex_, until) == std::cv_status::no_timeout) {
    }
    if (ending_) return;
    round_due_ = false;
  }
}

std::optional<std::string> TopFeed::wanted_log(const std::string& known) {
  const auto until = SteadyClock::now() + log_pause;
  const MutexLock lock(mutex_);
  while (!ending_ && log_ == known) {
    // With nothing to follow there is nothing to come back for.
    if (known.empty()) {
      changed_.wait(mutex_);
    } else if (changed_.wait_until(mutex_, until) == std::cv_status::timeout) {
      break;
    }
  }
  if (ending_) return std::nullopt;
  return log_;
}

void TopFeed::read_logs() {
  std::string known;
  std::optional<LogTail> tail;
  while (const auto wanted = wanted_log(known)) {
    if (*wanted != known) tail.reset();
    known = *wanted;
    if (known.empty()) continue;
    if (!tail) {
      auto opened = open_log(networks_.logs->network(), known);
      if (opened) tail.emplace(*std::move(opened));
      if (!opened) tell(LogNews{known, opened.error()});
    }
    if (!tail) continue;
    const auto lines = tail->read_new(log_bytes_max);
    if (!lines) tell(LogNews{known, lines.error()});
    if (!lines || lines->empty()) continue;
    std::vector<std::string> texts;
    for (const LogLine& line : *lines) texts.push_back(readable(line));
    tell(LogNews{known, std::move(texts)});
  }
}

void TopFeed::act() {
  for (;;) {
    TopWish wish;
    {
      const MutexLock lock(mutex_);
      while (!ending_ && wishes_.empty()) changed_.wait(mutex_);
      if (wishes_.empty()) return;
      wish = wishes_.front();
      wishes_.pop_front();
    }
    tell(DoneNews{wish, carry_out(wish)});
    const MutexLock lock(mutex_);
    round_due_ = true;
    changed_.notify_all();
  }
}

Status TopFeed::carry_out(const TopWish& wish) {
  const sites::UpOptions options;
  sites::Network& network = networks_.doing->network();
  switch (wish.what) {
    case TopWish::What::pause:
      return network.control(sites::Control::pause, wish.node, options);
    case TopWish::What::resume:
      return network.control(sites::Control::resume, wish.node, options);
    case TopWish::What::restart:
      return network.control(sites::Control::restart, wish.node, options);
    default:
      return ok();
  }
}

}  // namespace aitbc::cli
