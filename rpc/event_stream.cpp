#include "rpc/event_stream.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <utility>

namespace aitbc::rpc {

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

class EventStreams::Session {
 public:
  Session(StreamRoom& room, StreamClient client) : room_(room), client_(std::move(client)) {}

  // Why it ended, in words.
  std::string run();

 private:
  void tell();
  void listen();
  void send(std::string_view text);

  StreamRoom& room_;
  Bell bell_;  // before the client, whose source rings it from other threads until it is gone
  StreamClient client_;
  Watchers::Watch stop_;
  bool news_ = true;  // there may be some
  std::optional<Clock::time_point> retry_;
  Clock::time_point told_ = Clock::now();
  std::string why_;  // it has ended
};

std::string EventStreams::Session::run() {
  if (!bell_.valid()) return "no descriptor is left";
  client_.stream.source->watch([this] { bell_.ring(); });
  stop_ = room_.watch_stop([this] { bell_.ring(); });
  send(client_.stream.head);
  while (why_.empty()) {
    const auto now = Clock::now();
    if (bell_.heard() || (retry_ && now >= *retry_)) news_ = true;
    if (room_.stopping()) return "the server stops";
    if (std::exchange(news_, false)) tell();
    if (now >= told_ + room_.limits().heartbeat_time) send(client_.stream.source->heartbeat());
    if (why_.empty()) listen();
  }
  return why_;
}

// One batch: the client is looked at before the next one.
void EventStreams::Session::tell() {
  retry_.reset();
  const auto news = client_.stream.source->take();
  if (!news) {
    if (!may_pass(news.error())) {
      why_ = news.error().detail;
    } else {
      retry_ = Clock::now() + limits::http_stream_retry;
    }
    return;
  }
  std::string text;
  for (const std::string& each : *news) text += each;
  if (text.empty()) return;
  news_ = true;
  send(text);
}

// Until there is something to do. A client has nothing to say; that it went is heard here.
void EventStreams::Session::listen() {
  std::array<char, limits::http_inbound_bytes_max> said;
  const Channel::Moved got = client_.channel.read(said.data(), said.size());
  if (got.bytes > 0 || news_) return;
  if (!got.blocked) {
    why_ = "the client is gone";
    return;
  }
  const auto heartbeat = told_ + room_.limits().heartbeat_time;
  if (wait_for(client_.socket, *got.blocked, bell_,
               retry_ ? std::min(*retry_, heartbeat) : heartbeat)) {
    news_ = true;
  }
}

void EventStreams::Session::send(std::string_view text) {
  const auto deadline = Clock::now() + room_.limits().patience;
  while (!text.empty()) {
    const Channel::Moved sent = client_.channel.write(text.data(), text.size());
    text.remove_prefix(sent.bytes);
    if (sent.bytes > 0) continue;
    if (!sent.blocked) {
      why_ = "the client is gone";
    } else if (room_.stopping()) {
      why_ = "the server stops";
    } else if (Clock::now() >= deadline) {
      why_ = "the client does not read";
    } else {
      if (wait_for(client_.socket, *sent.blocked, bell_, deadline)) news_ = true;
      continue;
    }
    return;
  }
  told_ = Clock::now();
}

bool EventStreams::serve(StreamClient client) {
  const StreamRoom::Place place(room_);
  if (!place.taken()) return false;
  const std::string& address = client.address;
  Session session(room_, std::move(client));
  log_.debug("stream_ended", {{"client", address}, {"reason", session.run()}});
  return true;
}

}  // namespace aitbc::rpc
