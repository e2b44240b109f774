#include <algorithm>

#include "rpc/binary.hpp"
#include "rpc/explorer.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/router.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using Kind = Parameter::Kind;

constexpr std::uint64_t wait_max_s =
    std::chrono::duration_cast<std::chrono::seconds>(limits::poll_interval).count();
constexpr std::size_t instance_bytes_max = 64;

// The node's address without a path: a browser gets the explorer, a program the list of routes.
Result<HttpResponse> index(const Call& call) {
  if (wants_page(call.request)) return explorer_page(call.request);
  ArrayWriter routes;
  for (const Route& route : Router::routes()) {
    ObjectWriter row;
    row.text("method", route.method).text("path", route.pattern).text("summary", route.summary);
    routes.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.text("chain_id", call.node.params().chain_id)
      .text("description", "/openapi.json")
      .json("routes", std::move(routes).finish());
  HttpResponse response = json_response(std::move(out).finish());
  response.fields = {{"Vary", "Accept"}};
  return response;
}

Result<HttpResponse> health(const Call& call) {
  const auto status = call.node.status();
  ObjectWriter out;
  out.text("status", status->other_runner ? "refused" : "ok")
      .text("chain_id", call.node.params().chain_id)
      .text("node_id", status->node_id)
      .text("instance", status->instance);
  if (status->authority) {
    out.text("proposer_id", status->authority->hex());
  } else {
    out.null("proposer_id");
  }
  ArrayWriter chains;
  chains.text(call.node.params().chain_id);
  out.text("state", status->state.text())
      .integer("height", status->head.height)
      .json("supported_chains", std::move(chains).finish());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> network(const Call& call) {
  return json_response(status_json(*call.node.status(), call.node.params()));
}

Result<HttpResponse> sync(const Call& call) {
  SyncQuery query;
  if (const auto* instance = call.arguments.find<std::string>("instance")) {
    query.instance = *instance;
  }
  query.cursor = call.arguments.integer("cursor");
  query.wait = call.arguments.get<Duration>("wait");
  if (const auto* asker = call.arguments.find<std::string>("asker")) query.asker = *asker;
  const Duration time_max = query.wait + limits::submit_time_max;
  return later<SyncAnswer>(
      [&node = call.node, query](Tell<SyncAnswer> tell) { node.sync(query, std::move(tell)); },
      [binary = wants_binary(call.request)](const SyncAnswer& answer) {
        return binary ? binary_response(encode_sync_answer(answer))
                      : json_response(sync_answer_json(answer));
      },
      time_max);
}

Result<HttpResponse> openapi(const Call&) {
  static const std::string document = openapi_json(Router::routes());
  return json_response(document);
}

constexpr Parameter sync_parameters[] = {
    {.name = "instance",
     .kind = Kind::text,
     .description = "Whose cursor it is. Of another instance, or none: the answer comes at once "
                    "and names all pending transactions.",
     .max = instance_bytes_max},
    {.name = "cursor",
     .kind = Kind::integer,
     .description = "From the last answer.",
     .fallback = "0"},
    {.name = "wait",
     .kind = Kind::seconds,
     .description = "Seconds for which the answer may be held back while there is no news.",
     .max = wait_max_s,
     .fallback = "0"},
    {.name = "asker",
     .kind = Kind::text,
     .description = "A name of the caller's own, if it holds several polls open: each piece of "
                    "news then ends one of them, and the answers follow on from one another. An "
                    "answer whose since is above the cursor leaves out what another poll was "
                    "answered with; to hear that again, ask without this.",
     .max = limits::asker_bytes_max},
};

constexpr Errc sync_errors[] = {Errc::overloaded, Errc::shutting_down};

constexpr Route health_row(std::string_view pattern) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = health,
          .summary = "Whether the node runs, which one it is, and how it stands to its peers.",
          .parameters = {},
          .answer = "Health",
          .lenient = true};
}

constexpr Route node_rows[] = {
    {.method = "GET",
     .pattern = "/",
     .handler = index,
     .summary = "The routes of this node; to a browser (Accept: text/html) the explorer.",
     .parameters = {},
     .answer = "Index",
     .is_open = wants_page},
    health_row("/health"),
    health_row("/rpc/health"),
    health_row("/v1/health"),
    {.method = "GET",
     .pattern = "/openapi.json",
     .handler = openapi,
     .summary = "This description.",
     .parameters = {},
     .answer = "OpenApi"},
    {.method = "GET",
     .pattern = "/rpc/network",
     .handler = network,
     .summary = "The node, and each of its peers as it sees them.",
     .parameters = {},
     .answer = "NodeStatus"},
    {.method = "GET",
     .pattern = "/rpc/sync",
     .handler = sync,
     .summary = "Head, pending transactions, votes, evidence and who runs which key, as soon as "
                "they are newer than the cursor.",
     .parameters = sync_parameters,
     .answer = "SyncAnswer",
     .binary_answer = "u8 1, then the fields of the answer in the order of rpc/binary_sync.cpp",
     .errors = sync_errors,
     .sync_path = true,
     .waits = Waits::for_news},
};

}  // namespace

std::span<const Route> node_routes() { return node_rows; }

}  // namespace aitbc::rpc
