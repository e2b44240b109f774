#pragma once
// From the bytes of one framed request to the bytes of its answer: cpp-httplib parses, the service
// answers. The library sees one request at a time and nothing of the socket. Nothing that the
// service does escapes as an exception or as text: a bug of ours is logged and answered with a
// fixed body. Any number of threads may call answer() and finish() at once.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "chain/log.hpp"
#include "rpc/http_frame.hpp"
#include "rpc/http_server.hpp"
#include "rpc/http_workers.hpp"

namespace aitbc::rpc {

// A connection that stays open and is told what its source has, instead of being sent the answer's
// bytes: as a WebSocket if there is a key, as server-sent events after the head otherwise.
struct HttpStream {
  std::shared_ptr<EventSource> source;  // none: it stays as it is
  std::string websocket_key;
  std::string head;
};

struct HttpLater {
  LaterResponse response;
  std::string request;  // method and path, for the log
};

struct HttpAnswer {
  std::string bytes = {};
  Persistence persistence = Persistence::close;
  HttpStream stream = {};
  std::function<bool()> again = {};     // as HttpResponse says it
  std::optional<HttpLater> later = {};  // finish() then gives the bytes
  bool without_body = false;
};

class HttpExchange {
 public:
  // The references must outlive the exchange.
  HttpExchange(const HttpService& service, HttpWorkers& workers, Log& log);
  ~HttpExchange();

  HttpAnswer answer(FramedRequest request, const std::string& client);
  // Of one that comes later, once it has been decided.
  HttpAnswer finish(const HttpAnswer& begun, const LaterResponse::Make& make);

  // The answer to what never became a request.
  static HttpAnswer refusal(const HttpRefusal& refusal);

 private:
  class Library;
  std::unique_ptr<Library> library_;
};

}  // namespace aitbc::rpc
