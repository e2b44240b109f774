#include <algorithm>
#include <map>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/log.hpp"
#include "cli/node.hpp"
#include "cli/output.hpp"
#include "cli/running.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

// Where a node's settings come from, by whichever command they are asked for.
struct ConfigOptions {
  std::optional<std::string> config;
  std::optional<std::string> listen;
  std::map<std::string, std::optional<std::string>> texts;  // by key
  std::vector<std::string> peers;
  bool no_sync = false;
  bool poll_only = false;
};

struct TextFlag {
  const char* key;
  const char* flag;
  const char* help;
};
constexpr TextFlag text_flags[] = {
    {"node_id", "--node-id", "The node's name (AITBC_NODE_ID)"},
    {"data", "--data", "The database file (AITBC_DATA)"},
    {"genesis", "--genesis", "The genesis file (AITBC_GENESIS)"},
    {"chain_id", "--chain-id", "What the genesis must name (AITBC_CHAIN_ID)"},
    {"authority_key", "--authority-key", "The key file to seal with (AITBC_AUTHORITY_KEY)"},
    {"faucet_key", "--faucet-key", "Key file of the faucet, on a devnet alone (AITBC_FAUCET_KEY)"},
    {"sync.interval_s", "--interval", "Seconds between such questions (AITBC_SYNC_INTERVAL_S)"},
    {"access.keys", "--api-keys", "File of the keys of callers from elsewhere (AITBC_API_KEYS)"},
    {"access.everybody", "--everybody",
     "read, submit or admin: what callers without a key may do (AITBC_EVERYBODY)"},
    {"access.origins", "--origins", "Whose pages may ask, separated by commas (AITBC_ORIGINS)"},
    {"access.proxies", "--proxies",
     "Proxies that are believed whom they ask for, separated by commas (AITBC_PROXIES)"},
    {"access.rate_per_minute", "--rate",
     "Requests a minute of one caller from elsewhere, 0 for any (AITBC_RATE_PER_MINUTE)"},
    {"access.audit", "--audit", "The log of privileged acts (AITBC_AUDIT)"},
    {"tls.certificate", "--tls-certificate",
     "PEM file; then with --tls-key (AITBC_TLS_CERTIFICATE)"},
    {"tls.key", "--tls-key", "PEM file, mode 0600 (AITBC_TLS_KEY)"},
    {"peer_access.api_key", "--peer-api-key",
     "File of the API key that is shown to peers (AITBC_PEER_API_KEY_FILE)"},
    {"peer_access.ca", "--peer-ca", "PEM file of who signed https peers (AITBC_PEER_CA)"},
    {"peer_access.pins", "--peer-pins",
     "Fingerprints of the certificates of https peers, separated by commas (AITBC_PEER_PINS)"},
    {"log.level", "--log-level", "debug, info, warn or error (AITBC_LOG_LEVEL)"},
};

Result<NodeSetup> load(Invocation& invocation, const ConfigOptions& given) {
  NodeSettings flags;
  for (const TextFlag& each : text_flags) {
    const auto& text = given.texts.at(each.key);
    if (text) flags.emplace(each.key, GivenSetting{*text, each.flag});
  }
  if (given.listen) AITBC_TRY(add_listen(flags, {*given.listen, "--listen"}));
  if (!given.peers.empty()) {
    flags.emplace("peers", GivenSetting{joined(given.peers, ","), "--peer"});
  }
  if (given.no_sync) flags.emplace("sync.enabled", GivenSetting{"false", "--no-sync"});
  if (given.poll_only) flags.emplace("sync.poll_only", GivenSetting{"true", "--poll-only"});
  return load_config(given.config, invocation.environment, flags);
}

void add_config_options(CLI::App& command, ConfigOptions& given) {
  command.add_option("--config", given.config, "The configuration file; each option here beats it");
  command.add_option("--listen", given.listen,
                     "ADDRESS:PORT; port 0 takes a free one (AITBC_LISTEN)");
  for (const TextFlag& each : text_flags) {
    command.add_option(each.flag, given.texts[each.key], each.help);
  }
  command.add_option("--peer", given.peers, "Base URL of a peer; may be repeated (AITBC_PEERS)");
  command.add_flag("--no-sync", given.no_sync, "Do not follow the peers (AITBC_SYNC=false)");
  command.add_flag("--poll-only", given.poll_only,
                   "Ask peers at intervals, without long polls (AITBC_POLL_ONLY)");
}

struct DaemonOptions {
  ConfigOptions from;
  bool force = false;
};

// A node's own failures go to its log as well: that is where its operator looks.
Verdict run_daemon(Invocation& invocation, const DaemonOptions& given) {
  AITBC_TRY_ASSIGN(NodeSetup setup, load(invocation, given.from));
  NodeConfig& config = setup.config;
  config.force = given.force;
  const auto log = make_log({.level = invocation.verbose ? Log::Level::debug : config.log_level,
                             .format = log_format_of_stderr(),
                             .node = config.node_id});
  for (const auto& [name, why] : setup.ignored) {
    log->warn("variable_ignored", {{"name", name}, {"detail", why}});
  }
  const Status ended = run_node(config, *log);
  if (ended) return Exit::done;
  log->error("node_failed", {{"code", name(ended.error().code)}, {"detail", ended.error().detail}});
  return ended.error();
}

// What a node would be run with, and where each value comes from.
Verdict show_config(Invocation& invocation, const ConfigOptions& given) {
  AITBC_TRY_ASSIGN(const NodeSetup setup, load(invocation, given));
  Table table({"SETTING", "VALUE", "FROM"});
  rpc::ArrayWriter rows;
  for (const NodeSetting& setting : node_settings()) {
    const auto source = setup.sources.find(setting.key);
    const std::string from = source == setup.sources.end() ? "default" : source->second;
    const std::string value = setting.shown(setup.config);
    table.add({std::string(setting.key), value, from});
    rpc::ObjectWriter row;
    row.text("setting", setting.key).text("value", value).text("from", from);
    rows.json(std::move(row).finish());
  }
  invocation.output.line(table.text());
  rpc::ArrayWriter ignored;
  for (const auto& [name, why] : setup.ignored) {
    rpc::ObjectWriter row;
    row.text("variable", name).text("why", why);
    ignored.json(std::move(row).finish());
    invocation.output.line(std::string(name) + " means nothing here: " + std::string(why));
  }
  rpc::ObjectWriter out;
  out.json("settings", std::move(rows).finish()).json("ignored", std::move(ignored).finish());
  invocation.output.document(std::move(out).finish());
  return Exit::done;
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
  const auto given = std::make_shared<DaemonOptions>();
  CLI::App* run = add_command(group, {"run", "Run one node in the foreground",
                                      "aitbc node run --config node1.json --listen 127.0.0.1:0"});
  add_config_options(*run, given->from);
  run->add_flag("--force", given->force,
                "Sign with the authority key even if another node is heard to run it");
  choose(*run, invocation, [&invocation, given] { return run_daemon(invocation, *given); });
}

void add_config(CLI::App& group, Invocation& invocation) {
  const auto given = std::make_shared<ConfigOptions>();
  CLI::App* config = add_command(
      group, {"config", "Show what a node would be run with, and where each value comes from",
              "aitbc node config --config node1.json"});
  add_config_options(*config, *given);
  choose(*config, invocation, [&invocation, given] { return show_config(invocation, *given); });
}

}  // namespace

void add_node_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group =
      add_group(root, {"node", "Run one node, or drive one of the network", "aitbc node kill 2"});
  add_run(*group, invocation);
  add_config(*group, invocation);
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
