#include "rpc/event_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace aitbc::rpc {

namespace {

constexpr int turns_max = 16;  // of sending and taking, or of reading; then it is another's turn

}  // namespace

EventStream::EventStream(StreamRoom& room, Channel& channel, HttpStream stream,
                         std::function<void()> wake)
    : room_(room),
      place_(room),
      channel_(channel),
      source_(std::move(stream.source)),
      told_(Clock::now()) {
  if (!admitted()) return;
  say(std::move(stream.head), told_);
  source_->watch([this, wake = std::move(wake)] {
    if (!woken_.exchange(true)) wake();
  });
}

std::optional<EventStream::Wait> EventStream::go(Clock::time_point now) {
  if (woken_.exchange(false)) news_ = true;
  for (int turns = 0; turns < turns_max; ++turns) {
    if (room_.stopping()) return end("the server stops");
    if (sent_ < text_.size()) {
      const auto blocked = send(now);
      if (blocked || !why_.empty()) return blocked;
    }
    if (!listen()) return end("the client is gone");
    if (retry_ && now >= *retry_) news_ = true;
    if (std::exchange(news_, false)) {
      if (!take_news(now)) return std::nullopt;
      continue;
    }
    if (now >= told_ + room_.limits().heartbeat_time) {
      say(source_->heartbeat(), now);
      continue;
    }
    const auto heartbeat = told_ + room_.limits().heartbeat_time;
    return Wait{need_, retry_ ? std::min(*retry_, heartbeat) : heartbeat};
  }
  woken_ = true;  // there is more to do
  return Wait{need_, now};
}

std::optional<EventStream::Wait> EventStream::end(std::string why) {
  why_ = std::move(why);
  return std::nullopt;
}

void EventStream::say(std::string text, Clock::time_point now) {
  text_ = std::move(text);
  sent_ = 0;
  told_ = now;
  unread_until_ = now + room_.limits().patience;
}

// What it waits for, if the client does not take all.
std::optional<EventStream::Wait> EventStream::send(Clock::time_point now) {
  while (sent_ < text_.size()) {
    const Channel::Moved moved = channel_.write(text_.data() + sent_, text_.size() - sent_);
    sent_ += moved.bytes;
    if (moved.bytes > 0) continue;
    if (!moved.blocked) return end("the client is gone");
    if (now >= unread_until_) return end("the client does not read");
    return Wait{*moved.blocked, unread_until_};
  }
  text_ = {};
  sent_ = 0;
  return std::nullopt;
}

// A client has nothing to say; that it went is heard here.
bool EventStream::listen() {
  std::array<char, limits::http_inbound_bytes_max> said;
  need_ = Channel::Need::read;
  for (int turns = 0; turns < turns_max; ++turns) {
    const Channel::Moved got = channel_.read(said.data(), said.size());
    if (got.bytes > 0) continue;
    if (got.blocked) need_ = *got.blocked;
    return got.blocked.has_value();
  }
  return true;
}

// One batch: the client is looked at before the next one. False if the source has ended.
bool EventStream::take_news(Clock::time_point now) {
  retry_.reset();
  const auto news = source_->take();
  if (!news) {
    if (!may_pass(news.error())) {
      why_ = news.error().detail;
      return false;
    }
    retry_ = now + limits::http_stream_retry;
    return true;
  }
  std::string text;
  for (const std::string& each : *news) text += each;
  if (text.empty()) return true;
  news_ = true;
  say(std::move(text), now);
  return true;
}

}  // namespace aitbc::rpc
