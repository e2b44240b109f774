#pragma once
// The log of a process, to stderr: JSON lines for machines, text when stderr is a terminal. A line
// is one line whatever a field holds. Thread-safe, synchronous: a crash loses nothing written.

#include <iosfwd>
#include <memory>
#include <string>

#include "chain/core/result.hpp"
#include "chain/log.hpp"

namespace aitbc::cli {

enum class LogFormat { json, text };

struct LogOptions {
  Log::Level level = Log::Level::info;
  LogFormat format = LogFormat::json;
  std::string node;              // every line's "node"; left out when empty
  std::ostream* into = nullptr;  // instead of stderr
  std::string file = {};         // likewise
};

std::unique_ptr<Log> make_log(LogOptions options);

// JSON lines for the owner's eyes alone, appended; a file of 16 MiB is put aside, four are kept.
// bad_config when it cannot be written.
Result<std::unique_ptr<Log>> open_log_file(const std::string& path, const std::string& node);

// bad_config for anything but debug, info, warn and error: a typo must not silence a node.
Result<Log::Level> parse_log_level(std::string_view text);
std::string_view name(Log::Level level);

// Text on a terminal, JSON otherwise.
LogFormat log_format_of_stderr();

}  // namespace aitbc::cli
