#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/expression.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "cli/status_view.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration first_pause{20};
constexpr Duration pause_max{250};

struct WaitOptions {
  std::string expression;
  std::string timeout = "30s";
};

std::vector<NodeFacts> facts_of(const sites::NetworkStatus& status) {
  std::vector<NodeFacts> facts;
  for (const sites::NodeReport& report : status.nodes) {
    NodeFacts node;
    node.node = report.node;
    node.state = report.state.kind;
    if (const auto& answer = report.answer) {
      node.ledger = NodeFacts::Ledger{
          answer->head.height, answer->final.height, answer->mempool_txs, answer->reorgs,
          answer->head.id,     answer->state_root,   answer->evidence};
    }
    facts.push_back(std::move(node));
  }
  return facts;
}

std::vector<std::string> node_ids(const sites::Manifest& manifest) {
  std::vector<std::string> ids;
  for (const auto& site : manifest.sites) {
    for (const auto& node : site.nodes) ids.push_back(node.id);
  }
  return ids;
}

std::string short_view(const sites::NetworkStatus& status) {
  std::string text;
  for (const sites::NodeReport& report : status.nodes) {
    text += (text.empty() ? "" : ", ") + report.node + ": " + report.state.text();
    if (report.answer) text += " at " + std::to_string(report.answer->head.height);
  }
  return text;
}

void print_held(Invocation& invocation, Duration waited) {
  rpc::ObjectWriter out;
  out.boolean("holds", true).integer("waited_ms", static_cast<std::uint64_t>(waited.count()));
  invocation.output.document(std::move(out).finish());
  invocation.output.line("holds");
}

Verdict wait(Invocation& invocation, const WaitOptions& given) {
  AITBC_TRY_ASSIGN(const Expression expression, parse_expression(given.expression));
  AITBC_TRY_ASSIGN(const Duration timeout, parse_duration(given.timeout, "--timeout"));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY(check_scopes(expression, node_ids(open->manifest())));
  Progress progress = invocation.progress();
  const Time begun = invocation.clock.now();
  Duration pause = first_pause;
  for (;;) {
    // A node that hangs must not use up the whole time of a short wait.
    const Duration left = begun + timeout - invocation.clock.now();
    const Duration patience = std::clamp(left, Duration{200}, Duration{2'000});
    AITBC_TRY_ASSIGN(const sites::NetworkStatus status, open->network().status(patience));
    const Time now = invocation.clock.now();
    if (holds(expression, facts_of(status))) {
      progress.finish();
      print_held(invocation, now - begun);
      return Exit::done;
    }
    if (now - begun >= timeout) {
      return error(Errc::timeout, "after " + std::to_string(timeout.count()) + " ms not yet: " +
                                      given.expression + " (" + short_view(status) + ")");
    }
    progress.step(given.expression, 0, 1);
    invocation.clock.sleep_until(std::min(now + pause, begun + timeout));
    pause = std::min(pause * 3 / 2, pause_max);
  }
}

}  // namespace

void add_wait_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<WaitOptions>();
  CLI::App* command = add_command(root, {"wait", "Wait until a condition holds",
                                         "aitbc wait 'all: head == same, mempool == 0' "
                                         "--timeout 30s"});
  command
      ->add_option(
          "EXPR", given->expression,
          "SCOPE: FIELD OP VALUE[, ...] [and SCOPE: ...]; SCOPE is all, any or a "
          "node; FIELD is height, final, mempool, reorgs, evidence, state, head or state_root; "
          "OP is == != < <= > >=; VALUE is a number, a word, 0x and a hash, or same")
      ->required();
  command->add_option("--timeout", given->timeout, "How long to wait")->capture_default_str();
  choose(*command, invocation, [&invocation, given] { return wait(invocation, *given); });
}

}  // namespace aitbc::cli
