#pragma once
// A program that talks to somebody at a terminal: stdin and stderr are a pseudo-terminal, stdout is
// a file. It cannot outlive the test. One thread.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/process.hpp"

namespace aitbc::test {

class Terminal {
 public:
  Terminal(std::vector<std::string> argv, std::string out)
      : out_(std::move(out)), person_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)) {
    AITBC_CHECK(person_.get() >= 0 && ::grantpt(person_.get()) == 0 &&
                ::unlockpt(person_.get()) == 0);
    program_ = sites::Descriptor(
        ::open(::ptsname(person_.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));  // NOLINT: one thread
    const sites::Descriptor out_file(
        ::open(out_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    sites::Spawn how;
    how.argv = std::move(argv);
    how.argv.insert(how.argv.begin(), {"env", "TERM=xterm"});
    how.in = program_.get();
    how.out = out_file.get();
    how.err = program_.get();
    how.new_session = true;
    const auto pid = sites::spawn(how);
    AITBC_CHECK(pid.has_value());
    pid_ = *pid;
  }
  ~Terminal() {
    if (!ended_) ::kill(pid_, SIGKILL);
    if (!ended_) ::waitpid(pid_, nullptr, 0);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // Whether `text` comes after what was waited for before.
  bool shows(const std::string& text) {
    return eventually([&] {
      look();
      const std::size_t found = shown_.find(text, seen_);
      if (found == std::string::npos) return false;
      seen_ = found + text.size();
      return true;
    });
  }
  void type(const std::string& keys) {
    AITBC_CHECK(::write(person_.get(), keys.data(), keys.size()) ==
                static_cast<ssize_t>(keys.size()));
  }
  const std::string& shown() const { return shown_; }
  std::string out() const { return read_text(out_); }
  // How the program left the terminal: with echo, and control-C as a signal.
  bool is_as_before() const {
    termios now{};
    return ::tcgetattr(program_.get(), &now) == 0 && (now.c_lflag & ECHO) != 0 &&
           (now.c_lflag & ISIG) != 0;
  }
  // The exit code; nullopt if it does not end.
  std::optional<int> wait() {
    std::optional<int> code;
    static_cast<void>(eventually([&] {
      look();
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) != pid_) return false;
      ended_ = true;
      code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      return true;
    }));
    look();
    return code;
  }

 private:
  void look() {
    char buffer[4'096];
    for (;;) {
      const ssize_t got = ::read(person_.get(), buffer, sizeof buffer);
      if (got <= 0) return;
      shown_.append(buffer, static_cast<std::size_t>(got));
    }
  }

  std::string out_, shown_;
  std::size_t seen_ = 0;
  sites::Descriptor person_, program_;  // the two ends; the second stays open, to be looked at
  pid_t pid_ = -1;
  bool ended_ = false;
};

}  // namespace aitbc::test
