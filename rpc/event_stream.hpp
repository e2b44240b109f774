#pragma once
// One connection that is told server-sent events (WHATWG HTML, 9.2): what its source has, as it
// comes, and a sign of life when there is nothing. It never waits, so it needs no thread: it goes
// as far as it can and says what it would wait for. What its client says is read and dropped. It
// ends when the client goes, or leaves what it is told unread for too long; when its source fails
// for good; and when the server stops. Nothing is buffered for a client beyond what its source gave
// at once. One thread at a time.

#include <atomic>
#include <optional>
#include <string>

#include "rpc/stream_room.hpp"

namespace aitbc::rpc {

class EventStream {
 public:
  using Clock = std::chrono::steady_clock;

  // `wake` is called, on any thread, when there may be something to do; not again before go() was.
  // The room and the channel outlive the stream.
  EventStream(StreamRoom& room, Channel& channel, HttpStream stream, std::function<void()> wake);

  // False: as many are open as may be, and nothing was sent.
  bool admitted() const { return place_.taken(); }

  struct Wait {
    Channel::Need need;
    Clock::time_point until;
  };
  // nullopt: it has ended, for why().
  std::optional<Wait> go(Clock::time_point now);
  // Whether it was woken since go() began.
  bool woken() const { return woken_; }
  const std::string& why() const { return why_; }

 private:
  std::optional<Wait> end(std::string why);
  std::optional<Wait> send(Clock::time_point now);
  void say(std::string text, Clock::time_point now);
  bool listen();
  bool take_news(Clock::time_point now);

  StreamRoom& room_;
  const StreamRoom::Place place_;
  Channel& channel_;
  std::atomic<bool> woken_ = false;
  const std::shared_ptr<EventSource> source_;
  std::string text_;  // what is being sent
  std::size_t sent_ = 0;
  Channel::Need need_ = Channel::Need::read;
  Clock::time_point unread_until_;  // for the text to be taken
  Clock::time_point told_;
  std::optional<Clock::time_point> retry_;
  bool news_ = true;  // there may be some
  std::string why_;
};

}  // namespace aitbc::rpc
