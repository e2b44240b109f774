#include "rpc/feed.hpp"

#include <algorithm>
#include <charconv>

#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

// The names of the events, by their types' order.
constexpr std::string_view type_names[] = {"head", "final", "transaction",
                                           "vote", "reorg", "state"};
static_assert(std::size(type_names) == Feed::Choice::types);

// Each as the predecessor pushed it: these fields and no others.
std::string block_news(const Params& params, const PlacedBlock& block) {
  ObjectWriter out;
  out.integer("height", block.header.height)
      .text("hash", hash_text(block.id))
      .text("parent_hash", hash_text(block.header.parent))
      .text("timestamp", to_naive_iso(start_of(params, block.header.slot)))
      .integer("tx_count", block.header.tx_count);
  return std::move(out).finish();
}

std::string tx_news(const CheckedTx& told) {
  const Tx& tx = told.body();
  ObjectWriter out;
  out.text("tx_hash", hash_text(told.id())).text("sender", to_text(tx.from));
  const auto* transfer = std::get_if<Transfer>(&tx.payload);
  out.text("recipient", transfer == nullptr ? "" : to_text(transfer->to))
      .json("payload", payload_json(tx))
      .integer("nonce", tx.nonce)
      .integer("fee", tx.fee.units())
      .text("type", type_of(tx));
  return std::move(out).finish();
}

// One event as it is sent (WHATWG HTML, 9.2.5); JSON has no line breaks.
std::string frame(const std::string& id, std::string_view type, const std::string& data) {
  std::string text = "id: " + id + "\nevent: ";
  text.append(type).append("\ndata: ").append(data).append("\n\n");
  return text;
}

bool names(const Tx& tx, const Address& address) {
  const auto* transfer = std::get_if<Transfer>(&tx.payload);
  return tx.from == address || (transfer != nullptr && transfer->to == address);
}

bool is_wanted(const Feed::Choice& choice, const Event& event) {
  if (!choice.type[event.what.index()]) return false;
  const auto* tx = std::get_if<TxEvent>(&event.what);
  return tx == nullptr || !choice.address || names(tx->tx.body(), *choice.address);
}

}  // namespace

// A position in the journal, and what of it is told.
class Feed::Listener : public EventSource {
 public:
  Listener(Feed& feed, Form form) : feed_(feed), form_(form), read_(feed.node_.journal().last()) {}
  void watch(std::function<void()> ring) override {
    watch_ = feed_.node_.journal().bells().add(std::move(ring));
  }

 protected:
  virtual bool wants(const Event&) const = 0;

  // What is wanted of the next events; empty only when all of them are read.
  Result<std::vector<std::string>> read() {
    std::vector<std::string> texts;
    while (texts.empty()) {
      AITBC_TRY_ASSIGN(const Journal::Events events,
                       feed_.node_.journal().after(read_, limits::feed_batch_max));
      if (events.empty()) break;
      for (const auto& event : events) {
        if (wants(*event)) texts.push_back(feed_.text_of(form_, *event));
      }
      read_ = events.back()->number;
    }
    return texts;
  }

  Feed& feed_;
  const Form form_;
  Event::Number read_;

 private:
  Watchers::Watch watch_;
};

class Feed::NewsListener final : public Listener {
 public:
  using Listener::Listener;
  Result<std::vector<std::string>> take() override {
    auto texts = read();
    if (texts || texts.error().code != Errc::out_of_range) return texts;
    return error(Errc::out_of_range,
                 texts.error().detail + "; connect again, and read them faster");
  }

 private:
  bool wants(const Event& event) const override {
    if (form_ == Form::blocks) return std::holds_alternative<HeadEvent>(event.what);
    const auto* tx = std::get_if<TxEvent>(&event.what);
    return tx != nullptr && tx->first;
  }
};

class Feed::EventListener final : public Listener {
 public:
  EventListener(Feed& feed, Choice choice)
      : Listener(feed, Form::events), choice_(std::move(choice)) {}

  Result<std::vector<std::string>> take() override {
    if (!greeted_) return greet();
    if (lost_) return *lost_;
    auto texts = read();
    if (texts || texts.error().code != Errc::out_of_range) return texts;
    lost_ = texts.error();
    return std::vector{gap(lost_->detail + ": this listener reads too slowly")};
  }
  // With the position, so that one whose events are rare need not go back to the last of them.
  std::string heartbeat() const override { return "id: " + feed_.id_of_event(read_) + "\n:\n\n"; }

 private:
  bool wants(const Event& event) const override { return is_wanted(choice_, event); }

  // Where it begins, and what it missed if that is not where it asked to.
  Result<std::vector<std::string>> greet() {
    greeted_ = true;
    const Status resumed = resume();
    std::vector<std::string> texts{"retry: " + std::to_string(limits::http_client_retry.count()) +
                                   "\nid: " + feed_.id_of_event(read_) + "\n\n"};
    if (!resumed) texts.push_back(gap(resumed.error().detail));
    return texts;
  }

  Status resume() {
    const std::string& id = choice_.after;
    if (id.empty()) return ok();
    const std::string instance = feed_.instance_ + "-";
    Event::Number number = 0;
    const char* end = id.data() + id.size();
    const char* digits = id.data() + std::min(instance.size(), id.size());
    const auto [stop, failure] = std::from_chars(digits, end, number);
    if (!id.starts_with(instance) || failure != std::errc() || stop != end) {
      return error(Errc::out_of_range,
                   "the id received last is none of this node's since it was started");
    }
    if (const auto kept = feed_.node_.journal().after(number, 0); !kept) return kept.error();
    read_ = number;
    return ok();
  }

  // What follows is news again: what the state is now covers all that was missed.
  std::string gap(const std::string& why) {
    read_ = feed_.node_.journal().last();
    const auto status = feed_.node_.status();
    ObjectWriter out;
    out.text("detail", why + "; read the state again, and the blocks after the last one known")
        .json("head", tip_json(status->head))
        .json("final", tip_json(status->final));
    return frame(feed_.id_of_event(read_), "gap", std::move(out).finish());
  }

  const Choice choice_;
  bool greeted_ = false;
  std::optional<Error> lost_;
};

Result<decltype(Feed::Choice::type)> Feed::parse_types(std::string_view text) {
  decltype(Choice::type) chosen{};
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, comma);
    const auto* const found = std::find(std::begin(type_names), std::end(type_names), word);
    if (found == std::end(type_names)) {
      std::string known;
      for (const std::string_view name : type_names) known.append(" ").append(name);
      return error(Errc::bad_request, "types: expected some of" + known +
                                          ", with commas between, got " + json_text(word));
    }
    chosen[static_cast<std::size_t>(found - std::begin(type_names))] = true;
    if (comma == text.size()) return chosen;
    text.remove_prefix(comma + 1);
  }
}

std::shared_ptr<EventSource> Feed::listen(News news) {
  const Form form = news == News::blocks ? Form::blocks : Form::transactions;
  return std::make_shared<NewsListener>(*this, form);
}

std::shared_ptr<EventSource> Feed::listen(Choice choice) {
  return std::make_shared<EventListener>(*this, std::move(choice));
}

std::string Feed::text_of(Form form, const Event& event) {
  const MutexLock lock(mutex_);
  auto& kept = texts_[static_cast<std::size_t>(form)];
  if (kept.empty()) kept.resize(limits::feed_texts_max);
  Text& place = kept[event.number % kept.size()];
  if (place.number == event.number) return place.text;
  std::string text = make(form, event);
  // What somebody reads again after a long time keeps nobody's newer text away.
  if (event.number > place.number) place = {event.number, text};
  return text;
}

std::string Feed::make(Form form, const Event& event) const {
  const Params& params = node_.params();
  if (form == Form::blocks) return block_news(params, *std::get<HeadEvent>(event.what).block);
  if (form == Form::transactions) return tx_news(std::get<TxEvent>(event.what).tx);
  return frame(id_of_event(event.number), type_names[event.what.index()],
               event_json(params, event));
}

std::string Feed::id_of_event(Event::Number number) const {
  return instance_ + "-" + std::to_string(number);
}

}  // namespace aitbc::rpc
