// What happens here as it happens: events, and the predecessor's two WebSockets. And what is
// remembered of it about one transaction.

#include "rpc/feed.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using Kind = Parameter::Kind;

constexpr int switching_protocols = 101;

Result<HttpResponse> listen(const Call& call, Feed::News news) {
  HttpResponse response;
  response.stream = call.feed.listen(news);
  response.status = switching_protocols;
  return response;
}

Result<HttpResponse> blocks(const Call& call) { return listen(call, Feed::News::blocks); }
Result<HttpResponse> transactions(const Call& call) {
  return listen(call, Feed::News::transactions);
}

Result<HttpResponse> events(const Call& call) {
  Feed::Choice choice;
  choice.type.fill(true);
  if (const auto* types = call.arguments.find<std::string>("types")) {
    AITBC_TRY_ASSIGN(choice.type, Feed::parse_types(*types));
  }
  if (const auto* of = call.arguments.find<AccountRef>("address")) choice.address = of->address;
  choice.after = call.request.last_event_id;
  HttpResponse response;
  response.content_type = event_stream_type;
  response.fields = {{"X-Accel-Buffering", "no"}};  // to nginx, wherever it stands
  response.stream = call.feed.listen(std::move(choice));
  return response;
}

struct Remembered {
  std::deque<std::string> stages;  // the newest of them
  Time since;                      // nothing of what came then is forgotten
};

Remembered remember(const Node& node, const TxId& id) {
  const Journal& journal = node.journal();
  Event::Number read = journal.forgotten();
  Remembered found{{}, node.status()->started};
  bool oldest = read > 0;
  while (true) {
    const auto events = journal.after(read, limits::feed_batch_max);
    // What is forgotten while it is looked at was read, or is older than what is told.
    if (!events && events.error().code == Errc::out_of_range) {
      read = journal.forgotten();
      oldest = found.stages.empty();
      continue;
    }
    if (!events || events->empty()) return found;
    if (std::exchange(oldest, false)) found.since = events->front()->time;
    for (const auto& event : *events) {
      const auto* tx = std::get_if<TxEvent>(&event->what);
      if (tx == nullptr || tx->tx.id() != id) continue;
      found.stages.push_back(stage_json(event->time, *tx));
      if (found.stages.size() > limits::trace_stages_max) found.stages.pop_front();
    }
    read = events->back()->number;
  }
}

Result<bool> is_known(const Call& call, const TxId& id) {
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const auto included, snapshot->tx(id));
  if (included) return true;
  AITBC_TRY_ASSIGN(const auto pending, snapshot->pending_tx(id));
  if (pending) return true;
  AITBC_TRY_ASSIGN(const auto replaced, snapshot->replaced(id));
  return replaced.has_value();
}

Result<HttpResponse> trace(const Call& call) {
  const auto id = parse_hash<TxId>(call.arguments.get<std::string>("id"));
  const Error unknown = error(Errc::not_found, "transaction not found");
  if (!id) return unknown;
  const Remembered found = remember(call.node, *id);
  if (found.stages.empty()) {
    AITBC_TRY_ASSIGN(const bool known, is_known(call, *id));
    if (!known) return unknown;
  }
  ArrayWriter stages;
  for (const std::string& stage : found.stages) stages.json(stage);
  ObjectWriter out;
  out.text("tx_hash", hash_text(*id))
      .text("node_id", call.node.status()->node_id)
      .text("remembered_since", to_iso(found.since))
      .json("stages", std::move(stages).finish());
  return json_response(std::move(out).finish());
}

constexpr Parameter event_parameters[] = {
    {.name = "types",
     .kind = Kind::text,
     .description = "Of which types, with commas between: head, final, transaction, vote, reorg, "
                    "state. All of them if it is not given.",
     .max = 128},
    {.name = "address",
     .kind = Kind::account,
     .description = "Of the transactions those alone that it sends or receives."},
};
constexpr Parameter trace_parameters[] = {tx_id_parameter};

constexpr Errc stream_errors[] = {Errc::upgrade_required, Errc::overloaded, Errc::shutting_down};
constexpr Errc trace_errors[] = {Errc::not_found};

constexpr Route feed_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/events",
     .handler = events,
     .summary = "Server-sent events: what happens on the node, as it happens. Last-Event-ID goes "
                "on after what was received last; a gap event says that too much came since.",
     .parameters = event_parameters,
     .answer = "EventStream",
     .media = event_stream_type},
    {.method = "GET",
     .pattern = "/rpc/tx/{id}/trace",
     .handler = trace,
     .summary = "What this node remembers of a transaction: when it came, came into a block, and "
                "was final.",
     .parameters = trace_parameters,
     .answer = "TxTrace",
     .errors = trace_errors},
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

std::span<const Route> feed_routes() { return feed_rows; }

}  // namespace aitbc::rpc
