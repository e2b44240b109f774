#pragma once
// One listening socket and what is behind it. A request reaches the handler only when it is whole
// and within the limits, so a slow or silent client costs a little memory and never a thread:
// one thread owns every socket that waits (for a request, or for a slow reader of an answer), and a
// small pool runs the handlers. An answer that somebody else decides (LaterResponse) holds no
// thread until it is decided. Requests that wait in their handler are counted apart and cannot use
// up the others' threads. What is refused here (too large, too slow, malformed, ambiguous) is
// answered with {"detail", "code"} and its connection is closed. A connection whose answer opens a
// WebSocket stays with the thread that handled it until it ends; event streams need none.
//
// The handler is called from many threads at once and must not wait unless `waits` says so. start()
// and stop() belong to one thread; after stop() no handler is running and none will be.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"
#include "chain/core/time.hpp"
#include "chain/log.hpp"
#include "rpc/http.hpp"
#include "rpc/tls.hpp"

namespace aitbc::rpc {

// No handler waits for the node, so one more than there are cores, as one may read from the disk.
// With twice as many a node on two cores takes a tenth less payments: they wake each other.
inline std::size_t http_threads() {
  const std::size_t cores = std::thread::hardware_concurrency();
  return std::clamp(cores + 1, limits::http_threads_min, limits::http_threads_max);
}

struct HttpLimits {
  std::size_t body_bytes_max = limits::http_body_bytes_max;
  std::size_t header_bytes_max = limits::http_header_bytes_max;
  std::size_t uri_bytes_max = limits::http_uri_bytes_max;
  std::size_t buffered_bytes_max = limits::http_buffered_bytes_max;
  // Of large answers that their clients have not read.
  std::size_t unread_bytes_max = limits::http_buffered_bytes_max;
  std::size_t threads_max = http_threads();
  std::size_t waits_max = limits::http_waits_max;
  std::size_t streams_max = limits::http_streams_max;
  std::size_t connections_max = limits::http_connections_max;
  Duration request_time_max = limits::http_request_time_max;
  Duration idle_time_max = limits::http_idle_time_max;
  Duration ping_time = limits::http_ping_time;
  Duration heartbeat_time = limits::http_heartbeat_time;
  Duration thread_rest_time = limits::http_thread_rest_time;
};

// What the server calls.
struct HttpService {
  std::function<HttpResponse(const HttpRequest&)> handle;
  // Whether `handle` may wait for something else than the processor and the disk.
  std::function<bool(const HttpRequest&)> waits = [](const HttpRequest&) { return false; };
  // The server can no longer accept: the node is deaf and has to end. Called on the server's own
  // thread, at most once, and not after stop(); it must not call stop() itself.
  std::function<void(const Error&)> failed = [](const Error&) {};
};

class HttpServer {
 public:
  struct Options {
    std::string address;     // of the interface: a numeric address, or "localhost"
    std::uint16_t port = 0;  // 0 takes a free one
    HttpLimits limits = {};
    std::shared_ptr<const TlsServer> tls = {};  // none: in the clear
  };

  // Serves when it returns. Errc::in_use names the address and port another process listens on.
  // `log` must outlive the server.
  static Result<std::unique_ptr<HttpServer>> start(Options options, HttpService service, Log& log);

  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const;

  // Takes no new request, waits for the handlers that run, closes every connection. Bounded if the
  // owner has ended the waits of its handlers before. A second call does nothing.
  void stop();

 private:
  class Engine;
  explicit HttpServer(std::unique_ptr<Engine> engine);
  std::unique_ptr<Engine> engine_;
};

}  // namespace aitbc::rpc
