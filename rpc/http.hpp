#pragma once
// A request and its answer as values, so that routes are tested without sockets. Owned by the
// thread that handles the request.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chain/core/result.hpp"
#include "chain/core/time.hpp"
#include "rpc/event_source.hpp"

namespace aitbc::rpc {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view plain_type = "text/plain; charset=utf-8";
inline constexpr std::string_view html_type = "text/html; charset=utf-8";
inline constexpr std::string_view css_type = "text/css; charset=utf-8";
inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr std::string_view event_stream_type = "text/event-stream";
// Blocks and transactions in their canonical encoding (chain/core/codec.hpp).
inline constexpr std::string_view binary_type = "application/vnd.aitbc";

// The field of every answer that names the node which gave it, as CHAIN/NODE: what stands between
// it and a client can be held to it.
inline constexpr std::string_view node_field = "X-Aitbc-Node";

struct HttpRequest {
  std::string method;                        // upper case
  std::string path;                          // decoded, without the query
  std::map<std::string, std::string> query;  // decoded; a repeated parameter is refused before
  std::string content_type;                  // without parameters, lower case
  std::string accept, accept_encoding;
  std::string if_none_match;  // tags of what a client has already; empty: not given
  std::string body;
  std::string client;  // address of the peer socket, never taken from a header

  // What the gate judges (access.hpp); empty: not given.
  std::string host, origin, api_key;
  std::string asked_method, asked_headers;  // of a browser's preflight
  std::string forwarded_for;                // by proxies, each adds whom it heard at the end
  bool forwarded = false;                   // a proxy has left any trace of itself

  std::string last_event_id;  // of a client that listened before; empty: not given

  // What a client that wants a WebSocket sends (RFC 6455); empty: not given.
  std::string upgrade;  // only if Connection names it
  std::string websocket_version, websocket_key;
};

// Of an answer's header.
using HttpFields = std::vector<std::pair<std::string_view, std::string>>;

struct HttpResponse;

// An answer that somebody else decides, for which no thread waits.
struct LaterResponse {
  using Make = std::function<Result<HttpResponse>()>;

  // Called once. `decided` is told once, on any thread and perhaps before this returns, how the
  // answer is made; it does not wait, and a thread of the server makes it.
  std::function<void(std::function<void(Make)> decided)> begin;
  // The whole answer, of what was made or of the error that nothing came in time.
  std::function<HttpResponse(Result<HttpResponse>)> finish;
  Duration time_max{0};
};

struct HttpResponse {
  int status = 200;
  std::string content_type{json_type};
  std::string body;
  std::optional<int> retry_after_s;
  std::string allow;  // for 405: the methods the path does have
  // Further ones of the header, in place of what all answers say under such a name; a client is
  // told node_field alone.
  HttpFields fields;
  // The connection is told this from now on: of a 101 as a WebSocket, of a 200 in place of a body.
  std::shared_ptr<EventSource> stream;
  // True while the same request of the same client would be answered with the same bytes, and then
  // counts it as answered once more; none: nobody may say so. Any thread.
  std::function<bool()> again;
  // If there is one, it counts alone.
  std::optional<LaterResponse> later;
};

}  // namespace aitbc::rpc
