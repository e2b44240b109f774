#include "cli/progress.hpp"

#include <unistd.h>

#include <cstdlib>
#include <ostream>

namespace aitbc::cli {

namespace {

std::string seconds_text(std::chrono::steady_clock::duration spent) {
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(spent).count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

Progress::Progress(std::ostream& out, Kind kind)
    : Progress(out, kind, [] { return std::chrono::steady_clock::now(); }) {}

Progress::Progress(std::ostream& out, Kind kind, Now now)
    : out_(out), kind_(kind), now_(now), started_(now()) {}

void Progress::step(std::string_view what, std::size_t done, std::size_t total) {
  if (kind_ == Kind::silent) return;
  std::string text = "[" + std::to_string(done) + "/" + std::to_string(total) + "] ";
  text += what;
  if (kind_ == Kind::terminal) {
    out_ << "\r\x1b[K" << text << "  " << seconds_text(now_() - started_) << std::flush;
  } else if (text != last_) {
    out_ << text << '\n' << std::flush;
  }
  last_ = std::move(text);
}

void Progress::finish() {
  if (kind_ == Kind::terminal && !last_.empty()) out_ << "\r\x1b[K" << std::flush;
  last_.clear();
}

Progress::Kind progress_kind(bool quiet) {
  if (quiet) return Progress::Kind::silent;
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return ::isatty(STDERR_FILENO) == 1 && !dumb ? Progress::Kind::terminal : Progress::Kind::lines;
}

}  // namespace aitbc::cli
