#pragma once
// A program that runs at one end of a pseudo-terminal; the test is the person at the other. It
// cannot outlive the test. One thread.

#include <unistd.h>

#include <csignal>

#include "tests/support/process.hpp"

namespace aitbc::test {

class AtTerminal {
 public:
  AtTerminal(const AtTerminal&) = delete;
  AtTerminal& operator=(const AtTerminal&) = delete;

  void type(const std::string& keys) {
    AITBC_CHECK(::write(person_.get(), keys.data(), keys.size()) ==
                static_cast<ssize_t>(keys.size()));
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

 protected:
  AtTerminal() = default;
  // With all that it started there.
  ~AtTerminal() {
    if (pid_ <= 0 || ended_) return;
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  virtual void said(std::string_view bytes) = 0;
  void look() {
    char buffer[4'096];
    for (;;) {
      const ssize_t got = ::read(person_.get(), buffer, sizeof buffer);
      if (got <= 0) return;
      said({buffer, static_cast<std::size_t>(got)});
    }
  }

  sites::Descriptor person_;
  pid_t pid_ = -1;

 private:
  bool ended_ = false;
};

}  // namespace aitbc::test
