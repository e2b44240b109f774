#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/log.hpp"
#include "cli/node.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

struct RunOptions {
  std::optional<std::string> config;
  NodeSettings settings;
  std::vector<std::string> peers;
  bool no_sync = false;
  bool force = false;
  bool poll_only = false;
};

NodeSettings settings_of(const RunOptions& given) {
  NodeSettings settings = given.settings;
  if (!given.peers.empty()) settings.peers = given.peers;
  if (given.no_sync) settings.sync = false;
  if (given.poll_only) settings.poll_only = true;
  return settings;
}

// A node's own failures go to its log as well: that is where its operator looks.
Verdict run_daemon(Invocation& invocation, const RunOptions& given) {
  AITBC_TRY_ASSIGN(NodeConfig config,
                   load_config(given.config, invocation.environment, settings_of(given)));
  config.force = given.force;
  const auto log = make_log({.level = invocation.verbose ? Log::Level::debug : config.log_level,
                             .format = log_format_of_stderr(),
                             .node = config.node_id});
  const Status ended = run_node(config, *log);
  if (ended) return Exit::done;
  log->error("node_failed", {{"code", name(ended.error().code)}, {"detail", ended.error().detail}});
  return ended.error();
}

struct ControlOptions {
  std::string node;
  std::string timeout = "30s";
};

std::string_view done_word(sites::Control control) {
  switch (control) {
    case sites::Control::start:
      return "started";
    case sites::Control::stop:
      return "stopped";
    case sites::Control::restart:
      return "restarted";
    case sites::Control::kill:
      return "killed";
    case sites::Control::pause:
      return "paused";
    case sites::Control::resume:
      return "resumed";
  }
  return "done";
}

Verdict control(Invocation& invocation, sites::Control what, const ControlOptions& given) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  Progress progress = invocation.progress();
  AITBC_TRY_ASSIGN(const sites::UpOptions options, start_options(progress, given.timeout));
  AITBC_TRY(open->network().control(what, given.node, options));
  progress.finish();
  AITBC_TRY_ASSIGN(const auto processes, open->network().processes());
  const auto found = std::find_if(processes.begin(), processes.end(),
                                  [&](const auto& process) { return process.node == given.node; });
  const std::string_view state = found == processes.end() ? "stopped" : name(found->state);
  rpc::ObjectWriter out;
  out.text("node", given.node).text("result", done_word(what)).text("state", state);
  invocation.output.document(std::move(out).finish());
  invocation.output.line("node " + given.node + " " + std::string(done_word(what)));
  return Exit::done;
}

void add_run(CLI::App& group, Invocation& invocation) {
  const auto given = std::make_shared<RunOptions>();
  NodeSettings& settings = given->settings;
  CLI::App* run = add_command(group, {"run", "Run one node in the foreground",
                                      "aitbc node run --config node1.json --listen 127.0.0.1:0"});
  run->add_option("--config", given->config, "The configuration file; each option here beats it");
  run->add_option("--node-id", settings.node_id, "The node's name (AITBC_NODE_ID)");
  run->add_option("--listen", settings.listen,
                  "ADDRESS:PORT; port 0 takes a free one "
                  "(AITBC_LISTEN)");
  run->add_option("--data", settings.data, "The database file (AITBC_DATA)");
  run->add_option("--genesis", settings.genesis, "The genesis file (AITBC_GENESIS)");
  run->add_option("--authority-key", settings.authority_key,
                  "The key file to seal with (AITBC_AUTHORITY_KEY)");
  run->add_option("--faucet-key", settings.faucet_key, "Key file of the faucet, on a devnet alone");
  run->add_option("--peer", given->peers, "Base URL of a peer; may be repeated (AITBC_PEERS)");
  run->add_flag("--no-sync", given->no_sync, "Do not follow the peers (AITBC_SYNC=false)");
  run->add_flag("--poll-only", given->poll_only,
                "Ask peers at intervals, without long polls (AITBC_POLL_ONLY)");
  run->add_flag("--force", given->force,
                "Sign with the authority key even if another node is heard to run it");
  run->add_option("--interval", settings.interval_s,
                  "Seconds between such questions (AITBC_SYNC_INTERVAL_S)");
  run->add_option("--log-level", settings.log_level,
                  "debug, info, warn or error (AITBC_LOG_LEVEL)");
  choose(*run, invocation, [&invocation, given] { return run_daemon(invocation, *given); });
}

}  // namespace

void add_node_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group =
      add_group(root, {"node", "Run one node, or drive one of the network", "aitbc node kill 2"});
  add_run(*group, invocation);
  const auto add = [&](const CommandText& text, sites::Control what) {
    const auto given = std::make_shared<ControlOptions>();
    CLI::App* command = add_command(*group, text);
    command->add_option("NODE", given->node, "The node's id")->required();
    // The others are done when they return.
    if (what == sites::Control::start || what == sites::Control::restart) {
      command->add_option("--timeout", given->timeout, "How long to wait until it is healthy")
          ->capture_default_str();
    }
    choose(*command, invocation,
           [&invocation, given, what] { return control(invocation, what, *given); });
  };
  add({"start", "Start a node, or let a frozen one go on", "aitbc node start 2"},
      sites::Control::start);
  add({"stop", "Ask a node to end, and kill it if it does not", "aitbc node stop 2"},
      sites::Control::stop);
  add({"restart", "Stop and start a node", "aitbc node restart 2"}, sites::Control::restart);
  add({"kill", "End a node without asking (SIGKILL)", "aitbc node kill 2"}, sites::Control::kill);
  add({"pause", "Freeze a node (SIGSTOP)", "aitbc node pause 2"}, sites::Control::pause);
  add({"resume", "Let a frozen node go on", "aitbc node resume 2"}, sites::Control::resume);
}

}  // namespace aitbc::cli
