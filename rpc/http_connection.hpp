#pragma once
// One client of the server. It belongs to the socket thread while its socket is armed in epoll, and
// to one worker while its request is handled. Only `phase`, `idle` and `deadline` are looked at by
// others, and only with the engine's mutex held.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rpc/channel.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/http_frame.hpp"
#include "rpc/http_socket.hpp"

namespace aitbc::rpc {

struct HttpConnection {
  using Clock = std::chrono::steady_clock;
  enum class Phase { reading, handling, writing, lingering };

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
  Phase phase = Phase::reading;
  bool idle = true;  // reading, and no byte of a request has come
  Clock::time_point deadline;
};

}  // namespace aitbc::rpc
