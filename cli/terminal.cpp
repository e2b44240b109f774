#include "cli/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>

namespace aitbc::cli {

namespace {

// The second screen, no cursor, no new line behind the last column.
constexpr std::string_view enter_codes = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view leave_codes = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";

}  // namespace

Status Terminal::check() {
  const char* const kind = std::getenv("TERM");
  const bool dumb = kind == nullptr || *kind == 0 || std::string_view(kind) == "dumb";
  if (::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1 && !dumb) return ok();
  return error(Errc::bad_config,
               std::string(dumb ? "TERM names no terminal that can be drawn on"
                                : "stdin and stdout must be a terminal") +
                   "; for a pipe or a log use: aitbc status --watch, or aitbc top --json");
}

Terminal::Terminal() {
  AITBC_CHECK(::tcgetattr(STDIN_FILENO, &before_) == 0);
  enter();
}

void Terminal::enter() {
  termios raw = before_;
  // Keys come one by one, and those of signals as keys; output goes as it is.
  raw.c_iflag &= ~static_cast<tcflag_t>(ICRNL | INLCR | IXON | ISTRIP);
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
  raw.c_oflag &= ~static_cast<tcflag_t>(OPOST);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  entered_ = true;
  write(enter_codes);
}

void Terminal::leave() {
  if (!entered_) return;
  entered_ = false;
  write(leave_codes);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

ScreenSize Terminal::size() const {
  winsize told{};
  const bool known =
      ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &told) == 0 && told.ws_col > 0 && told.ws_row > 0;
  return known ? ScreenSize{told.ws_col, told.ws_row} : ScreenSize{};
}

std::string Terminal::read(bool& ended) {
  std::array<char, 1024> bytes;
  const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
  if (got > 0) return {bytes.data(), static_cast<std::size_t>(got)};
  // A terminal without a reader's side says nothing for ever, or fails.
  pollfd state{STDIN_FILENO, POLLIN, 0};
  const bool gone = ::poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
  ended = gone || (got < 0 && errno != EINTR && errno != EAGAIN);
  return {};
}

bool Terminal::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (written < 0 && errno == EAGAIN) {
      pollfd room{STDOUT_FILENO, POLLOUT, 0};
      static_cast<void>(::poll(&room, 1, -1));
    } else if (written == 0 || errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace aitbc::cli
