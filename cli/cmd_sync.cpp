#include <algorithm>

#include <CLI/CLI.hpp>

#include "cli/ask.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/log.hpp"
#include "cli/node.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "cli/signals.hpp"
#include "cli/status_view.hpp"
#include "sync/daemon.hpp"

namespace aitbc::cli {

namespace {

struct SyncOptions {
  std::string local;
  std::vector<std::string> peers;
  bool poll_only = false;
  std::string interval = "10s";
};

Verdict run_agent(Invocation& invocation, const SyncOptions& given) {
  sync::Daemon::Options options;
  options.local = given.local;
  options.peers = given.peers;
  options.poll_only = given.poll_only;
  AITBC_TRY_ASSIGN(options.credentials, credentials_of(invocation));
  options.instance = new_instance();
  AITBC_TRY_ASSIGN(options.poll_interval, parse_duration(given.interval, "--interval"));
  if (options.poll_interval < Duration{100}) {
    return error(Errc::bad_config, "--interval: at least 100ms");
  }
  const auto log = make_log({.level = invocation.verbose ? Log::Level::debug : Log::Level::info,
                             .format = log_format_of_stderr(),
                             .node = {}});
  StopSignal stop;
  AITBC_TRY_ASSIGN(const auto daemon, sync::Daemon::start(std::move(options), *log));
  log->info("sync_started", {{"local", given.local}, {"peers", given.peers.size()}});
  const std::string why = stop.wait();
  daemon->stop();
  log->info("sync_stopped", {{"signal", why}});
  return Exit::done;
}

bool is_well(const sites::NodeReport& report) {
  return report.answer && alarms(*report.answer).empty() &&
         std::all_of(
             report.answer->peers.begin(), report.answer->peers.end(),
             [](const PeerStatus& peer) { return peer.state.kind == SyncState::Kind::in_sync; });
}

// One line for each node and each peer that is not as it should be.
void print_alerts(Output& output, const sites::NetworkStatus& status) {
  for (const sites::NodeReport& report : status.nodes) {
    if (report.state.kind != SyncState::Kind::in_sync) {
      output.line("node " + report.node + ": " + report.state.text());
    }
    if (!report.answer) continue;
    if (const std::string alarm = alarms(*report.answer); !alarm.empty()) {
      output.line("node " + report.node + alarm);
    }
    for (const PeerStatus& peer : report.answer->peers) {
      if (peer.state.kind == SyncState::Kind::in_sync) continue;
      output.line("node " + report.node + " sees " + peer.url + ": " + peer.state.text());
    }
  }
}

Verdict show_sync(Invocation& invocation, bool alert) {
  AITBC_TRY_ASSIGN(const auto open, OpenNetwork::of(invocation));
  AITBC_TRY_ASSIGN(const sites::NetworkStatus status, open->network().status());
  const bool healthy =
      status.all_in_sync() && std::all_of(status.nodes.begin(), status.nodes.end(), is_well);
  if (alert) {
    print_alerts(invocation.output, status);
  } else {
    invocation.output.line(peer_table(status));
  }
  invocation.output.document(peer_json(status));
  return healthy ? Exit::done : Exit::negative;
}

}  // namespace

void add_sync_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* group = add_group(root, {"sync", "How nodes follow one another", "aitbc sync status"});

  const auto given = std::make_shared<SyncOptions>();
  CLI::App* run = add_command(
      *group, {"run", "Make a node follow others that it does not know",
               "aitbc sync run --local http://127.0.0.1:8082 --peer http://10.0.0.2:8082"});
  run->add_option("--local", given->local, "URL of the node that follows")->required();
  run->add_option("--peer", given->peers, "URL of a node to follow; may be repeated")->required();
  add_credential_options(*run, invocation);
  run->add_flag("--poll-only", given->poll_only, "Ask at intervals, without long polls");
  run->add_option("--interval", given->interval, "Between such questions")->capture_default_str();
  choose(*run, invocation, [&invocation, given] { return run_agent(invocation, *given); });

  const auto alert = std::make_shared<bool>(false);
  CLI::App* status = add_command(*group, {"status", "What each node says of its peers",
                                          "aitbc sync status --alert || notify"});
  status->add_flag("--alert", *alert, "Only what is wrong, a line each");
  choose(*status, invocation, [&invocation, alert] { return show_sync(invocation, *alert); });
}

}  // namespace aitbc::cli
