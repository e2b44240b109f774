#include "cli/log_lines.hpp"

#include <algorithm>
#include <regex>

#include "rpc/json.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t pattern_bytes_max = 256;
constexpr std::size_t line_bytes_max = 64 * 1024;
// What every line has: told first, or not worth telling.
constexpr std::string_view placing_fields[] = {"timestamp", "service",  "level", "logger",
                                               "module",    "function", "line",  "event",
                                               "node",      "message"};

std::vector<LogLine> take_lines(const std::string& node, std::string& partial) {
  std::vector<LogLine> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = partial.find('\n', begin)) != std::string::npos; begin = end + 1) {
    if (end > begin) lines.push_back(read_log_line(node, partial.substr(begin, end - begin)));
  }
  partial.erase(0, begin);
  if (partial.size() > line_bytes_max) partial.clear();
  return lines;
}

}  // namespace

LogLine read_log_line(std::string node, std::string text) {
  LogLine line{std::move(node), std::move(text), std::nullopt};
  const auto json = rpc::parse_json(line.text);
  if (json && json->is_object()) {
    const auto time = json->find("timestamp");
    if (time != json->end() && time->is_string()) {
      line.time = rpc::parse_iso(time->get_ref<const std::string&>());
    }
  }
  return line;
}

std::string readable(const LogLine& line) {
  const auto json = rpc::parse_json(line.text);
  if (!json || !json->is_object() || !line.time) return line.text;
  std::string text = to_time_of_day(*line.time);
  const auto word = [&](const char* name) {
    const auto found = json->find(name);
    const bool is_text = found != json->end() && found->is_string();
    return is_text ? found->get<std::string>() : std::string("-");
  };
  text += " " + word("level") + " " + word("event");
  for (const auto& [name, value] : json->items()) {
    const auto known = std::find(std::begin(placing_fields), std::end(placing_fields), name);
    if (known != std::end(placing_fields)) continue;
    text += " " + name + "=" + (value.is_string() ? value.get<std::string>() : rpc::dump(value));
  }
  return text;
}

class LogFilter::Pattern {
 public:
  explicit Pattern(const std::string& text) : expression_(text, std::regex::optimize) {}
  bool found_in(const std::string& line) const {
    // The library recurses once a character, so a long line could exhaust the stack.
    try {
      return std::regex_search(
          line.begin(),
          line.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(line.size(), 4'096)),
          expression_);
    } catch (const std::regex_error&) {
      return false;
    }
  }

 private:
  std::regex expression_;
};

Result<LogFilter> LogFilter::make(const std::optional<std::string>& match,
                                  std::optional<Time> since) {
  LogFilter filter;
  filter.since_ = since;
  if (match) {
    if (match->size() > pattern_bytes_max) {
      return error(Errc::bad_config, "--match: longer than " + std::to_string(pattern_bytes_max));
    }
    try {
      filter.pattern_ = std::make_shared<const Pattern>(*match);
    } catch (const std::regex_error&) {
      return error(Errc::bad_config, "--match: '" + *match + "' is no regular expression");
    }
  }
  return filter;
}

bool LogFilter::admits(const LogLine& line) const {
  if (since_ && (!line.time || *line.time < *since_)) return false;
  return pattern_ == nullptr || pattern_->found_in(line.text);
}

Result<std::vector<LogLine>> LogTail::read_new(std::size_t bytes_max) {
  AITBC_TRY_ASSIGN(sites::Growth fresh, files_->read_on(path_, mark_, bytes_max));
  mark_ = fresh.mark;
  // The rest of a line that began before.
  if (fresh.cut) fresh.bytes.erase(0, fresh.bytes.find('\n') + 1);
  partial_ += fresh.bytes;
  std::vector<LogLine> lines = take_lines(node_, partial_);
  for (LogLine& line : lines) {
    if (line.time) *line.time -= ahead_;
  }
  return lines;
}

Result<LogTail> open_log(sites::Network& network, const std::string& node) {
  AITBC_TRY_ASSIGN(const sites::Network::Place place, network.place_of(node));
  return LogTail(node, place.layout.log(node), place.provider.transport,
                 place.provider.clock_ahead);
}

std::vector<LogLine> merge_last(std::vector<std::vector<LogLine>> logs, std::size_t count) {
  struct Placed {
    Time time;
    LogLine line;
  };
  std::vector<Placed> placed;
  for (auto& log : logs) {
    Time last{};
    for (LogLine& line : log) {
      last = std::max(last, line.time.value_or(last));
      placed.push_back({last, std::move(line)});
    }
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.time < b.time; });
  const std::size_t skipped = placed.size() > count ? placed.size() - count : 0;
  std::vector<LogLine> merged;
  for (std::size_t i = skipped; i < placed.size(); ++i) merged.push_back(std::move(placed[i].line));
  return merged;
}

}  // namespace aitbc::cli
