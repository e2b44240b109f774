#pragma once
// The logs of nodes as `aitbc logs` shows them: the last lines that match, of several files, in the
// order of their times, and then what is appended. A file that is cut or replaced is read from its
// beginning again. One thread per object.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/core/result.hpp"
#include "chain/core/time.hpp"
#include "sites/network.hpp"

namespace aitbc::cli {

struct LogLine {
  std::string node;
  std::string text;          // without its line end
  std::optional<Time> time;  // of a JSON line that has one
};

LogLine read_log_line(std::string node, std::string text);
// For people: time of day, level, event and its fields, without where in the program it was logged;
// a line that is no JSON object as it is.
std::string readable(const LogLine& line);

// Decides which lines are shown.
class LogFilter {
 public:
  // bad_config for an expression that is none; `match` is ECMAScript, searched anywhere in a line.
  static Result<LogFilter> make(const std::optional<std::string>& match, std::optional<Time> since);
  bool admits(const LogLine& line) const;

 private:
  class Pattern;
  std::shared_ptr<const Pattern> pattern_;
  std::optional<Time> since_;
};

// Follows one file, on whichever machine. That one's clock is `ahead` of this one's: times are told
// as this one's.
class LogTail {
 public:
  LogTail(std::string node, std::filesystem::path path, sites::Transport& files,
          Duration ahead = Duration{0})
      : node_(std::move(node)), path_(std::move(path)), files_(&files), ahead_(ahead) {}

  const std::string& node() const { return node_; }
  // The whole lines since the last call; at most about `bytes_max` of the file's end at the first.
  Result<std::vector<LogLine>> read_new(std::size_t bytes_max);

 private:
  std::string node_;
  std::filesystem::path path_;
  sites::Transport* files_;
  Duration ahead_;
  std::string partial_;
  sites::Mark mark_;
};

// Of a node of the network, wherever it lives. not_found; unreachable.
Result<LogTail> open_log(sites::Network& network, const std::string& node);

// By time, lines without one staying behind their predecessor; then the last `count`.
std::vector<LogLine> merge_last(std::vector<std::vector<LogLine>> logs, std::size_t count);

}  // namespace aitbc::cli
