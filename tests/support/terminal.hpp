#pragma once
// A program that talks to somebody at a terminal: stdin and stderr are one, stdout is a file.

#include <fcntl.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/support/at_terminal.hpp"

namespace aitbc::test {

class Terminal final : public AtTerminal {
 public:
  Terminal(std::vector<std::string> argv, std::string out) : out_(std::move(out)) {
    person_ = sites::Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
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
  const std::string& shown() const { return shown_; }
  std::string out() const { return read_text(out_); }
  // How the program left the terminal: with echo, and control-C as a signal.
  bool is_as_before() const {
    termios now{};
    return ::tcgetattr(program_.get(), &now) == 0 && (now.c_lflag & ECHO) != 0 &&
           (now.c_lflag & ISIG) != 0;
  }

 private:
  void said(std::string_view bytes) override { shown_.append(bytes); }

  std::string out_, shown_;
  std::size_t seen_ = 0;
  sites::Descriptor program_;  // its end, which stays open to be looked at
};

}  // namespace aitbc::test
