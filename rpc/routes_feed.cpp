// What happens here as it happens: the predecessor's two WebSockets.

#include "rpc/feed.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr int switching_protocols = 101;

Result<HttpResponse> listen(const Call& call, Feed::Kind kind) {
  HttpResponse response;
  AITBC_TRY_ASSIGN(response.stream, call.feed.listen(kind));
  response.status = switching_protocols;
  return response;
}

Result<HttpResponse> blocks(const Call& call) { return listen(call, Feed::Kind::blocks); }
Result<HttpResponse> transactions(const Call& call) {
  return listen(call, Feed::Kind::transactions);
}

constexpr Errc stream_errors[] = {Errc::upgrade_required, Errc::overloaded, Errc::shutting_down};

constexpr Route routes[] = {
    {.method = "GET",
     .pattern = "/rpc/ws/blocks",
     .handler = blocks,
     .summary = "A WebSocket: each block as it becomes canonical; after a reorganisation those of "
                "the new branch from the common ancestor on.",
     .parameters = {},
     .answer = "BlockNews",
     .errors = stream_errors,
     .stream = true,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/ws/transactions",
     .handler = transactions,
     .summary = "A WebSocket: each transaction as it is first seen, pending or in a block.",
     .parameters = {},
     .answer = "TxNews",
     .errors = stream_errors,
     .stream = true,
     .lenient = true},
};

}  // namespace

std::span<const Route> feed_routes() { return routes; }

}  // namespace aitbc::rpc
