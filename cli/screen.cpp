#include "cli/screen.hpp"

#include <algorithm>

namespace aitbc::cli {

namespace {

constexpr std::string_view begin_update = "\x1b[?2026h";  // terminals that do not know it ignore it
constexpr std::string_view end_update = "\x1b[?2026l";
constexpr std::string_view erase_screen = "\x1b[0m\x1b[2J";
constexpr std::string_view erase_rest = "\x1b[K";
constexpr std::string_view no_style = "\x1b[0m";

std::string_view code_of(Style style, bool colours) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::dim:
      return "\x1b[2m";
    case Style::strong:
      return "\x1b[1m";
    case Style::good:
      return colours ? "\x1b[32m" : "";
    case Style::warn:
      return colours ? "\x1b[33m" : "\x1b[1m";
    case Style::bad:
      return colours ? "\x1b[1;31m" : "\x1b[1m";
    case Style::bar:
    case Style::chosen:
      return "\x1b[7m";
  }
  return "";
}

}  // namespace

std::string cells_of(std::string_view text) {
  std::string cells;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xc0u) == 0x80u;  // a character of several bytes
    if (byte >= 0x20 && byte < 0x7f) {
      cells += c;
    } else if (!continues) {
      cells += '?';
    }
  }
  return cells;
}

ScreenLine& ScreenLine::add(std::string_view text, Style style) {
  std::string cells = cells_of(text).substr(0, columns_ - width_);
  if (cells.empty()) return *this;
  width_ += cells.size();
  if (!spans_.empty() && spans_.back().style == style) {
    spans_.back().text += cells;
  } else {
    spans_.push_back({style, std::move(cells)});
  }
  return *this;
}

ScreenLine& ScreenLine::pad_to(std::size_t column, Style style) {
  return column > width_ ? add(std::string(column - width_, ' '), style) : *this;
}

std::string ScreenLine::text() const {
  std::string text;
  for (const Span& span : spans_) text += span.text;
  return text;
}

std::string Painter::bytes_of(const ScreenLine& line) const {
  std::string bytes;
  for (const Span& span : line.spans()) {
    const std::string_view code = code_of(span.style, colours_);
    bytes += code;
    bytes += span.text;
    if (!code.empty()) bytes += no_style;
  }
  // At the end of a full line the last cell itself would be erased.
  if (line.width() < line.columns()) bytes += erase_rest;
  return bytes;
}

std::string Painter::paint(const Screen& screen) {
  std::vector<ScreenLine> lines = screen.lines;
  lines.resize(screen.size.rows, ScreenLine(screen.size.columns));
  std::string bytes;
  if (!known_ || screen.size != size_) {
    bytes += erase_screen;
    shown_.assign(lines.size(), ScreenLine(screen.size.columns));
  }
  for (std::size_t row = 0; row < lines.size(); ++row) {
    if (lines[row] == shown_[row]) continue;
    bytes += "\x1b[" + std::to_string(row + 1) + ";1H" + bytes_of(lines[row]);
  }
  known_ = true;
  size_ = screen.size;
  shown_ = std::move(lines);
  if (bytes.empty()) return bytes;
  return std::string(begin_update) + bytes + std::string(end_update);
}

}  // namespace aitbc::cli
