#pragma once
// Connections that became WebSockets (RFC 6455), by Boost.Beast. Each is told what its source has,
// in messages of text, on the thread that serves it. What its client says is read and dropped. It
// ends when the client closes it or breaks the protocol, does not answer a ping, or leaves what it
// is told unread for too long; when its source fails for good; and when the server stops. Nothing
// is buffered for a client beyond one message.

#include <memory>

#include "chain/log.hpp"
#include "rpc/http_workers.hpp"
#include "rpc/stream_room.hpp"

namespace aitbc::rpc {

class WebSockets {
 public:
  // All outlive it.
  WebSockets(StreamRoom& room, HttpWorkers& workers, Log& log);
  ~WebSockets();

  // Answers the handshake of a stream whose key is well-formed, and returns when the connection is
  // to be closed. False, and nothing is sent, when as many are open as may be. From inside a job of
  // the workers.
  bool serve(StreamClient client);

 private:
  class Session;
  struct Library;

  StreamRoom& room_;
  HttpWorkers& workers_;
  Log& log_;
  const std::unique_ptr<Library> library_;
};

}  // namespace aitbc::rpc
