#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/log_lines.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t tail_bytes_max = 16 * 1024 * 1024;  // of each log, and of each step of -f
constexpr Duration follow_pause{100};

struct LogOptionsGiven {
  std::vector<std::string> nodes;
  bool follow = false;
  std::string lines = "100";
  std::optional<std::string> match, since;
};

Result<std::vector<LogTail>> tails_of(sites::Network& network,
                                      const std::vector<std::string>& wanted) {
  for (const std::string& node : wanted) {
    if (network.manifest().find(node) == nullptr) {
      return error(Errc::not_found, "there is no node '" + node + "' in this network");
    }
  }
  std::vector<LogTail> tails;
  for (const auto& site : network.manifest().sites) {
    for (const auto& node : site.nodes) {
      const bool taken =
          wanted.empty() || std::find(wanted.begin(), wanted.end(), node.id) != wanted.end();
      if (!taken) continue;
      AITBC_TRY_ASSIGN(LogTail tail, open_log(network, node.id));
      tails.push_back(std::move(tail));
    }
  }
  return tails;
}

// The new lines of all logs that the filter admits, in the order of their times.
Result<std::vector<LogLine>> read_round(std::vector<LogTail>& tails, const LogFilter& filter,
                                        std::size_t count) {
  std::vector<std::vector<LogLine>> logs;
  for (LogTail& tail : tails) {
    AITBC_TRY_ASSIGN(std::vector<LogLine> lines, tail.read_new(tail_bytes_max));
    std::erase_if(lines, [&](const LogLine& line) { return !filter.admits(line); });
    logs.push_back(std::move(lines));
  }
  return merge_last(std::move(logs), count);
}

void print_lines(Output& output, const std::vector<LogLine>& lines, bool with_node) {
  for (const LogLine& line : lines) {
    output.line(with_node ? line.node + " | " + line.text : line.text);
  }
}

std::string lines_json(const std::vector<LogLine>& lines) {
  rpc::ArrayWriter rows;
  for (const LogLine& line : lines) {
    rpc::ObjectWriter row;
    row.text("node", line.node).text("line", line.text);
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.json("lines", std::move(rows).finish());
  return std::move(out).finish();
}

Verdict show_logs(Invocation& invocation, const LogOptionsGiven& given) {
  AITBC_TRY_ASSIGN(const std::uint64_t count, parse_number(given.lines, "-n", {0, 1'000'000}));
  std::optional<Time> since;
  if (given.since) {
    AITBC_TRY_ASSIGN(const Duration age, parse_duration(*given.since, "--since"));
    since = invocation.clock.now() - age;
  }
  AITBC_TRY_ASSIGN(const LogFilter filter, LogFilter::make(given.match, since));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(auto tails, tails_of(open->network(), given.nodes));
  const bool with_node = tails.size() > 1;
  AITBC_TRY_ASSIGN(std::vector<LogLine> lines, read_round(tails, filter, count));
  for (;;) {
    print_lines(invocation.output, lines, with_node);
    // With -f there is one document for each round that brought something.
    if (!lines.empty() || !given.follow) invocation.output.document(lines_json(lines));
    if (!given.follow || !invocation.output.wanted()) return Exit::done;
    invocation.clock.sleep_until(invocation.clock.now() + follow_pause);
    AITBC_TRY_ASSIGN(lines, read_round(tails, filter, tail_bytes_max));
  }
}

}  // namespace

void add_log_commands(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<LogOptionsGiven>();
  CLI::App* logs = add_command(root, {"logs", "What the nodes logged, in the order of time",
                                      "aitbc logs 1 2 -f --match block_ --since 5m"});
  logs->add_option("NODE", given->nodes, "Of these nodes alone");
  logs->add_flag("-f,--follow", given->follow, "Go on as lines are added");
  logs->add_option("-n,--lines", given->lines, "The last lines, of all nodes together")
      ->capture_default_str();
  logs->add_option("--match", given->match, "Lines in which this regular expression is found");
  logs->add_option("--since", given->since, "Lines younger than this, e.g. 5m");
  choose(*logs, invocation, [&invocation, given] { return show_logs(invocation, *given); });
}

}  // namespace aitbc::cli
