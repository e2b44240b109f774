#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/await.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/nonce_memory.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "cli/status_view.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr const char* file_words =
    "The network file (default: ./network.yaml, else the network there is, else three nodes on "
    "this machine)";

struct UpRequest {
  std::optional<std::string> file;
  bool dry_run = false;
  std::string wait = "healthy";
  std::string timeout = "30s";
  sites::GiveUp give_up;
};

constexpr const char* give_up_words =
    "Forget what the network had at that site: its machine is gone for good (several are possible)";

std::string plural(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string given_up_json(const std::vector<sites::GivenUp>& given_up) {
  rpc::ArrayWriter rows;
  for (const sites::GivenUp& given : given_up) {
    rpc::ArrayWriter nodes, keys;
    for (const std::string& id : given.nodes) nodes.text(id);
    for (const std::string& id : given.keys) keys.text(id);
    rpc::ObjectWriter row;
    row.text("site", given.site)
        .text("way", given.way)
        .text("folder", given.folder)
        .json("nodes", std::move(nodes).finish())
        .json("keys", std::move(keys).finish());
    rows.json(std::move(row).finish());
  }
  return std::move(rows).finish();
}

// What nobody looks after any more, and what to do if the machine comes back.
void say_given_up(Output& output, const std::vector<sites::GivenUp>& given_up) {
  for (const sites::GivenUp& given : given_up) {
    output.say("site " + given.site + " is given up. At '" + given.way +
               "' there may be left: " + (given.nodes.size() == 1 ? "node " : "nodes ") +
               joined(given.nodes) + ", running or as units, and " + given.folder +
               "; should that machine come back, end them and remove that folder");
    if (given.keys.empty()) continue;
    output.say("the " + std::string(given.keys.size() == 1 ? "key of node " : "keys of nodes ") +
               joined(given.keys) +
               " and what was signed with them are recorded there alone: no copy of such a key "
               "may ever sign again");
  }
}

std::string plan_json(const std::string& network, const sites::Plan& plan) {
  rpc::ArrayWriter machines, steps;
  for (const sites::MachineStep& step : plan.machines) {
    rpc::ObjectWriter row;
    row.text("site", step.site).text("what", step.what);
    machines.json(std::move(row).finish());
  }
  for (const sites::Step& step : plan.steps) {
    rpc::ObjectWriter row;
    row.text("node", step.node)
        .text("site", step.site)
        .text("action", name(step.action))
        .text("why", step.why);
    steps.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.text("network", network)
      .integer("changes", plan.changes())
      .boolean("new_genesis", plan.new_genesis)
      .json("given_up", given_up_json(plan.given_up))
      .json("machines", std::move(machines).finish())
      .json("steps", std::move(steps).finish());
  return std::move(out).finish();
}

void print_plan(Output& output, const std::string& network, const sites::Plan& plan) {
  for (const sites::MachineStep& step : plan.machines) {
    output.line("site " + step.site + ": " + step.what);
  }
  Table table({"NODE", "ACTION", "WHY"});
  for (const sites::Step& step : plan.steps) {
    table.add({step.node, std::string(name(step.action)), step.why});
  }
  output.line(table.text());
  output.line(plural(plan.changes(), "change"));
  say_given_up(output, plan.given_up);
  output.document(plan_json(network, plan));
}

Verdict show_plan(Invocation& invocation, const std::optional<std::string>& file,
                  const sites::GiveUp& give_up = {}) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, file));
  AITBC_TRY_ASSIGN(const sites::Plan plan, open->network().plan(give_up));
  print_plan(invocation.output, open->manifest().network, plan);
  return Exit::done;
}

// What a newcomer would want to do with a network that is up.
std::string next_commands(const sites::NetworkStatus& status) {
  const std::string url = status.nodes.empty() ? "URL" : status.nodes.front().url;
  return "try next:\n"
         "  aitbc wallet create alice --no-password && aitbc faucet alice 1000\n"
         "  aitbc balance alice --at all\n"
         "  curl -s " +
         url + "/rpc/head";
}

struct UpWait {
  bool healthy = true;
  std::optional<Awaited> final;
};

Result<UpWait> parse_up_wait(std::string_view text) {
  if (text == "healthy") return UpWait{};
  if (text == "none") return UpWait{false, {}};
  constexpr std::string_view final = "final:";
  if (!text.starts_with(final)) {
    return error(Errc::bad_config,
                 "--wait: expected healthy, none or final:N, got '" + std::string(text) + "'");
  }
  AITBC_TRY_ASSIGN(const Height height, parse_number(text.substr(final.size()), "--wait final:"));
  AITBC_TRY_ASSIGN(Awaited awaited, parse_awaited("all: final >= " + std::to_string(height)));
  return UpWait{true, std::move(awaited)};
}

Verdict bring_up(Invocation& invocation, const UpRequest& given) {
  AITBC_TRY_ASSIGN(const UpWait wait, parse_up_wait(given.wait));
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(sites::UpOptions options, start_options(progress, given.timeout));
  options.wait = wait.healthy;
  const Time deadline = invocation.clock.now() + options.timeout;
  if (given.dry_run) return show_plan(invocation, given.file, given.give_up);
  options.give_up = given.give_up;
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, given.file));
  AITBC_TRY_ASSIGN(const sites::Plan plan, open->network().up(options));
  progress.finish();
  if (wait.final) {
    const Duration left = std::max(deadline - invocation.clock.now(), Duration{0});
    AITBC_TRY(await(invocation, *open, *wait.final, left));
  }
  AITBC_TRY_ASSIGN(const sites::NetworkStatus status, open->network().status());
  invocation.output.line(status_table(status));
  invocation.output.say(plan.changes() == 0
                            ? "nothing to change: " + status.network + " is up"
                            : status.network + " is up, " + plural(plan.changes(), "change"));
  say_given_up(invocation.output, plan.given_up);
  invocation.output.say(next_commands(status));
  invocation.output.document(up_json(status, plan.changes(), given_up_json(plan.given_up)));
  return Exit::done;
}

Verdict upgrade(Invocation& invocation, const std::string& timeout) {
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(const sites::UpOptions options, start_options(progress, timeout));
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const sites::Plan plan, open->network().upgrade(options));
  progress.finish();
  print_plan(invocation.output, open->manifest().network, plan);
  return Exit::done;
}

std::string_view word(sites::Stopped how) {
  switch (how) {
    case sites::Stopped::already:
      return "was stopped";
    case sites::Stopped::by_itself:
      return "stopped";
    case sites::Stopped::killed:
      return "killed";
  }
  return "stopped";
}

void print_stopped(Output& output, const std::string& network,
                   const std::vector<sites::StoppedNode>& nodes, bool purged,
                   const std::vector<sites::GivenUp>& given_up = {}) {
  rpc::ArrayWriter rows;
  Table table({"NODE", "RESULT"});
  for (const sites::StoppedNode& node : nodes) {
    rpc::ObjectWriter row;
    row.text("node", node.node).text("result", word(node.how));
    rows.json(std::move(row).finish());
    table.add({node.node, std::string(word(node.how))});
  }
  rpc::ObjectWriter out;
  out.text("network", network)
      .boolean("purged", purged)
      .json("nodes", std::move(rows).finish())
      .json("given_up", given_up_json(given_up));
  output.document(std::move(out).finish());
  if (!nodes.empty()) output.line(table.text());
  if (purged && !network.empty()) output.line("removed " + network);
  say_given_up(output, given_up);
}

Verdict stop(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const auto nodes, open->network().stop());
  print_stopped(invocation.output, open->manifest().network, nodes, false);
  return Exit::done;
}

// Works on what is left of a network that cannot even be loaded any more, and on none at all: a
// script may call it without knowing.
Verdict down(Invocation& invocation, bool purge, const sites::GiveUp& give_up) {
  if (!purge) return stop(invocation);
  // A name is taken as it stands: processes may be left where the folder is gone.
  const auto chosen =
      invocation.network ? Result<std::string>(*invocation.network) : chosen_network(invocation);
  if (!chosen) {
    if (chosen.error().code != Errc::not_found) return chosen.error();
    invocation.output.say("nothing to remove: " + chosen.error().detail);
    print_stopped(invocation.output, "", {}, true);
    return Exit::done;
  }
  AITBC_TRY_ASSIGN(const std::string home, invocation.home());
  std::vector<sites::StoppedNode> nodes;
  const auto genesis = local_genesis(invocation);
  if (const auto open = OpenNetwork::of(invocation)) {
    // In good order where that is possible; purge() kills the rest.
    if (auto stopped = (*open)->network().stop()) nodes = std::move(*stopped);
  }
  AITBC_TRY_ASSIGN(const std::string program, own_program());
  sites::remote::AllProviders providers(home, program, invocation.clock);
  AITBC_TRY_ASSIGN(const auto given_up, sites::purge(home, *chosen, providers, give_up));
  providers.hang_up();
  if (genesis) AITBC_TRY(NonceMemory::forget(invocation, hash_of(*genesis)));
  print_stopped(invocation.output, *chosen, nodes, true, given_up);
  return Exit::done;
}

Verdict list_processes(Invocation& invocation) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const auto processes, open->network().processes());
  invocation.output.line(process_table(processes));
  invocation.output.document(process_json(open->manifest().network, processes));
  return Exit::done;
}

Verdict lint(Invocation& invocation, const std::optional<std::string>& file) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::from_file(invocation, file));
  const sites::Manifest& manifest = open->manifest();
  const auto notes = sites::lint(manifest);
  rpc::ArrayWriter rows;
  for (const sites::Note& note : notes) {
    const std::string kind = note.kind == sites::Note::Kind::warning ? "warning" : "note";
    rpc::ObjectWriter row;
    row.text("kind", kind).text("text", note.text);
    rows.json(std::move(row).finish());
    invocation.output.line(kind + ": " + note.text);
  }
  rpc::ObjectWriter out;
  out.text("network", manifest.network)
      .integer("sites", manifest.sites.size())
      .integer("nodes", manifest.node_count())
      .integer("authorities", manifest.authority_count())
      .json("notes", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(manifest.network + ": " + std::to_string(manifest.node_count()) +
                         " nodes at " + std::to_string(manifest.sites.size()) + " sites, " +
                         std::to_string(manifest.authority_count()) + " authorities: correct");
  return Exit::done;
}

Verdict print_template(Invocation& invocation, const std::string& wanted) {
  const auto text = sites::network_template(wanted);
  if (!text) {
    std::string known;
    for (const auto each : sites::network_templates()) {
      known += (known.empty() ? "" : ", ") + std::string(each);
    }
    return error(Errc::bad_config, "there is no template '" + wanted + "'; there are: " + known);
  }
  rpc::ObjectWriter out;
  out.text("template", wanted).text("text", *text);
  invocation.output.document(std::move(out).finish());
  invocation.output.line(text->substr(0, text->find_last_not_of('\n') + 1));
  return Exit::done;
}

std::shared_ptr<std::optional<std::string>> add_file_option(CLI::App& command) {
  const auto file = std::make_shared<std::optional<std::string>>();
  command.add_option("-f,--file", *file, file_words);
  return file;
}

void add_up(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<UpRequest>();
  CLI::App* up = add_command(root, {"up", "Bring a network up, or to what its file says now",
                                    "aitbc up -f network.yaml --dry-run\n"
                                    "  aitbc up -f without-far.yaml --give-up far"});
  up->add_option("-f,--file", given->file, file_words);
  up->add_flag("--dry-run", given->dry_run, "Only say what would be done");
  up->add_option("--wait", given->wait, "Until: healthy, none, final:N (that block on all nodes)")
      ->capture_default_str();
  up->add_option("--timeout", given->timeout, "How long to wait")->capture_default_str();
  CLI::Option* lost = up->add_option("--give-up", given->give_up.sites, give_up_words);
  lost->type_name("SITE")->allow_extra_args(false);
  up->add_flag("--force", given->give_up.force, "Give up also what leaves no quorum of authorities")
      ->needs(lost);
  choose(*up, invocation, [&invocation, given] { return bring_up(invocation, *given); });
}

Verdict show_status(Invocation& invocation, bool watch) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  constexpr Duration watch_pause{1'000};
  std::string last;
  for (;;) {
    AITBC_TRY_ASSIGN(const sites::NetworkStatus status, open->network().status());
    const std::string text = invocation.output.json() ? status_json(status) : status_table(status);
    if (text != last) {
      if (!last.empty()) invocation.output.line("");
      invocation.output.line(text);
      invocation.output.document(text);
    }
    last = text;
    if (!watch || !invocation.output.wanted()) {
      return status.all_in_sync() ? Exit::done : Exit::negative;
    }
    invocation.clock.sleep_until(invocation.clock.now() + watch_pause);
  }
}

}  // namespace

void add_network_commands(CLI::App& root, Invocation& invocation) {
  add_up(root, invocation);
  CLI::App* plan = add_command(root, {"plan", "What up would do", "aitbc plan -f network.yaml"});
  const auto planned = add_file_option(*plan);
  choose(*plan, invocation, [&invocation, planned] { return show_plan(invocation, *planned); });

  const auto patience = std::make_shared<std::string>("30s");
  CLI::App* rolling = add_command(
      root, {"upgrade", "Let the nodes run this build, one site after the other, or none of them",
             "/opt/new/bin/aitbc upgrade --timeout 60s"});
  rolling->add_option("--timeout", *patience, "How long a site may take until it goes on")
      ->capture_default_str();
  choose(*rolling, invocation, [&invocation, patience] { return upgrade(invocation, *patience); });

  const auto watch = std::make_shared<bool>(false);
  CLI::App* status = add_command(root, {"status", "How every node stands to the best head",
                                        "aitbc status --json | jq '.nodes[].state'"});
  status->add_flag("--watch", *watch, "Print it again whenever it changes");
  choose(*status, invocation, [&invocation, watch] { return show_status(invocation, *watch); });

  CLI::App* ps = add_command(root, {"ps", "The processes of the nodes", "aitbc ps"});
  choose(*ps, invocation, [&invocation] { return list_processes(invocation); });

  CLI::App* halt = add_command(root, {"stop", "Stop all nodes and keep their data", "aitbc stop"});
  choose(*halt, invocation, [&invocation] { return stop(invocation); });

  const auto purge = std::make_shared<bool>(false);
  CLI::App* take_down =
      add_command(root, {"down", "Stop all nodes, or remove the network",
                         "aitbc down --purge\n  aitbc down --purge --give-up far"});
  CLI::Option* removes =
      take_down->add_flag("--purge", *purge, "Remove the network with its chain and its keys, too");
  const auto lost = std::make_shared<sites::GiveUp>();
  take_down->add_option("--give-up", lost->sites, give_up_words)
      ->type_name("SITE")
      ->allow_extra_args(false)
      ->needs(removes);
  choose(*take_down, invocation,
         [&invocation, purge, lost] { return down(invocation, *purge, *lost); });

  CLI::App* check = add_command(
      root, {"lint", "Check a network file, and what it survives", "aitbc lint -f network.yaml"});
  const auto linted = add_file_option(*check);
  choose(*check, invocation, [&invocation, linted] { return lint(invocation, *linted); });

  const auto wanted = std::make_shared<std::string>();
  CLI::App* fresh = add_command(
      root, {"new", "Print a network file to start from", "aitbc new default > network.yaml"});
  fresh->add_option("TEMPLATE", *wanted, "default, three-hosts, ...")->required();
  choose(*fresh, invocation, [&invocation, wanted] { return print_template(invocation, *wanted); });
}

}  // namespace aitbc::cli
