#include "sites/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <sstream>

namespace aitbc::sites {

namespace {

// A file of /proc, whole; empty if it is not there.
std::string read_proc(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4'096> buffer{};
  while (file.is_open()) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Duration ticks(std::uint64_t count) {
  static const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return Duration{static_cast<Duration::rep>(count * 1'000 / per_second)};
}

Duration since_boot() {
  double seconds = 0;
  std::istringstream(read_proc("/proc/uptime")) >> seconds;
  return Duration{static_cast<Duration::rep>(seconds * 1'000)};
}

std::vector<std::string> split_arguments(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\0', start), text.size());
    words.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return words;
}

}  // namespace

// By number: the C library's declarations of these two are not yet usable from C++ everywhere.
Descriptor open_pidfd(pid_t pid) {
  return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

std::optional<ProcessInfo> read_process(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  const std::string stat = read_proc(folder + "/stat");
  // The second field is the program's name in parentheses and may hold anything, also ')'.
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(stat.substr(name_end + 1));
  ProcessInfo info;
  info.pid = pid;
  fields >> info.state;
  std::string skipped;
  const auto skip = [&](int count) {
    for (int i = 0; i < count; ++i) fields >> skipped;
  };
  std::uint64_t user = 0, system = 0, rss_pages = 0;
  skip(10);  // fields 4 to 13
  fields >> user >> system;
  skip(6);  // fields 16 to 21
  fields >> info.start_ticks >> skipped >> rss_pages;
  if (!fields) return std::nullopt;
  info.cpu_time = ticks(user + system);
  info.uptime = std::max(Duration{0}, since_boot() - ticks(info.start_ticks));
  info.rss_bytes = rss_pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::error_code refused;
  info.program = std::filesystem::read_symlink(folder + "/exe", refused).string();
  info.argv = arguments_of(pid);
  return info;
}

std::vector<std::string> arguments_of(pid_t pid) {
  return split_arguments(read_proc("/proc/" + std::to_string(pid) + "/cmdline"));
}

std::vector<pid_t> all_processes() {
  std::vector<pid_t> pids;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    const std::string text = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (bad == std::errc{} && end == text.data() + text.size()) pids.push_back(pid);
  }
  return pids;
}

std::optional<ProcessHandle> ProcessHandle::open(const ProcessInfo& info) {
  Descriptor descriptor = open_pidfd(info.pid);
  if (!descriptor.is_open()) return std::nullopt;
  // Now that the handle holds on to one process, see whether it is the one that was meant.
  const auto held = read_process(info.pid);
  if (!held || held->start_ticks != info.start_ticks) return std::nullopt;
  return ProcessHandle(info.pid, std::move(descriptor));
}

Status ProcessHandle::signal(int number) const {
  const int fd = descriptor_.get();
  if (::syscall(SYS_pidfd_send_signal, fd, number, nullptr, 0) == 0 || errno == ESRCH) return ok();
  return error(Errc::io,
               "cannot signal process " + std::to_string(pid_) + ": " + std::strerror(errno));
}

bool ProcessHandle::wait_for_exit(Clock& clock, Time deadline) const {
  while (true) {
    pollfd wait{descriptor_.get(), POLLIN, 0};
    const auto left = std::max((deadline - clock.now()).count(), Duration::rep{0});
    const int timeout = static_cast<int>(std::min(left, Duration::rep{1'000}));
    if (::poll(&wait, 1, timeout) > 0) {
      // If it was our own child it would otherwise stay in the process table.
      ::waitpid(pid_, nullptr, WNOHANG);
      return true;
    }
    if (clock.now() >= deadline) return false;
  }
}

}  // namespace aitbc::sites
