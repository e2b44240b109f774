#pragma once
// What a full-screen command shows, as values: lines of styled text, one byte a cell. And how a
// terminal is told to show it: only the lines that changed. Pure; one thread.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace aitbc::cli {

enum class Style { plain, dim, strong, good, warn, bad, bar, chosen };

struct Span {
  Style style = Style::plain;
  std::string text;  // as cells_of() makes it
  bool operator==(const Span&) const = default;
};

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool operator==(const ScreenSize&) const = default;
};

// One byte for each character, and none that a terminal obeys or draws wider than a cell: every
// other one becomes "?". What nodes say goes through here, whatever it is.
std::string cells_of(std::string_view text);

// A line that never grows beyond its width.
class ScreenLine {
 public:
  explicit ScreenLine(std::size_t columns) : columns_(columns) {}

  // Cut at the end of the line.
  ScreenLine& add(std::string_view text, Style style = Style::plain);
  // Blanks, up to that column.
  ScreenLine& pad_to(std::size_t column, Style style = Style::plain);

  std::size_t width() const { return width_; }
  std::size_t columns() const { return columns_; }
  const std::vector<Span>& spans() const { return spans_; }
  std::string text() const;
  bool operator==(const ScreenLine&) const = default;

 private:
  std::size_t columns_;
  std::size_t width_ = 0;
  std::vector<Span> spans_;
};

struct Screen {
  ScreenSize size;
  std::vector<ScreenLine> lines;  // as many as it has rows, or fewer
};

// Remembers what the terminal shows.
class Painter {
 public:
  explicit Painter(bool colours) : colours_(colours) {}

  // The bytes that make the terminal show it; empty if it does already.
  std::string paint(const Screen& screen);
  // The terminal may show anything by now: all is drawn the next time.
  void forget() { known_ = false; }

 private:
  std::string bytes_of(const ScreenLine& line) const;

  bool colours_;
  bool known_ = false;
  ScreenSize size_;
  std::vector<ScreenLine> shown_;
};

}  // namespace aitbc::cli
