#pragma once
// What long work is doing: on a terminal one line that is rewritten (done/total, what is waited
// for, seconds so far), elsewhere one line for each new step. Goes to stderr. Main thread only.

#include <chrono>
#include <iosfwd>
#include <string>
#include <string_view>

namespace aitbc::cli {

class Progress {
 public:
  enum class Kind { terminal, lines, silent };
  using Now = std::chrono::steady_clock::time_point (*)();

  Progress(std::ostream& out, Kind kind);
  Progress(std::ostream& out, Kind kind, Now now);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Called as often as one likes: a step that says nothing new prints nothing new elsewhere than on
  // a terminal.
  void step(std::string_view what, std::size_t done, std::size_t total);
  // Takes the terminal's line away again.
  void finish();

 private:
  std::ostream& out_;
  Kind kind_;
  Now now_;
  std::chrono::steady_clock::time_point started_;
  std::string last_;
};

// Whether stderr is a terminal that can rewrite a line.
Progress::Kind progress_kind(bool quiet);

}  // namespace aitbc::cli
