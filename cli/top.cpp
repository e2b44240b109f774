#include "cli/top.hpp"

#include <algorithm>
#include <utility>

#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

using What = TopWish::What;

constexpr std::size_t events_shown_max = 200;  // of a node
constexpr std::size_t log_lines_max = 2'000;
constexpr std::size_t not_final_max = 1'000;
constexpr std::size_t counted_max = 100'000;  // blocks within the window
constexpr std::size_t page = 10;              // lines
constexpr std::size_t shift_step = 20;        // columns
constexpr std::size_t shift_max = 2'000;

struct WishWords {
  std::string_view order, under_way, done;
};

WishWords words_of(What what) {
  switch (what) {
    case What::pause:
      return {"pause", "pausing", "paused"};
    case What::resume:
      return {"resume", "resuming", "running again"};
    case What::restart:
      return {"restart", "restarting", "running again"};
    default:
      return {"", "", ""};
  }
}

std::string sentence(std::string_view verb, const std::string& node) {
  return std::string(verb) + " node " + node;
}

template <class Deque>
void keep_newest(Deque& items, std::size_t most) {
  while (items.size() > most) items.pop_front();
}

bool is(const Key& key, char character) {
  return key.name == Key::Name::character && key.character == character;
}

// A key of the direction, by its arrow or by its letter.
bool goes_up(const Key& key) { return key.name == Key::Name::up || is(key, 'k'); }
bool goes_down(const Key& key) { return key.name == Key::Name::down || is(key, 'j'); }

bool is_of_network(const TopNode& node) {
  return !node.report || node.report->state.kind != SyncState::Kind::wrong_genesis;
}

}  // namespace

void TopNode::forget_before(Time begin) {
  while (!sealed_.empty() && sealed_.front().at < begin) sealed_.pop_front();
  while (!finished_.empty() && finished_.front().at < begin) finished_.pop_front();
}

std::optional<TopRates> TopNode::rates(Time now) const {
  if (!live || !since_) return std::nullopt;
  TopRates rates;
  rates.window = std::clamp(now - *since_, Duration{0}, rates_window);
  const Time begin = now - rates_window;
  for (const Sealed& block : sealed_) {
    if (block.at < begin) continue;
    ++rates.blocks;
    rates.txs += block.txs;
  }
  std::vector<Duration> times;
  for (const Finished& block : finished_) {
    if (block.at >= begin) times.push_back(block.took);
  }
  if (times.empty()) return rates;
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  rates.to_final = *middle;
  return rates;
}

void TopNode::listen(bool open, Time now) {
  live = open;
  if (open && !since_) since_ = now;
  if (!open) told = false;
}

void TopNode::hear(const NodeEvent& event, Time now) {
  // Told again because of a peer's.
  if (event.kind == NodeEvent::Kind::state && std::exchange(state_, event.state) == event.state) {
    return;
  }
  events.push_back(event);
  keep_newest(events, events_shown_max);
  forget_before(now - rates_window);
  switch (event.kind) {
    case NodeEvent::Kind::head:
      told = true;
      height = event.height;
      head = event.hash;
      sealed_.push_back({now, event.tx_count});
      keep_newest(sealed_, counted_max);
      // What was above it is of another branch now.
      not_final_.erase(not_final_.lower_bound(event.height), not_final_.end());
      not_final_.emplace(event.height, event.time);
      if (not_final_.size() > not_final_max) not_final_.erase(not_final_.begin());
      break;
    case NodeEvent::Kind::final:
      final_height = event.height;
      while (!not_final_.empty() && not_final_.begin()->first <= event.height) {
        const Duration took = event.time - not_final_.begin()->second;
        finished_.push_back({now, std::max(took, Duration{0})});
        not_final_.erase(not_final_.begin());
      }
      keep_newest(finished_, counted_max);
      break;
    case NodeEvent::Kind::gap:
      told = true;
      height = event.height;
      final_height = event.final_height;
      head = event.hash;
      since_ = now;
      sealed_.clear();
      finished_.clear();
      not_final_.clear();
      break;
    case NodeEvent::Kind::reorg:
    case NodeEvent::Kind::state:
      break;
  }
}

TopModel::TopModel(std::string network, std::string chain_id, std::vector<TopNode> nodes)
    : network_(std::move(network)), chain_id_(std::move(chain_id)), nodes_(std::move(nodes)) {
  AITBC_CHECK(!nodes_.empty());
}

TopNode* TopModel::find(const std::string& id) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(),
                                  [&](const TopNode& node) { return node.id == id; });
  return found == nodes_.end() ? nullptr : &*found;
}

void TopModel::take(const TopNews& news, Time now) {
  std::visit([&](const auto& each) { take_news(each, now); }, news);
}

void TopModel::take_news(const StatusNews& news, Time) {
  trouble_ = news.status ? "" : news.status.error().detail;
  if (!news.status) return;
  for (const sites::NodeReport& report : news.status->nodes) {
    TopNode* const node = find(report.node);
    if (node == nullptr) continue;
    node->report = report;
    if (!report.answer) continue;
    node->answer = report.answer;
    if (node->told) continue;
    node->height = report.answer->head.height;
    node->final_height = report.answer->final.height;
    node->head = hash_text(report.answer->head.id);
  }
}

void TopModel::take_news(const StreamNews& news, Time now) {
  if (TopNode* const node = find(news.node)) node->listen(news.open, now);
}

void TopModel::take_news(const EventNews& news, Time now) {
  if (TopNode* const node = find(news.node)) node->hear(news.event, now);
}

void TopModel::take_news(const LogNews& news, Time) {
  if (news.node != followed_) return;
  if (!news.lines) {
    message_ = Message{Tone::problem, news.lines.error().detail};
    return;
  }
  for (const std::string& line : *news.lines) log_.push_back(line);
  keep_newest(log_, log_lines_max);
  // Who reads further up stays there.
  if (scroll_ > 0) scroll_ += news.lines->size();
}

void TopModel::take_news(const DoneNews& news, Time) {
  under_way_.reset();
  const WishWords words = words_of(news.wish.what);
  message_ = news.outcome
                 ? Message{Tone::told, "node " + news.wish.node + " is " + std::string(words.done)}
                 : Message{Tone::problem, sentence(words.order, news.wish.node) + ": " +
                                              news.outcome.error().detail};
}

TopWish TopModel::press(const Key& key) {
  message_.reset();
  switch (key.name) {
    case Key::Name::interrupt:
      return {What::quit};
    case Key::Name::suspend:
      return {What::suspend};
    case Key::Name::redraw:
      return {What::redraw};
    default:
      break;
  }
  if (question_) {
    const TopWish asked = *std::exchange(question_, std::nullopt);
    if (is(key, 'y')) return begin(asked);
    message_ = Message{Tone::told, "nothing is done to node " + asked.node};
    return {};
  }
  if (view_ == View::network && is(key, 'q')) return {What::quit};
  if (is(key, 'q') || key.name == Key::Name::escape) {
    open(View::network);
    return {};
  }
  if (view_ == View::network || view_ == View::details) return press_on_node(key);
  scroll_by(key);
  return {};
}

TopWish TopModel::press_on_node(const Key& key) {
  const TopNode& node = nodes_[chosen_];
  if (is(key, 'p')) {
    const bool paused = node.report && node.report->process == sites::RunState::paused;
    return begin({paused ? What::resume : What::pause, node.id});
  }
  if (is(key, 'r')) {
    question_ = TopWish{What::restart, node.id};
  } else if (is(key, 'l')) {
    open(View::log);
  } else if (is(key, '?')) {
    open(View::help);
  } else if (view_ == View::details) {
    scroll_by(key);
  } else if (is(key, 'e') || key.name == Key::Name::enter) {
    open(View::details);
  } else {
    choose(key);
  }
  return {};
}

TopWish TopModel::begin(TopWish wish) {
  if (under_way_) {
    message_ =
        Message{Tone::problem,
                "wait: still " + sentence(words_of(under_way_->what).under_way, under_way_->node)};
    return {};
  }
  under_way_ = wish;
  return wish;
}

void TopModel::choose(const Key& key) {
  const std::size_t last = nodes_.size() - 1;
  if (goes_up(key) && chosen_ > 0) --chosen_;
  if (goes_down(key)) chosen_ = std::min(chosen_ + 1, last);
  if (key.name == Key::Name::page_up) chosen_ -= std::min(chosen_, page);
  if (key.name == Key::Name::page_down) chosen_ = std::min(chosen_ + page, last);
  if (key.name == Key::Name::home || is(key, 'g')) chosen_ = 0;
  if (key.name == Key::Name::end || is(key, 'G')) chosen_ = last;
}

void TopModel::scroll_by(const Key& key) {
  constexpr std::size_t all = log_lines_max;  // fit() knows better
  const bool from_end = view_ == View::log;
  const auto back = [&](std::size_t by) {
    from_end ? scroll_ += by : scroll_ -= std::min(scroll_, by);
  };
  const auto on = [&](std::size_t by) {
    from_end ? scroll_ -= std::min(scroll_, by) : scroll_ += by;
  };
  if (goes_up(key)) back(1);
  if (goes_down(key)) on(1);
  if (key.name == Key::Name::page_up) back(page);
  if (key.name == Key::Name::page_down) on(page);
  if (key.name == Key::Name::home || is(key, 'g')) back(all);
  if (key.name == Key::Name::end || is(key, 'G')) on(all);
  if (key.name == Key::Name::left) shift_ -= std::min(shift_, shift_step);
  if (key.name == Key::Name::right) shift_ = std::min(shift_ + shift_step, shift_max);
}

void TopModel::open(View view) {
  view_ = view;
  scroll_ = shift_ = 0;
  log_.clear();
  followed_ = view == View::log ? nodes_[chosen_].id : "";
}

void TopModel::fit(std::size_t scroll_max) { scroll_ = std::min(scroll_, scroll_max); }

std::optional<TopModel::Message> TopModel::message() const {
  if (question_) {
    return Message{Tone::question,
                   sentence(words_of(question_->what).order, question_->node) + "? y/n"};
  }
  if (message_) return message_;
  if (under_way_) {
    return Message{Tone::told,
                   sentence(words_of(under_way_->what).under_way, under_way_->node) + " ..."};
  }
  if (!trouble_.empty()) return Message{Tone::problem, trouble_};
  return std::nullopt;
}

std::optional<Height> TopModel::best() const {
  std::optional<Height> best;
  for (const TopNode& node : nodes_) {
    if (node.height && is_of_network(node)) best = std::max(best.value_or(0), *node.height);
  }
  return best;
}

std::optional<Height> TopModel::best_final() const {
  std::optional<Height> best;
  for (const TopNode& node : nodes_) {
    if (!node.final_height || !is_of_network(node)) continue;
    best = std::max(best.value_or(0), *node.final_height);
  }
  return best;
}

std::optional<Height> TopModel::lag_of(const TopNode& node) const {
  const auto top = best();
  if (!node.height || !top || !is_of_network(node)) return std::nullopt;
  return *top - *node.height;
}

const TopNode* TopModel::speaker() const {
  const auto speaks = [](const TopNode& node) {
    return node.live && node.report && node.report->state.kind == SyncState::Kind::in_sync;
  };
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), speaks);
  return found == nodes_.end() ? nullptr : &*found;
}

std::string TopModel::sealer(const std::string& key) const {
  for (const TopNode& node : nodes_) {
    if (node.answer && node.answer->authority && node.answer->authority->hex() == key) {
      return "node " + node.id;
    }
  }
  return "key " + key.substr(0, 8);
}

}  // namespace aitbc::cli
