#include "cli/log.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <chrono>

#include "chain/core/time.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

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

  void write(Level level, std::string_view event, Fields fields) override {
    if (level < options_.level) return;
    const std::string line = options_.format == LogFormat::json ? json_line(level, event, fields)
                                                                : text_line(level, event, fields);
    logger_.log(level_of(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  static spdlog::sink_ptr sink_of(const LogOptions& options) {
    if (options.into != nullptr) {
      return std::make_shared<spdlog::sinks::ostream_sink_mt>(*options.into);
    }
    return std::make_shared<spdlog::sinks::stderr_sink_mt>();
  }

  std::string json_line(Level level, std::string_view event, Fields fields) const {
    rpc::Json line;
    line["time"] = to_iso(wall_clock());
    line["level"] = name(level);
    line["event"] = event;
    if (!options_.node.empty()) line["node"] = options_.node;
    for (const Field& field : fields) line[std::string(field.name)] = json_of(field.value);
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
