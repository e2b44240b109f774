#pragma once
// Where a command's words go: stdout is data, stderr is talk. With --json stdout is exactly one
// compact JSON document, also when the command fails. Used by the main thread only.

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/text.hpp"
#include "cli/outcome.hpp"

namespace aitbc::cli {

class Output {
 public:
  Output(std::ostream& out, std::ostream& talk) : out_(out), talk_(talk) {}

  void use_json(bool on) { json_ = on; }
  void use_quiet(bool on) { quiet_ = on; }
  bool json() const { return json_; }
  bool quiet() const { return quiet_; }

  // A line of data for people and pipes.
  void line(std::string_view text);
  // The JSON document of --json, compact.
  void document(std::string_view json);
  // A line of talk, dropped by --quiet.
  void say(std::string_view text);
  void fail(const Failure& failure);
  // The same for what the command line parser refused.
  void fail_usage(std::string_view detail);

  // False when the reader of stdout has gone: endless commands stop then.
  bool wanted() const;
  std::ostream& talk_stream() { return talk_; }

 private:
  void fail(std::string_view code, std::string_view detail);

  std::ostream& out_;
  std::ostream& talk_;
  bool json_ = false;
  bool quiet_ = false;
};

std::vector<std::string> split_at_commas(const std::string& text);  // without empty parts

// Text in columns, two spaces apart; widths count UTF-8 characters.
class Table {
 public:
  explicit Table(std::vector<std::string> titles) : rows_{std::move(titles)} {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const;  // without a final newline

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace aitbc::cli
