#pragma once
// One client of the server. It belongs to the socket thread while its socket is armed in epoll, and
// to one worker while its request is handled. Only `phase`, `ticket`, `idle` and `deadline` are
// looked at by others, and only with the engine's mutex held.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/event_stream.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/http_frame.hpp"
#include "rpc/http_socket.hpp"

namespace aitbc::rpc {

struct HttpConnection {
  using Clock = std::chrono::steady_clock;
  // Deferred: nobody has it in hand, its answer is decided elsewhere. Streaming: its socket, its
  // source or its deadline may each give it into a hand.
  enum class Phase { reading, handling, deferred, streaming, writing, lingering };

  HttpConnection(Accepted accepted, std::unique_ptr<Channel> over, HttpFrame::Sizes sizes)
      : socket(std::move(accepted.socket)),
        channel(std::move(over)),
        address(std::move(accepted.address)),
        frame(sizes) {}

  Descriptor socket;
  std::unique_ptr<Channel> channel;
  std::optional<Channel::Need> blocked;  // what its last call waits for
  std::string address;
  HttpFrame frame;
  HttpAnswer answer;
  std::size_t sent = 0;     // of the answer
  std::size_t charged = 0;  // of the engine's buffered bytes
  std::size_t unread = 0;   // of UnreadAnswers
  Phase phase = Phase::reading;
  std::unique_ptr<EventStream> events;
  std::uint64_t ticket = 0;  // of the answer that is deferred, or of the stream
  bool idle = true;          // reading, and no byte of a request has come
  Clock::time_point deadline;
};

// Large answers stay in memory until they are read: clients that ask for many and read none get no
// more of them, and keep nobody from small ones. Any thread, for a connection that it owns.
class UnreadAnswers {
 public:
  explicit UnreadAnswers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Whether the answer may be sent; one alone may have any size. Until release() in any case.
  bool admit(HttpConnection& client) {
    const std::size_t bytes = client.answer.bytes.size();
    if (bytes <= small_bytes) return true;
    client.unread = bytes;
    const std::size_t others = bytes_.fetch_add(bytes);
    return others == 0 || others + bytes <= bytes_max_;
  }
  void release(HttpConnection& client) { bytes_ -= std::exchange(client.unread, 0); }

 private:
  static constexpr std::size_t small_bytes = 64 * 1024;  // about what a socket takes unread

  const std::size_t bytes_max_;
  std::atomic<std::size_t> bytes_ = 0;
};

}  // namespace aitbc::rpc
