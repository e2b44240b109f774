#include "rpc/feed.hpp"

#include <algorithm>
#include <limits>

#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"

namespace aitbc::rpc {

namespace {

// Each as the predecessor pushed it: these fields and no others.
std::string block_news(const Params& params, const Header& header, const BlockId& id,
                       std::size_t txs) {
  ObjectWriter out;
  out.integer("height", header.height)
      .text("hash", hash_text(id))
      .text("parent_hash", hash_text(header.parent))
      .text("timestamp", to_naive_iso(start_of(params, header.slot)))
      .integer("tx_count", txs);
  return std::move(out).finish();
}

std::string tx_news(const TxId& id, const Tx& tx) {
  ObjectWriter out;
  out.text("tx_hash", hash_text(id)).text("sender", to_text(tx.from));
  const auto* transfer = std::get_if<Transfer>(&tx.payload);
  out.text("recipient", transfer == nullptr ? "" : to_text(transfer->to))
      .json("payload", payload_json(tx))
      .integer("nonce", tx.nonce)
      .integer("fee", tx.fee.units())
      .text("type", type_of(tx));
  return std::move(out).finish();
}

}  // namespace

class Feed::Listener final : public EventSource {
 public:
  Listener(Feed& feed, Kind what, Position from) : kind(what), next(from), feed_(feed) {}
  ~Listener() override { feed_.leave(*this); }
  Result<std::vector<std::string>> take() override { return feed_.take(*this); }
  void watch(std::function<void()> ring) override { watch_ = feed_.bells_.add(std::move(ring)); }

  const Kind kind;
  Position next;  // with the feed's mutex held

 private:
  Feed& feed_;
  Watchers::Watch watch_;
};

Feed::Feed(Node& node, std::size_t events_max) : node_(node), events_max_(events_max) {
  watch_ = node.watch([this] {
    rung_ = true;
    bells_.call_all();
  });
}

Result<std::shared_ptr<EventSource>> Feed::listen(Kind kind) {
  const MutexLock lock(mutex_);
  const bool first =
      std::all_of(lines_.begin(), lines_.end(), [](const Line& l) { return l.listeners.empty(); });
  if (first) AITBC_TRY(begin());
  auto listener = std::make_shared<Listener>(*this, kind, line(kind).end());
  line(kind).listeners.push_back(listener.get());
  return std::shared_ptr<EventSource>(std::move(listener));
}

void Feed::leave(Listener& listener) {
  const MutexLock lock(mutex_);
  Line& from = line(listener.kind);
  std::erase(from.listeners, &listener);
  forget_taken(from);
}

Result<std::vector<std::string>> Feed::take(Listener& listener) {
  const MutexLock lock(mutex_);
  Line& from = line(listener.kind);
  while (listener.next == from.end() && rung_.exchange(false)) {
    if (const Status looked = look(); !looked) {
      rung_ = true;
      return looked.error();
    }
  }
  if (listener.next < from.first) {
    return error(Errc::out_of_range, "fell " + std::to_string(from.end() - listener.next) +
                                         " events behind; connect again and read faster");
  }
  std::vector<std::string> taken;
  while (listener.next < from.end() && taken.size() < limits::feed_batch_max) {
    taken.push_back(from.events[listener.next++ - from.first]);
  }
  forget_taken(from);
  return taken;
}

// Where the chain and the mempool stand is known already; only what comes then is news.
Status Feed::begin() {
  constexpr auto newest = std::numeric_limits<std::uint64_t>::max();
  rung_ = false;
  SyncQuery query;
  query.instance = node_.status()->instance;
  query.cursor = newest;
  AITBC_TRY_ASSIGN(const SyncAnswer answer, node_.sync(query));
  AITBC_TRY_ASSIGN(const auto snapshot, node_.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip head, snapshot->head());
  base_ = head.height - std::min<Height>(head.height, limits::depth_max_max);
  AITBC_TRY_ASSIGN(const auto known, snapshot->headers(base_ + 1, limits::depth_max_max));
  AITBC_TRY_ASSIGN(const auto pending, snapshot->pending(0, limits::feed_told_max));
  instance_ = answer.instance;
  cursor_ = answer.cursor;
  chain_.clear();
  for (const SealedHeader& each : known) chain_.push_back(id_of(each.header));
  told_.clear();
  told_order_.clear();
  for (const SignedTx& tx : pending) is_new(id_of(node_.params().genesis_hash, tx.body));
  return ok();
}

// What fails half-way is done again by the next look, and nothing is told twice by that.
Status Feed::look() {
  SyncQuery query;
  query.instance = instance_;
  query.cursor = cursor_;
  AITBC_TRY_ASSIGN(const SyncAnswer answer, node_.sync(query));
  AITBC_TRY_ASSIGN(const auto snapshot, node_.reader().snapshot());
  for (const TxId& id : answer.txs) {
    // One that is in a block by now is told from there.
    AITBC_TRY_ASSIGN(const auto tx, snapshot->pending_tx(id));
    if (tx) tell(*tx);
  }
  AITBC_TRY(follow(*snapshot));
  cursor_ = answer.cursor;
  if (answer.more) rung_ = true;
  return ok();
}

// From the last told block that is still canonical to the head, or for one page.
Status Feed::follow(Snapshot& snapshot) {
  while (!chain_.empty()) {
    AITBC_TRY_ASSIGN(const auto canonical, snapshot.height_of(chain_.back()));
    if (canonical) break;
    chain_.pop_back();
  }
  AITBC_TRY_ASSIGN(const Tip head, snapshot.head());
  AITBC_TRY_ASSIGN(const auto blocks,
                   snapshot.blocks(base_ + chain_.size() + 1, limits::range_blocks_max,
                                   limits::feed_page_bytes_max));
  for (const Block& block : blocks) tell(block);
  if (base_ + chain_.size() < head.height) rung_ = true;
  while (chain_.size() > limits::depth_max_max) {
    chain_.pop_front();
    ++base_;
  }
  return ok();
}

bool Feed::is_new(const TxId& id) {
  if (!told_.insert(id).second) return false;
  told_order_.push_back(id);
  if (told_order_.size() > limits::feed_told_max) {
    told_.erase(told_order_.front());
    told_order_.pop_front();
  }
  return true;
}

void Feed::tell(const SignedTx& tx) {
  const TxId id = id_of(node_.params().genesis_hash, tx.body);
  if (is_new(id)) append(Kind::transactions, tx_news(id, tx.body));
}

void Feed::tell(const Block& block) {
  const BlockId id = id_of(block.sealed.header);
  append(Kind::blocks, block_news(node_.params(), block.sealed.header, id, block.txs.size()));
  for (const SignedTx& tx : block.txs) tell(tx);
  chain_.push_back(id);
}

void Feed::append(Kind kind, std::string text) {
  Line& to = line(kind);
  if (to.listeners.empty()) return;
  to.events.push_back(std::move(text));
  if (to.events.size() <= events_max_) return;
  to.events.pop_front();
  ++to.first;
}

void Feed::forget_taken(Line& line) {
  Position wanted = line.end();
  for (const Listener* each : line.listeners) wanted = std::min(wanted, each->next);
  while (line.first < wanted) {
    line.events.pop_front();
    ++line.first;
  }
}

}  // namespace aitbc::rpc
