#include <CLI/CLI.hpp>
#include <sstream>

#include "chain/checks.hpp"
#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/http_view.hpp"
#include "cli/invocation.hpp"
#include "cli/node.hpp"
#include "cli/number.hpp"
#include "cli/route_check.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t acked_bytes_max = 128 * 1024 * 1024;
constexpr Duration growth_pause{100};

struct CheckOptions {
  std::vector<std::string> nodes;
  std::optional<std::string> genesis, acked, watch, growing;
};

struct CheckSubject {
  Genesis genesis;
  std::vector<HttpView> views;
};

Outcome<std::vector<NodeAddress>> chosen_nodes(Invocation& invocation, const CheckOptions& given) {
  if (given.nodes.empty()) return asked_nodes(invocation);
  std::vector<NodeAddress> all;
  for (const std::string& node : given.nodes) {
    invocation.node = node;
    AITBC_TRY_ASSIGN(auto some, asked_nodes(invocation));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

// Whose chain it shall be: the file's, or the network's. Of nodes that are known by URL alone the
// first that answers says it.
Outcome<Genesis> expected_genesis(Invocation& invocation, const CheckOptions& given) {
  if (given.genesis) {
    AITBC_TRY_ASSIGN(Genesis genesis, read_genesis_file(*given.genesis));
    return genesis;
  }
  if (given.nodes.empty() || given.nodes.front().find("://") == std::string::npos) {
    return local_genesis(invocation);
  }
  Error last = error(Errc::unreachable, "no node answers");
  AITBC_TRY_ASSIGN(const rpc::Credentials credentials, credentials_of(invocation));
  for (const std::string& url : given.nodes) {
    AITBC_TRY_ASSIGN(rpc::Client client, rpc::Client::open(url, {}, credentials));
    auto genesis = client.genesis();
    if (genesis) {
      invocation.output.say("the genesis is taken from " + url + "; better: --genesis FILE");
      return std::move(*genesis);
    }
    last = genesis.error();
  }
  return Failure{last, Origin::node};
}

Outcome<CheckSubject> check_subject(Invocation& invocation, const CheckOptions& given) {
  AITBC_TRY_ASSIGN(const auto nodes, chosen_nodes(invocation, given));
  AITBC_TRY_ASSIGN(Genesis genesis, expected_genesis(invocation, given));
  CheckSubject subject{std::move(genesis), {}};
  for (const NodeAddress& node : nodes) {
    AITBC_TRY_ASSIGN(rpc::Client client, node.open());
    subject.views.emplace_back(node.id, std::move(client));
  }
  return subject;
}

std::vector<NodeView*> pointers(CheckSubject& subject) {
  std::vector<NodeView*> nodes;
  for (HttpView& view : subject.views) nodes.push_back(&view);
  return nodes;
}

// A line each: the id, and the node that acknowledged it where that is known.
Status expect_all(Audit& audit, const std::string& path) {
  AITBC_TRY_ASSIGN(const std::string text, read_file(path, acked_bytes_max));
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.empty()) continue;
    const std::size_t blank = std::min(line.find(' '), line.size());
    const auto id = parse_hash<TxId>(line.substr(0, blank));
    if (!id) {
      return error(Errc::bad_config, path + ":" + std::to_string(number) +
                                         ": expected 0x and 64 hexadecimal digits, and maybe a "
                                         "node, got '" +
                                         line + "'");
    }
    audit.expect({*id, line.substr(std::min(blank + 1, line.size()))});
  }
  return ok();
}

// Looks again until every node has grown, or the time is over.
std::vector<Violation> wait_for_growth(Invocation& invocation, CheckSubject& subject,
                                       const std::vector<aitbc::Seen>& before, Duration patience) {
  Progress progress = invocation.progress();
  const Time end = invocation.clock.now() + patience;
  for (;;) {
    std::vector<aitbc::Seen> now;
    for (HttpView& view : subject.views) {
      if (auto look = view.look()) now.push_back({view.name(), *look});
    }
    auto violations = check_growth(before, now);
    if (violations.empty() || invocation.clock.now() >= end) return violations;
    progress.step("waiting for head and final to rise", 0, 1);
    invocation.clock.sleep_until(std::min(end, invocation.clock.now() + growth_pause));
  }
}

// "not_asked" of what nobody gave the means to judge.
std::string_view verdict_on(const Invariant& invariant, const Report& report,
                            const CheckOptions& given) {
  for (const Violation& violation : report.violations) {
    if (violation.invariant == invariant.name) return "broken";
  }
  if (invariant.name == "nothing_lost" && !given.acked) return "not_asked";
  if (invariant.name == "grows_after_heal" && !given.growing) return "not_asked";
  return "holds";
}

std::string nodes_json(const Report& report) {
  rpc::ArrayWriter rows;
  for (const aitbc::Seen& seen : report.seen) {
    rpc::ObjectWriter row;
    row.text("node", seen.node)
        .integer("height", seen.look.head.height)
        .text("head", hash_text(seen.look.head.id))
        .integer("final_height", seen.look.final.height)
        .text("final_hash", hash_text(seen.look.final.id));
    rows.json(std::move(row).finish());
  }
  return std::move(rows).finish();
}

std::string violations_json(const Report& report) {
  rpc::ArrayWriter rows;
  for (const Violation& violation : report.violations) {
    rpc::ArrayWriter nodes;
    for (const std::string& node : violation.nodes) nodes.text(node);
    rpc::ObjectWriter row;
    row.text("invariant", violation.invariant)
        .json("nodes", std::move(nodes).finish())
        .integer("height", violation.height)
        .text("expected", violation.expected)
        .text("seen", violation.seen);
    rows.json(std::move(row).finish());
  }
  return std::move(rows).finish();
}

std::string report_json(const Report& report, const CheckOptions& given) {
  rpc::ArrayWriter rules, notes, silent;
  for (const Invariant& invariant : invariants()) {
    rpc::ObjectWriter row;
    row.text("name", invariant.name)
        .text("sentence", invariant.sentence)
        .text("verdict", verdict_on(invariant, report, given));
    rules.json(std::move(row).finish());
  }
  for (const std::string& note : report.notes) notes.text(note);
  for (const Report::Silent& node : report.silent) {
    rpc::ObjectWriter row;
    row.text("node", node.node).text("code", name(node.why.code)).text("detail", node.why.detail);
    silent.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.boolean("holds", report.violations.empty())
      .integer("height", report.checked.height)
      .text("hash", hash_text(report.checked.id))
      .integer("transactions", report.txs)
      .json("invariants", std::move(rules).finish())
      .json("violations", violations_json(report))
      .json("nodes", nodes_json(report))
      .json("silent", std::move(silent).finish())
      .json("notes", std::move(notes).finish());
  return std::move(out).finish();
}

void print(Output& output, const Report& report, const CheckOptions& given) {
  output.document(report_json(report, given));
  std::size_t holding = 0;
  std::string open;
  for (const Invariant& invariant : invariants()) {
    const auto verdict = verdict_on(invariant, report, given);
    if (verdict == "holds") ++holding;
    if (verdict == "not_asked") open += (open.empty() ? "" : ", ") + std::string(invariant.name);
  }
  for (const Violation& violation : report.violations) output.line("broken: " + text(violation));
  for (const Report::Silent& node : report.silent) {
    output.line("not checked: node " + node.node + ": " + node.why.detail);
  }
  for (const std::string& note : report.notes) output.line("note: " + note);
  output.line(std::to_string(holding) + " of " + std::to_string(invariants().size()) +
              " invariants hold" + (open.empty() ? "" : " (not asked: " + open + ")") + ": " +
              std::to_string(report.seen.size()) + " nodes, " +
              std::to_string(report.checked.height) + " final blocks, " +
              std::to_string(report.txs) + " transactions executed again");
}

Exit exit_of(const Report& report) {
  if (!report.violations.empty()) return Exit::negative;
  return report.silent.empty() ? Exit::done : Exit::unreachable;
}

Result<std::optional<Duration>> optional_duration(const std::optional<std::string>& text,
                                                  const char* what) {
  if (!text) return std::optional<Duration>();
  AITBC_TRY_ASSIGN(const Duration duration, parse_duration(*text, what));
  return std::optional<Duration>(duration);
}

Verdict check(Invocation& invocation, const CheckOptions& given) {
  AITBC_TRY_ASSIGN(const auto watch, optional_duration(given.watch, "--watch"));
  AITBC_TRY_ASSIGN(const auto growing, optional_duration(given.growing, "--growing"));
  AITBC_TRY_ASSIGN(CheckSubject subject, check_subject(invocation, given));
  Audit audit(subject.genesis);
  if (given.acked) AITBC_TRY(expect_all(audit, *given.acked));
  for (;;) {
    Progress progress = invocation.progress();
    Report report = audit.look(pointers(subject), [&](Height done, Height total) {
      progress.step("executing the blocks again", done, total);
    });
    progress.finish();
    if (growing) {
      for (Violation& late : wait_for_growth(invocation, subject, report.seen, *growing)) {
        report.violations.push_back(std::move(late));
      }
    }
    print(invocation.output, report, given);
    const Exit exit = exit_of(report);
    if (!watch || exit == Exit::negative || !invocation.output.wanted()) return exit;
    invocation.clock.sleep_until(invocation.clock.now() + *watch);
  }
}

// Options of the one check mean nothing to the other.
Status check_together(const CheckOptions& given, const RouteCheckOptions& routes,
                      bool only_routes) {
  const bool chain =
      !given.nodes.empty() || given.genesis || given.acked || given.watch || given.growing;
  if (only_routes && chain) {
    return error(Errc::bad_config, "--routes takes --file and --base, and nothing of the chain's");
  }
  if (!only_routes && (routes.file || !routes.bases.empty())) {
    return error(Errc::bad_config, "--file and --base are for --routes");
  }
  return ok();
}

}  // namespace

void add_check_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<CheckOptions>();
  const auto routes = std::make_shared<RouteCheckOptions>();
  const auto only_routes = std::make_shared<bool>(false);
  CLI::App* command =
      add_command(root, {"check", "Hold all nodes against every invariant, over HTTP alone",
                         "aitbc check --node http://10.0.0.1:8082 --node http://10.0.0.2:8082 "
                         "--genesis genesis.json\n"
                         "  aitbc check --routes -f network.yaml --base https://site.example"});
  add_credential_options(*command, invocation);
  command->add_option("--node", given->nodes,
                      "A node to check, its id or a URL; may be given again (default: all nodes "
                      "of the network)");
  command->add_option("--genesis", given->genesis, "The genesis file (default: the network's)");
  command->add_option("--acked", given->acked,
                      "A file of acknowledged transactions that must not be lost: on each line "
                      "an id, and maybe the node that acknowledged it");
  command->add_option("--growing", given->growing,
                      "Somebody pays: head and final of every node must rise within this time");
  command->add_option("--watch", given->watch,
                      "Look again after this time, and so on until something is broken; what was "
                      "final is not read again");
  command->add_flag("--routes", *only_routes,
                    "Instead: that every public path of the network file leads to its node");
  command->add_option("-f,--file", routes->file, "The network file, for --routes");
  command
      ->add_option("--base", routes->bases,
                   "[SITE=]URL of a site's proxy, for --routes (default: its domain); may be "
                   "given again")
      ->allow_extra_args(false);
  choose(*command, invocation, [&invocation, given, routes, only_routes]() -> Verdict {
    AITBC_TRY(check_together(*given, *routes, *only_routes));
    return *only_routes ? check_routes(invocation, *routes) : check(invocation, *given);
  });
}

}  // namespace aitbc::cli
