#pragma once
// A program of ours that a test starts and ends: it cannot outlive the test, and what it writes to
// stderr can be read while it runs. One thread.

#include <fcntl.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "sites/command.hpp"
#include "sites/descriptor.hpp"
#include "tests/support/eventually.hpp"

namespace aitbc::test {

inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Process {
 public:
  // stdout and stderr go to the file `log`.
  Process(std::vector<std::string> argv, std::string log) : log_(std::move(log)) {
    const sites::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const sites::Descriptor out(
        ::open(log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    sites::Spawn how;
    how.argv = std::move(argv);
    how.in = nothing.get();
    how.out = out.get();
    how.err = out.get();
    const auto pid = sites::spawn(how);
    AITBC_CHECK(pid.has_value());
    pid_ = *pid;
  }
  ~Process() {
    if (!exit_) end(SIGKILL);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  std::string log() const { return read_text(log_); }
  bool logged(const std::string& text) const { return log().find(text) != std::string::npos; }

  // Its exit code, 128 + signal if it was killed; nullopt while it runs.
  std::optional<int> exit() {
    int status = 0;
    if (!exit_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return exit_;
  }
  std::optional<int> wait() {
    static_cast<void>(eventually([&] { return exit().has_value(); }));
    return exit_;
  }
  std::optional<int> end(int signal) {
    if (!exit()) ::kill(pid_, signal);
    return wait();
  }

 private:
  std::string log_;
  pid_t pid_ = -1;
  std::optional<int> exit_;
};

}  // namespace aitbc::test
