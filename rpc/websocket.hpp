#pragma once
// Connections that became WebSockets (RFC 6455), by Boost.Beast. Each is told what its source has,
// in messages of text, on the thread that serves it. What its client says is read and dropped. It
// ends when the client closes it or breaks the protocol, does not answer a ping, or leaves what it
// is told unread for too long; when its source fails for good; and when the server stops. Nothing
// is buffered for a client beyond one message.

#include <atomic>
#include <memory>
#include <string>

#include "chain/core/limits.hpp"
#include "chain/log.hpp"
#include "chain/watchers.hpp"
#include "rpc/channel.hpp"
#include "rpc/http_exchange.hpp"
#include "rpc/http_workers.hpp"

namespace aitbc::rpc {

class WebSockets {
 public:
  struct Limits {
    std::size_t streams_max = limits::http_streams_max;
    Duration ping_time = limits::http_ping_time;  // of silence
    // For the answer to a ping, and for a message to be taken.
    Duration patience = limits::http_request_time_max;
  };
  // All of it outlives the call.
  struct Client {
    Channel& channel;
    int socket;
    const std::string& address;
    std::string early;  // what it sent after its handshake
    HttpStream stream;  // its key is well-formed
  };

  // Both outlive it.
  WebSockets(Limits limits, HttpWorkers& workers, Log& log);
  ~WebSockets();

  // Answers the handshake and returns when the connection is to be closed. False, and nothing is
  // sent, when as many are open as may be. From inside a job of the workers, where it counts as one
  // that waits.
  bool serve(Client client);
  // Ends all of them, those to come too, without waiting.
  void stop();

 private:
  class Session;
  struct Library;
  class Place;

  const Limits limits_;
  HttpWorkers& workers_;
  Log& log_;
  const std::unique_ptr<Library> library_;
  std::atomic<std::size_t> open_ = 0;
  std::atomic<bool> stopping_ = false;
  Watchers bells_;  // for stop()
};

}  // namespace aitbc::rpc
