#include "cli/output.hpp"

#include <algorithm>
#include <ostream>

#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

// Much of what is printed comes from nodes, and a terminal obeys control characters.
std::string printable(std::string_view text) {
  std::string safe(text);
  for (char& c : safe) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7f) c = '?';
  }
  return safe;
}

}  // namespace

void Output::line(std::string_view text) {
  if (!json_) out_ << printable(text) << '\n' << std::flush;
}

void Output::document(std::string_view json) {
  if (json_) out_ << json << '\n' << std::flush;
}

void Output::say(std::string_view text) {
  if (!quiet_) talk_ << printable(text) << '\n' << std::flush;
}

void Output::fail(const Failure& failure) { fail(name(failure.error.code), failure.error.detail); }

void Output::fail_usage(std::string_view detail) { fail("usage", detail); }

void Output::fail(std::string_view code, std::string_view detail) {
  rpc::Json error;
  error["code"] = code;
  error["detail"] = detail;
  rpc::Json answer;
  answer["error"] = std::move(error);
  document(rpc::dump(answer));
  talk_ << "aitbc: " << printable(detail) << '\n' << std::flush;
}

bool Output::wanted() const { return out_.good(); }

namespace {

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;  // not a continuation byte
  }));
}

}  // namespace

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    if (!text.empty()) text += '\n';
    text += line;
  }
  return text;
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace aitbc::cli
