#include "cli/await.hpp"

#include <algorithm>

namespace aitbc::cli {

namespace {

constexpr Duration first_pause{20};
constexpr Duration pause_max{250};

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

}  // namespace

Result<Awaited> parse_awaited(const std::string& text) {
  AITBC_TRY_ASSIGN(Expression expression, parse_expression(text));
  return Awaited{std::move(expression), text};
}

Result<Duration> await(Invocation& invocation, OpenNetwork& open, const Awaited& awaited,
                       Duration timeout) {
  AITBC_TRY(check_scopes(awaited.expression, node_ids(open.manifest())));
  Progress progress = invocation.progress();
  const Time begun = invocation.clock.now();
  Duration pause = first_pause;
  for (;;) {
    // A node that hangs must not use up the whole time of a short wait.
    const Duration left = begun + timeout - invocation.clock.now();
    const Duration patience = std::clamp(left, Duration{200}, Duration{2'000});
    AITBC_TRY_ASSIGN(const sites::NetworkStatus status, open.network().status(patience));
    const Time now = invocation.clock.now();
    if (holds(awaited.expression, facts_of(status))) {
      progress.finish();
      return now - begun;
    }
    if (now - begun >= timeout) {
      return error(Errc::timeout, "after " + std::to_string(timeout.count()) + " ms not yet: " +
                                      awaited.text + " (" + short_view(status) + ")");
    }
    progress.step(awaited.text, 0, 1);
    invocation.clock.sleep_until(std::min(now + pause, begun + timeout));
    pause = std::min(pause * 3 / 2, pause_max);
  }
}

}  // namespace aitbc::cli
