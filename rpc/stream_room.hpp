#pragma once
// What connections that stay open have in common: how many there may be, and how all of them end.
// And for those with a thread of their own, what it waits for. Any number of threads; a Bell is
// heard by one.

#include <atomic>
#include <chrono>
#include <string>

#include "chain/core/limits.hpp"
#include "chain/watchers.hpp"
#include "rpc/channel.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/http_socket.hpp"

namespace aitbc::rpc {

// All of it outlives the call that serves it.
struct StreamClient {
  Channel& channel;
  int socket;
  const std::string& address;
  std::string early;  // what it sent after its request
  HttpStream stream;
};

// An event that poll() can wait for beside a socket.
class Bell {
 public:
  Bell();
  bool valid() const { return event_.valid(); }
  int descriptor() const { return event_.get(); }
  void ring();
  // Whether it has rung since the last time.
  bool heard();

 private:
  Descriptor event_;
  std::atomic<bool> rings_ = false;  // and nobody has heard it: ringing again costs nothing
};

// Until the socket is ready, the bell rings, or the deadline. Whether the bell was heard.
bool wait_for(int socket, Channel::Need need, Bell& bell,
              std::chrono::steady_clock::time_point deadline);

// Whether a source that failed so may be asked again.
bool may_pass(const Error&);

class StreamRoom {
 public:
  struct Limits {
    std::size_t streams_max = limits::http_streams_max;
    Duration ping_time = limits::http_ping_time;            // of silence of a WebSocket
    Duration heartbeat_time = limits::http_heartbeat_time;  // of silence of a source
    // For the answer to a ping, and for a message to be taken.
    Duration patience = limits::http_request_time_max;
  };

  explicit StreamRoom(Limits limits) : limits_(limits) {}

  const Limits& limits() const { return limits_; }
  bool stopping() const { return stopping_; }
  // Ends all of them, those to come too, without waiting.
  void stop();
  [[nodiscard]] Watchers::Watch watch_stop(std::function<void()> ring) {
    return bells_.add(std::move(ring));
  }

  // One among the streams.
  class Place {
   public:
    explicit Place(StreamRoom& room)
        : room_(room),
          fits_(room.open_.fetch_add(1) < room.limits_.streams_max && !room.stopping_) {}
    ~Place() { --room_.open_; }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    bool taken() const { return fits_; }

   private:
    StreamRoom& room_;
    const bool fits_;
  };

 private:
  const Limits limits_;
  std::atomic<std::size_t> open_ = 0;
  std::atomic<bool> stopping_ = false;
  Watchers bells_;  // for stop()
};

}  // namespace aitbc::rpc
