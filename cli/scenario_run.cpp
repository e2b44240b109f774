#include "cli/scenario_run.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>

#include "cli/file.hpp"
#include "cli/node.hpp"
#include "cli/running.hpp"
#include "cli/scenario_network.hpp"
#include "sites/command.hpp"

namespace aitbc::cli {

namespace {

using Kind = ScenarioStep::Kind;

constexpr Duration grace{10'000};    // for a command beyond what it waits for itself
constexpr Duration up_time{60'000};  // to bring the network up, or down
constexpr Duration growth_time{30'000};
constexpr Duration settle_time{30'000};
constexpr Duration step_look_pause{100};
constexpr std::size_t shown_bytes_max = 8 * 1024;  // of a command's output

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (text.size() > shown_bytes_max) text = "..." + text.substr(text.size() - shown_bytes_max);
  return text;
}

std::string rounded_seconds(Duration time) {
  const auto tenths = (time.count() + 50) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string_view word(Kind kind) {
  switch (kind) {
    case Kind::run:
      return "run";
    case Kind::shell:
      return "shell";
    case Kind::wait:
      return "wait";
    case Kind::expect:
      return "expect";
    case Kind::no_final:
      return "no_final";
    case Kind::traffic:
    case Kind::still:
      return "traffic";
    case Kind::sleep:
      return "sleep";
    case Kind::check:
      return "check";
    case Kind::measure:
      return "measure";
  }
  return "";
}

// SIGINT and SIGTERM wait while a scenario runs, so that it ends with its network taken down.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, &before_);
  }
  ~HeldSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  static bool came() {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1;
  }

 private:
  sigset_t before_{};
};

// nullopt: done; else what was expected and what was seen.
using StepFault = std::optional<std::string>;

class Runner {
 public:
  Runner(Invocation& invocation, const Scenario& scenario, std::string program, std::string folder)
      : invocation_(invocation),
        scenario_(scenario),
        program_(std::move(program)),
        folder_(std::move(folder)),
        begun_(invocation.clock.now()) {
    result_.name = scenario.name;
    result_.about = scenario.about;
    result_.began = begun_;
    result_.folder = folder_;
  }

  ScenarioResult perform(const RunOptions& options);

 private:
  struct Ended {
    int exit = 0;
    std::string text;  // stdout and stderr
  };
  Ended run(std::vector<std::string> words, Duration within) const;
  Ended shell(const std::string& line, Duration within) const;
  bool take(const std::string& text, const std::function<StepFault()>& step,
            const std::string& where);
  StepFault do_step(const ScenarioStep& step);
  StepFault do_command(const ScenarioStep& step) const;
  StepFault succeed(std::vector<std::string> words, Duration within) const;
  StepFault bring_up();
  StepFault watch_no_final(Duration time) const;
  StepFault check(std::vector<std::string> more) const;
  StepFault measure(const ScenarioStep& step);
  StepFault settle() const;
  bool finish();
  void explain(const std::string& step, const std::string& fault, const std::string& where);
  void take_down(const RunOptions& options);
  void keep_logs() const;
  std::string network_file() const { return folder_ + "/network.yaml"; }
  std::string logs_folder() const { return folder_ + "/logs"; }
  std::string home() const { return folder_ + "/home"; }
  std::string net_folder() const { return home() + "/networks/" + scenario_.name; }

  Invocation& invocation_;
  const Scenario& scenario_;
  std::string program_, folder_;
  Time begun_;
  std::vector<NodeAddress> nodes_;
  std::optional<Traffic> traffic_;
  ScenarioResult result_;
};

// ---- commands -----------------------------------------------------------------------------------

Runner::Ended Runner::run(std::vector<std::string> words, Duration within) const {
  sites::Command command;
  command.argv = {program_, "--home", home(), "-n", scenario_.name};
  command.argv.insert(command.argv.end(), words.begin(), words.end());
  command.timeout = within;
  const auto output = sites::run(command, invocation_.clock);
  if (!output) return {static_cast<int>(Exit::unreachable), output.error().detail};
  return {output->exit_code, trimmed(output->out + output->err)};
}

Runner::Ended Runner::shell(const std::string& line, Duration within) const {
  sites::Command command;
  command.argv = {"env", "AITBC=" + program_, "AITBC_HOME=" + home(), "NETWORK=" + net_folder(),
                  "SCRATCH=" + folder_};
  for (const NodeAddress& node : nodes_) command.argv.push_back("URL_" + node.id + "=" + node.url);
  command.argv.insert(command.argv.end(), {"sh", "-c", line});
  command.timeout = within;
  const auto output = sites::run(command, invocation_.clock);
  if (!output) return {static_cast<int>(Exit::unreachable), output.error().detail};
  return {output->exit_code, trimmed(output->out + output->err)};
}

StepFault Runner::do_command(const ScenarioStep& step) const {
  const Ended ended =
      step.kind == Kind::shell ? shell(step.text, step.within) : run(step.words, step.within);
  if (ended.exit != step.exit) {
    return "expected exit code " + std::to_string(step.exit) + ", got " +
           std::to_string(ended.exit) + ": " + ended.text;
  }
  if (ended.text.find(step.says) == std::string::npos) {
    return "expected it to say '" + step.says + "', got: " + ended.text;
  }
  return std::nullopt;
}

StepFault Runner::succeed(std::vector<std::string> words, Duration within) const {
  const Ended ended = run(std::move(words), within + grace);
  if (ended.exit == 0) return std::nullopt;
  return "expected exit code 0, got " + std::to_string(ended.exit) + ": " + ended.text;
}

// ---- steps --------------------------------------------------------------------------------------

StepFault Runner::bring_up() {
  if (auto fault = succeed({"up", "-f", network_file()}, up_time)) return fault;
  const auto genesis = read_genesis_file(net_folder() + "/genesis.json");
  if (!genesis) return genesis.error().detail;
  traffic_.emplace(params_of(*genesis), nodes_);
  if (scenario_.measures()) traffic_->watch();
  return std::nullopt;
}

StepFault Runner::watch_no_final(Duration time) const {
  std::map<std::string, Height> finals;
  const Time end = invocation_.clock.now() + time;
  for (;;) {
    for (const NodeAddress& node : nodes_) {
      auto client = node.open(short_limits());
      const auto status = client ? client->network() : Result<NodeStatus>(client.error());
      if (!status) continue;
      const auto [known, first] = finals.emplace(node.id, status->final.height);
      if (!first && status->final.height > known->second) {
        return "expected no new final block, got block " + std::to_string(status->final.height) +
               " on node " + node.id;
      }
    }
    if (invocation_.clock.now() >= end) return std::nullopt;
    invocation_.clock.sleep_until(std::min(end, invocation_.clock.now() + step_look_pause));
  }
}

StepFault Runner::check(std::vector<std::string> more) const {
  const std::string file = folder_ + "/acknowledged";
  const Status written =
      write_file(file, traffic_->acknowledged(), {Access::owner, Existing::replace});
  if (!written) return written.error().detail;
  std::vector<std::string> words{"check", "--quiet", "--acked", file};
  words.insert(words.end(), more.begin(), more.end());
  return succeed(std::move(words), growth_time + up_time);
}

StepFault Runner::measure(const ScenarioStep& step) {
  const Time end = invocation_.clock.now() + step.within;
  Figures& figures = result_.figures;
  for (;;) {
    figures = traffic_->figures();
    const bool done = figures.waiting == 0 || (traffic_->is_running() && figures.final_p95);
    if (done || invocation_.clock.now() >= end) break;
    invocation_.clock.sleep_until(std::min(end, invocation_.clock.now() + step_look_pause));
  }
  std::string faults;
  const auto fault = [&](const std::string& what) {
    faults += (faults.empty() ? "expected " : ", ") + what;
  };
  const auto at_most = [&](const char* what, const auto& bound, std::uint64_t figure) {
    if (bound && figure > *bound) fault(std::string(what) + " <= " + std::to_string(*bound));
  };
  const auto in_time = [&](const char* what, const auto& bound, const auto& figure) {
    if (bound && (!figure || *figure > *bound)) {
      fault(std::string(what) + " <= " + std::to_string(bound->count()) + " ms");
    }
  };
  const FigureBounds& bounds = step.bounds;
  if (bounds.acknowledged && figures.acknowledged < *bounds.acknowledged) {
    fault("acknowledged >= " + std::to_string(*bounds.acknowledged));
  }
  in_time("included_p95", bounds.included_p95, figures.included_p95);
  in_time("final_p95", bounds.final_p95, figures.final_p95);
  at_most("orphans", bounds.orphans, figures.orphans);
  at_most("reorgs", bounds.reorgs, figures.reorgs);
  at_most("refused", bounds.refused, figures.refused);
  invocation_.output.say("          " + text(figures));
  if (faults.empty()) return std::nullopt;
  return faults + ", got: " + text(figures);
}

// Everything paid is final everywhere, and nobody has anything to do.
StepFault Runner::settle() const {
  if (auto fault = succeed({"wait", "all: head == same, mempool == 0, state == in_sync",
                            "--timeout", std::to_string(settle_time.count()) + "ms"},
                           settle_time)) {
    return fault;
  }
  const Time end = invocation_.clock.now() + settle_time;
  for (;;) {
    StepFault fault;
    for (const NodeAddress& node : nodes_) {
      auto client = node.open(short_limits());
      const auto status = client ? client->network() : Result<NodeStatus>(client.error());
      if (!status) {
        fault = "node " + node.id + ": " + status.error().detail;
      } else if (status->final != status->head) {
        fault = "expected the head of node " + node.id + " to be final, got block " +
                std::to_string(status->final.height) + " of " + std::to_string(status->head.height);
      }
    }
    if (!fault || invocation_.clock.now() >= end) return fault;
    invocation_.clock.sleep_until(std::min(end, invocation_.clock.now() + step_look_pause));
  }
}

StepFault Runner::do_step(const ScenarioStep& step) {
  switch (step.kind) {
    case Kind::run:
    case Kind::shell:
      return do_command(step);
    case Kind::wait:
      return succeed({"wait", step.text, "--timeout", std::to_string(step.within.count()) + "ms"},
                     step.within);
    case Kind::expect:
      return succeed({"wait", step.text, "--timeout", "1s"}, Duration{1'000});
    case Kind::no_final:
      return watch_no_final(step.within);
    case Kind::traffic:
      traffic_->start(step.traffic);
      return std::nullopt;
    case Kind::still:
      traffic_->stop();
      return std::nullopt;
    case Kind::sleep:
      invocation_.clock.sleep_until(invocation_.clock.now() + step.within);
      return std::nullopt;
    case Kind::check:
      return check({});
    case Kind::measure:
      return measure(step);
  }
  return std::nullopt;
}

// ---- the whole ----------------------------------------------------------------------------------

void Runner::explain(const std::string& step, const std::string& fault, const std::string& where) {
  result_.failure = (where.empty() ? "" : where + ": ") + step + "\n" + fault;
  if (nodes_.empty()) return;
  const Ended status = run({"status"}, grace);
  result_.failure += "\n" + status.text + "\nlogs: " + logs_folder();
}

bool Runner::take(const std::string& text, const std::function<StepFault()>& step,
                  const std::string& where) {
  const Time start = invocation_.clock.now();
  StepFault fault = HeldSignals::came() ? StepFault("interrupted") : step();
  const Time end = invocation_.clock.now();
  if (fault) explain(text, *fault, where);
  result_.steps.push_back({text, !fault, start - begun_, end - start});
  std::string at = rounded_seconds(start - begun_);
  at.insert(0, at.size() < 8 ? 8 - at.size() : 0, ' ');
  invocation_.output.say(at + "  " + (fault ? "FAILED " : "ok     ") + text + "  (" +
                         rounded_seconds(end - start) + ")");
  return !fault;
}

// What every scenario ends with.
bool Runner::finish() {
  const auto heal = [this]() -> StepFault {
    if (scenario_.uses("chaos")) {
      if (auto fault = succeed({"chaos", "heal"}, grace)) return fault;
    }
    return succeed({"up", "-f", network_file()}, up_time);
  };
  const auto grow = [this]() -> StepFault {
    if (!traffic_->is_running()) traffic_->start({});
    return check({"--growing", std::to_string(growth_time.count()) + "ms"});
  };
  const auto rest = [this]() -> StepFault {
    traffic_->stop();
    return settle();
  };
  return take("heal: no faults, all nodes up", heal, "") &&
         take("grow: head and final rise on every node", grow, "") &&
         take("settle: one head, final, nothing waiting", rest, "") &&
         take(
             "check: every invariant, every payment", [this] { return check({}); }, "");
}

void Runner::take_down(const RunOptions& options) {
  if (traffic_) {
    traffic_->stop();
    result_.figures = traffic_->figures();
    traffic_.reset();
  }
  if (options.keep) return;
  if (!result_.passed) keep_logs();
  // Kills whatever names the network's folder in its command line: a copy of a node, too.
  static_cast<void>(run({"down", "--purge"}, up_time));
  if (!result_.passed) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  result_.folder.clear();
}

// The logs outlive the network that failed.
void Runner::keep_logs() const {
  std::error_code ignored;
  std::filesystem::create_directory(logs_folder(), ignored);
  for (const NodeAddress& node : nodes_) {
    std::filesystem::copy_file(net_folder() + "/nodes/" + node.id + "/node.log",
                               logs_folder() + "/" + node.id + ".log", ignored);
  }
}

ScenarioResult Runner::perform(const RunOptions& options) {
  sites::Manifest network = scenario_.network;
  bool good = take(
      "place: free addresses, a folder of its own",
      [&]() -> StepFault {
        if (const Status placed = place(network); !placed) return placed.error().detail;
        const Status written = write_file(network_file(), network_text(network), {});
        if (!written) return written.error().detail;
        for (auto& site : network.sites) {
          for (auto& node : site.nodes) {
            node.host = node.bind;
            nodes_.push_back({node.id, node.url()});
          }
        }
        return std::nullopt;
      },
      "");
  good = good &&
         take(
             "up: " + std::to_string(nodes_.size()) + " nodes", [this] { return bring_up(); }, "");
  for (const ScenarioStep& step : scenario_.steps) {
    good = good && take(
                       std::string(word(step.kind)) + ": " + step.text,
                       [&] { return do_step(step); }, step.where);
  }
  result_.passed = good && finish();
  take_down(options);
  result_.took = invocation_.clock.now() - begun_;
  return std::move(result_);
}

}  // namespace

std::string text(const Figures& figures) {
  const auto time = [](const std::optional<Duration>& figure) {
    return figure ? std::to_string(figure->count()) + " ms" : std::string("-");
  };
  std::string text = std::to_string(figures.acknowledged) + " payments acknowledged";
  if (figures.included_p95) {
    text += ", 95 % on all nodes within " + time(figures.included_p95) + " and final within " +
            time(figures.final_p95) + ", " + std::to_string(figures.waiting) + " not yet";
  }
  text += ", " + std::to_string(figures.orphans) + " orphans, " + std::to_string(figures.reorgs) +
          " reorgs, " + std::to_string(figures.refused) + " refused";
  if (figures.refused > 0) text += " (last: " + figures.refusal + ")";
  return text;
}

Result<ScenarioResult> run_scenario(Invocation& invocation, const Scenario& scenario,
                                    const RunOptions& options) {
  std::error_code failure;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", failure).string();
  if (failure) return error(Errc::io, "cannot find this program's own file: " + failure.message());
  const auto parent = std::filesystem::temp_directory_path(failure);
  std::string folder = (parent / ("aitbc-" + scenario.name + "-XXXXXX")).string();
  if (failure || ::mkdtemp(folder.data()) == nullptr) {
    return error(Errc::io, "cannot make the folder " + folder);
  }
  const HeldSignals signals;
  return Runner(invocation, scenario, program, folder).perform(options);
}

}  // namespace aitbc::cli
