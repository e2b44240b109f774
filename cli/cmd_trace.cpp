#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "cli/trace.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration trace_pause{100};

struct TraceOptions {
  std::string id;
  bool wait = false;
  std::string timeout = "30s";
};

Status ask_trace(rpc::Client& client, sites::Clock& clock, const std::string& id, NodeTrace& node) {
  AITBC_TRY_ASSIGN(const NodeStatus status, client.network());
  node.authority = status.authority;
  SyncQuery nothing_new;
  nothing_new.instance = status.instance;
  nothing_new.cursor = limits::supply_max;
  const Time before = clock.now();
  AITBC_TRY_ASSIGN(const SyncAnswer answer, client.sync(nothing_new));
  const Time after = clock.now();
  node.clock_offset = answer.node_time - (before + (after - before) / 2);
  const auto text = client.get("/rpc/tx/" + id + "/trace");
  if (!text && text.error().code == Errc::not_found) return ok();
  if (!text) return text.error();
  AITBC_TRY_ASSIGN(node.trace, rpc::parse_trace(*text));
  return ok();
}

std::vector<NodeTrace> ask_all(Invocation& invocation, const std::vector<NodeAddress>& addresses,
                               const std::string& id) {
  std::vector<NodeTrace> nodes;
  for (const NodeAddress& address : addresses) {
    NodeTrace node;
    node.node = address.id;
    auto client = address.open(short_limits());
    const Status asked =
        client ? ask_trace(*client, invocation.clock, id, node) : Status(client.error());
    if (!asked) node.problem = asked.error().detail;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

// What there is to say of a node that has no row.
std::string note_of(const NodeTrace& node) {
  if (!node.problem.empty()) return "did not answer: " + node.problem;
  if (!node.trace) return "does not know it";
  if (!node.trace->stages.empty()) return {};
  return "not remembered: older than " + to_iso(node.trace->remembered_since);
}

// 1,210 ms
std::string shown(Duration after) {
  std::string digits = std::to_string(after.count());
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits + " ms";
}

void print(Output& output, const std::string& id, const std::vector<NodeTrace>& nodes) {
  Table table({"AFTER", "WHAT", "NODE", "BLOCK"});
  rpc::ArrayWriter stages, asked;
  for (const TraceRow& row : join_traces(nodes)) {
    table.add({shown(row.after), std::string(row.stage), row.node,
               row.height == 0 ? "-" : std::to_string(row.height)});
    rpc::ObjectWriter stage;
    stage.integer("after_ms", static_cast<std::uint64_t>(row.after.count()))
        .text("stage", row.stage)
        .text("node", row.node)
        .text("time", to_iso(row.time));
    row.height == 0 ? stage.null("height") : stage.integer("height", row.height);
    stages.json(std::move(stage).finish());
  }
  output.line(table.text());
  for (const NodeTrace& node : nodes) {
    const std::string note = note_of(node);
    if (!note.empty()) output.say(node.node + ": " + note);
    rpc::ObjectWriter row;
    row.text("node", node.node).signed_integer("clock_offset_ms", node.clock_offset.count());
    note.empty() ? row.null("note") : row.text("note", note);
    asked.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.text("tx_hash", id)
      .boolean("over", is_over(nodes))
      .json("stages", std::move(stages).finish())
      .json("nodes", std::move(asked).finish());
  output.document(std::move(out).finish());
}

Status check_known(const std::vector<NodeTrace>& nodes) {
  std::string silent;
  for (const NodeTrace& node : nodes) {
    if (node.trace) return ok();
    if (!node.problem.empty()) silent += (silent.empty() ? "" : "; ") + node.problem;
  }
  if (silent.empty()) return error(Errc::not_found, "no node knows such a transaction");
  return error(Errc::unreachable, "no node that answered knows such a transaction; " + silent);
}

Verdict trace(Invocation& invocation, const TraceOptions& given) {
  if (!parse_hash<TxId>(given.id)) {
    return error(Errc::bad_config,
                 "ID: expected 0x and 64 hexadecimal digits, got '" + given.id + "'");
  }
  AITBC_TRY_ASSIGN(const Duration timeout, parse_duration(given.timeout, "--timeout"));
  AITBC_TRY_ASSIGN(const auto addresses, asked_nodes(invocation));
  const Time deadline = invocation.clock.now() + timeout;
  auto nodes = ask_all(invocation, addresses, given.id);
  while (given.wait && !is_over(nodes) && invocation.clock.now() < deadline) {
    invocation.clock.sleep_until(std::min(invocation.clock.now() + trace_pause, deadline));
    nodes = ask_all(invocation, addresses, given.id);
  }
  AITBC_TRY(check_known(nodes));
  print(invocation.output, given.id, nodes);
  if (!given.wait || is_over(nodes)) return Exit::done;
  invocation.output.say("after " + std::to_string(timeout.count()) +
                        " ms it is not final at every node that answers");
  return Exit::unreachable;
}

}  // namespace

void add_trace_command(CLI::App& tx, Invocation& invocation) {
  const auto given = std::make_shared<TraceOptions>();
  CLI::App* command =
      add_command(tx, {"trace", "When it came to which node, into a block, and was final",
                       "aitbc tx trace 0x5f... --wait"});
  command->add_option("ID", given->id, "As send printed it")->required();
  command->add_flag("--wait", given->wait, "Until every node that answers has seen the end of it");
  command->add_option("--timeout", given->timeout, "How long to wait")->capture_default_str();
  add_node_option(*command, invocation);
  choose(*command, invocation, [&invocation, given] { return trace(invocation, *given); });
}

}  // namespace aitbc::cli
