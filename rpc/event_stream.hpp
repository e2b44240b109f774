#pragma once
// Connections that are told server-sent events (WHATWG HTML, 9.2): each what its source has, as it
// comes, on the thread that serves it; and a sign of life when there is nothing. What its client
// says is read and dropped. It ends when the client goes, or leaves what it is told unread for too
// long; when its source fails for good; and when the server stops. Nothing is buffered for a client
// beyond what its source gave at once.

#include "chain/log.hpp"
#include "rpc/stream_room.hpp"

namespace aitbc::rpc {

class EventStreams {
 public:
  // Both outlive it.
  EventStreams(StreamRoom& room, Log& log) : room_(room), log_(log) {}

  // Sends the stream's head and returns when the connection is to be closed. False, and nothing is
  // sent, when as many are open as may be. From inside a job of the workers.
  bool serve(StreamClient client);

 private:
  class Session;

  StreamRoom& room_;
  Log& log_;
};

}  // namespace aitbc::rpc
