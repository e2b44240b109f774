#include "sites/supervisor.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>

#include "sites/command.hpp"
#include "sites/process.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

constexpr Duration signal_patience{5'000};  // for the kernel to carry out what cannot be refused
constexpr std::size_t log_tail_bytes_max = 16 * 1024;

bool is_run_with(const std::vector<std::string>& argv, const std::vector<std::string>& arguments) {
  return argv.size() == arguments.size() + 1 &&
         std::equal(arguments.begin(), arguments.end(), argv.begin() + 1);
}

fs::path pid_file(const NodeSpec& spec) { return spec.folder / "node.pid"; }

// Not durable and need not be: it means nothing after a boot, and a lost one is searched for.
void remember(const NodeSpec& spec, const ProcessInfo& info) {
  const fs::path part = pid_file(spec).string() + ".part";
  std::ofstream(part, std::ios::trunc) << info.pid << ' ' << info.start_ticks << '\n';
  ::rename(part.c_str(), pid_file(spec).c_str());
}

void forget(const NodeSpec& spec) { ::unlink(pid_file(spec).c_str()); }

std::optional<ProcessInfo> remembered(const NodeSpec& spec) {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;
  if (!(std::ifstream(pid_file(spec)) >> pid >> start_ticks)) return std::nullopt;
  auto info = read_process(pid);
  if (!info || info->start_ticks != start_ticks || !is_run_with(info->argv, spec.arguments)) {
    return std::nullopt;
  }
  return info;
}

// The node's process. Without its file (the starter was killed before it could write it) it is
// looked for among all.
std::optional<ProcessInfo> find(const NodeSpec& spec) {
  if (auto info = remembered(spec)) return info;
  for (const pid_t pid : all_processes()) {
    if (!is_run_with(arguments_of(pid), spec.arguments)) continue;
    auto info = read_process(pid);
    if (info && is_run_with(info->argv, spec.arguments)) {
      remember(spec, *info);
      return info;
    }
  }
  return std::nullopt;
}

Error not_running(const NodeSpec& spec) {
  return error(Errc::refused, "node " + spec.folder.filename().string() + " is not running");
}

Status kill_and_wait(const ProcessHandle& process, Clock& clock) {
  AITBC_TRY(process.signal(SIGKILL));
  if (!process.wait_for_exit(clock, clock.now() + signal_patience)) {
    return error(Errc::timeout, "process " + std::to_string(process.pid()) +
                                    " did not end after SIGKILL; it hangs in the kernel");
  }
  return ok();
}

// Also with further options, as somebody may have started it by hand.
bool is_node_in(const std::vector<std::string>& argv, const fs::path& folder) {
  if (argv.size() < 4 || argv[1] != "node" || argv[2] != "run") return false;
  const std::string prefix = (folder / "").string();
  return std::any_of(argv.begin() + 3, argv.end(), [&](const std::string& word) {
    return word.starts_with(prefix) || word.starts_with("--config=" + prefix);
  });
}

// Sends a stopping or continuing signal and waits until the process is in that state.
Status signal_and_wait(const NodeSpec& spec, Clock& clock, int number, bool stopped) {
  const auto info = find(spec);
  const auto process = info ? ProcessHandle::open(*info) : std::nullopt;
  if (!process) return not_running(spec);
  AITBC_TRY(process->signal(number));
  return wait_until(clock, clock.now() + signal_patience,
                    "process " + std::to_string(info->pid) + (stopped ? " to stop" : " to go on"),
                    [&] {
                      const auto now = read_process(info->pid);
                      return !now || (now->state == 'T') == stopped;
                    });
}

}  // namespace

std::string_view name(ServiceManager manager) {
  switch (manager) {
    case ServiceManager::none:
      return "none";
    case ServiceManager::system:
      return "system";
    case ServiceManager::user:
      return "user";
  }
  AITBC_CHECK(false && "a ServiceManager outside its enumerators");
}

std::string_view name(RunState state) {
  switch (state) {
    case RunState::running:
      return "running";
    case RunState::paused:
      return "paused";
    case RunState::stopped:
      return "stopped";
  }
  AITBC_CHECK(false && "a RunState outside its enumerators");
}

std::vector<std::string> node_arguments(const fs::path& config) {
  return {"node", "run", "--config", config.string()};
}

Status ProcessSupervisor::start(const NodeSpec& spec) {
  if (find(spec)) return ok();
  const fs::path log = spec.folder / "node.log";
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!nothing.is_open() || !output.is_open()) {
    return error(Errc::io, "cannot open " + log.string() + ": " + std::strerror(errno));
  }
  std::vector<std::string> argv{spec.program};
  argv.insert(argv.end(), spec.arguments.begin(), spec.arguments.end());
  // Settings in the caller's environment would be stronger than the config files of all its nodes.
  AITBC_TRY_ASSIGN(const pid_t pid, spawn({.argv = std::move(argv),
                                           .in = nothing.get(),
                                           .out = output.get(),
                                           .err = output.get(),
                                           .new_session = true,
                                           .directory = spec.folder.string(),
                                           .clean_environment = true}));
  // The kernel lets us go on a moment before the new program's arguments can be seen.
  const Time deadline = clock_.now() + signal_patience;
  auto info = read_process(pid);
  while (info && info->argv.empty() && info->state != 'Z' && clock_.now() < deadline) {
    clock_.sleep_until(clock_.now() + Duration{1});
    info = read_process(pid);
  }
  if (info) remember(spec, *info);
  return ok();
}

Result<Stopped> ProcessSupervisor::stop(const NodeSpec& spec, Duration patience) {
  const auto info = find(spec);
  const auto process = info ? ProcessHandle::open(*info) : std::nullopt;
  Stopped outcome = Stopped::already;
  if (process) {
    AITBC_TRY(process->signal(SIGTERM));
    // A paused node hears the request once it runs again. A running one is not sent what it does
    // not need: the exit hooks of leak checkers and debuggers lose their way over a stray SIGCONT.
    if (info->state == 'T') AITBC_TRY(process->signal(SIGCONT));
    outcome = Stopped::by_itself;
    if (!process->wait_for_exit(clock_, clock_.now() + patience)) {
      outcome = Stopped::killed;
      AITBC_TRY(kill_and_wait(*process, clock_));
    }
  }
  forget(spec);
  return outcome;
}

Status ProcessSupervisor::kill(const NodeSpec& spec) {
  const auto info = find(spec);
  const auto process = info ? ProcessHandle::open(*info) : std::nullopt;
  if (process) AITBC_TRY(kill_and_wait(*process, clock_));
  forget(spec);
  return ok();
}

Status ProcessSupervisor::pause(const NodeSpec& spec) {
  return signal_and_wait(spec, clock_, SIGSTOP, true);
}

Status ProcessSupervisor::resume(const NodeSpec& spec) {
  return signal_and_wait(spec, clock_, SIGCONT, false);
}

Result<RunState> ProcessSupervisor::state(const NodeSpec& spec) {
  const auto info = find(spec);
  if (!info) return RunState::stopped;
  return info->state == 'T' ? RunState::paused : RunState::running;
}

Result<std::optional<ProcessFacts>> ProcessSupervisor::facts(const NodeSpec& spec) {
  const auto info = find(spec);
  if (!info) return std::optional<ProcessFacts>{};
  return std::optional<ProcessFacts>(
      {info->pid, info->program, info->uptime, info->cpu_time, info->rss_bytes});
}

std::string ProcessSupervisor::log_tail(const NodeSpec& spec, std::size_t lines) {
  std::ifstream log(spec.folder / "node.log", std::ios::binary | std::ios::ate);
  if (!log) return {};
  const auto size = static_cast<std::size_t>(log.tellg());
  std::string text(std::min(size, log_tail_bytes_max), '\0');
  log.seekg(static_cast<std::streamoff>(size - text.size()));
  log.read(text.data(), static_cast<std::streamsize>(text.size()));
  std::size_t start = text.size();
  if (start > 0 && text.back() == '\n') --start;
  for (; lines > 0 && start != std::string::npos && start > 0; --lines) {
    start = text.rfind('\n', start - 1);
  }
  return start == std::string::npos || start == 0 ? text : text.substr(start + 1);
}

Result<std::size_t> ProcessSupervisor::kill_all_in(const fs::path& folder) {
  std::size_t killed = 0;
  for (const pid_t pid : all_processes()) {
    if (!is_node_in(arguments_of(pid), folder)) continue;
    const auto info = read_process(pid);
    if (!info || !is_node_in(info->argv, folder)) continue;
    const auto process = ProcessHandle::open(*info);
    if (!process) continue;
    AITBC_TRY(kill_and_wait(*process, clock_));
    ++killed;
  }
  return killed;
}

}  // namespace aitbc::sites
