#include "cli/log.hpp"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "chain/core/time.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t log_file_bytes_max = 16 * 1024 * 1024;  // then another one is begun
constexpr std::size_t old_files_max = 4;

Time wall_clock() {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

spdlog::level::level_enum level_of(Log::Level level) {
  switch (level) {
    case Log::Level::debug:
      return spdlog::level::debug;
    case Log::Level::info:
      return spdlog::level::info;
    case Log::Level::warn:
      return spdlog::level::warn;
    case Log::Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

rpc::Json json_of(const Log::Value& value) {
  return std::visit([](const auto& held) { return rpc::Json(held); }, value);
}

// The fields of a line are those that the predecessor wrote, and its words for what both do: what
// reads logs today goes on reading them.
std::string_view predecessors_word(Log::Level level) {
  switch (level) {
    case Log::Level::debug:
      return "DEBUG";
    case Log::Level::info:
      return "INFO";
    case Log::Level::warn:
      return "WARNING";
    case Log::Level::error:
      return "ERROR";
  }
  return "ERROR";
}

constexpr std::pair<std::string_view, std::string_view> predecessors_sentences[] = {
    {"audit_event", "audit_event"},
    {"block_sealed", "Proposed block"},
    {"block_imported", "Imported block"},
    {"reorg", "Chain reorg performed"},
    {"finality_conflict", "Fork detected"},
    {"node_started", "Blockchain node started"},
    {"node_stopped", "Blockchain node stopped"},
};

std::string sentence_of(std::string_view event) {
  for (const auto& [ours, sentence] : predecessors_sentences) {
    if (event == ours) return std::string(sentence);
  }
  std::string words(event);
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

struct Place {
  std::string_view folder, file;  // sync, runner
};
Place source_place(std::string_view path) {
  const std::size_t name = path.rfind('/') + 1;
  const std::string_view file = path.substr(name);
  std::string_view folder = path.substr(0, name == 0 ? 0 : name - 1);
  folder.remove_prefix(folder.rfind('/') + 1);
  return {folder, file.substr(0, file.rfind('.'))};
}

// A point in a name makes an object.
void put(rpc::Json& object, std::string_view name, rpc::Json value) {
  const std::size_t point = name.find('.');
  rpc::Json& field = object[std::string(name.substr(0, point))];
  if (point == std::string_view::npos) {
    field = std::move(value);
  } else {
    put(field, name.substr(point + 1), std::move(value));
  }
}

class LineLog final : public Log {
 public:
  explicit LineLog(LogOptions options)
      : options_(std::move(options)), logger_("aitbc", sink_of(options_)) {
    // The line is finished when spdlog gets it: nothing a peer sent passes through its patterns.
    logger_.set_pattern("%v", spdlog::pattern_time_type::utc);
    logger_.set_level(level_of(options_.level));
    logger_.flush_on(spdlog::level::debug);
    logger_.set_error_handler([](const std::string&) {});
  }

  void write(Level level, std::string_view event, Fields fields, const Origin& origin) override {
    if (level < options_.level) return;
    const std::string line = options_.format == LogFormat::json
                                 ? json_line(level, event, fields, origin)
                                 : text_line(level, event, fields);
    logger_.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  static spdlog::sink_ptr sink_of(const LogOptions& options) {
    if (options.into != nullptr) {
      return std::make_shared<spdlog::sinks::ostream_sink_mt>(*options.into);
    }
    if (!options.file.empty()) {
      return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, log_file_bytes_max, old_files_max);
    }
    return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }

  std::string json_line(Level level, std::string_view event, Fields fields,
                        const Origin& origin) const {
    const auto [folder, file] = source_place(origin.file);
    rpc::Json line;
    line["timestamp"] = to_iso(wall_clock());
    line["service"] = "aitbc-blockchain-node";
    line["level"] = predecessors_word(level);
    line["logger"] = "aitbc." + std::string(folder);
    line["module"] = file;
    line["function"] = origin.function;
    line["line"] = origin.line;
    line["message"] = sentence_of(event);
    line["event"] = event;
    if (!options_.node.empty()) line["node"] = options_.node;
    for (const Field& field : fields) put(line, field.name, json_of(field.value));
    return rpc::dump(line);
  }

  std::string text_line(Level level, std::string_view event, Fields fields) const {
    std::string line = to_iso(wall_clock());
    line += ' ';
    line += name(level);
    line.append(6 - name(level).size(), ' ');
    line += event;
    // A JSON string has no raw control characters, so no field can move the cursor.
    for (const Field& field : fields) {
      line += ' ';
      line += field.name;
      line += '=';
      line += rpc::dump(json_of(field.value));
    }
    return line;
  }

  const LogOptions options_;
  spdlog::logger logger_;
};

}  // namespace

std::unique_ptr<Log> make_log(LogOptions options) {
  return std::make_unique<LineLog>(std::move(options));
}

Result<std::unique_ptr<Log>> open_log_file(const std::string& path, const std::string& node) {
  // Made here, as the library would make it for everybody to read.
  const int made = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (made >= 0) ::close(made);
  try {
    return make_log({.node = node, .file = path});
  } catch (const spdlog::spdlog_ex& failure) {
    return error(Errc::bad_config, "cannot write " + path + ": " + failure.what());
  }
}

Result<Log::Level> parse_log_level(std::string_view text) {
  for (const auto level :
       {Log::Level::debug, Log::Level::info, Log::Level::warn, Log::Level::error}) {
    if (text == name(level)) return level;
  }
  return error(Errc::bad_config, "expected a log level (debug, info, warn or error), got '" +
                                     std::string(text) + "'");
}

std::string_view name(Log::Level level) {
  switch (level) {
    case Log::Level::debug:
      return "debug";
    case Log::Level::info:
      return "info";
    case Log::Level::warn:
      return "warn";
    case Log::Level::error:
      return "error";
  }
  AITBC_CHECK(false && "a level outside its enumerators");
}

LogFormat log_format_of_stderr() {
  return ::isatty(STDERR_FILENO) == 1 ? LogFormat::text : LogFormat::json;
}

}  // namespace aitbc::cli
