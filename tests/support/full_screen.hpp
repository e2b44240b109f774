#pragma once
// A program that has a terminal to itself, with a screen that is read back: what is drawn is put
// where the program's codes say, as far as `aitbc top` uses them.

#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/at_terminal.hpp"

namespace aitbc::test {

class FullScreen final : public AtTerminal {
 public:
  FullScreen(std::vector<std::string> argv, unsigned short columns, unsigned short rows) {
    argv.insert(argv.begin(), {"env", "TERM=xterm-256color", "NO_COLOR=1"});
    std::vector<char*> words;
    for (std::string& word : argv) words.push_back(word.data());
    words.push_back(nullptr);
    const winsize size{rows, columns, 0, 0};
    rows_.resize(rows);
    int person = -1;
    pid_ = ::forkpty(&person, nullptr, nullptr, &size);
    if (pid_ == 0) {
      ::execvp(words[0], words.data());
      ::_exit(127);
    }
    AITBC_CHECK(pid_ > 0);
    person_ = sites::Descriptor(person);
    AITBC_CHECK(::fcntl(person, F_SETFL, O_NONBLOCK) == 0 && ::tcgetattr(person, &before_) == 0);
  }
  pid_t pid() const { return pid_; }
  void resize(unsigned short columns, unsigned short rows) {
    const winsize size{rows, columns, 0, 0};
    rows_.assign(rows, "");
    AITBC_CHECK(::ioctl(person_.get(), TIOCSWINSZ, &size) == 0);
  }

  // Whether some line comes to hold all of these, in this order; blanks beside one another are one.
  bool shows(const std::vector<std::string>& parts) {
    return eventually([&] {
      look();
      return std::any_of(rows_.begin(), rows_.end(),
                         [&](const std::string& row) { return holds(row, parts); });
    });
  }
  const std::vector<std::string>& rows() const { return rows_; }
  std::string picture() const {
    std::string text;
    for (const std::string& row : rows_) text += row + "\n";
    return text;
  }
  // Whether it comes to be in the modes that it began with; also what is typed is shown then.
  bool gets_its_modes_back() {
    return eventually([&] {
      look();
      return is_as_before();
    });
  }
  bool is_as_before() const {
    termios now{};
    return ::tcgetattr(person_.get(), &now) == 0 && now.c_iflag == before_.c_iflag &&
           now.c_oflag == before_.c_oflag && now.c_lflag == before_.c_lflag &&
           now.c_cflag == before_.c_cflag &&
           std::equal(std::begin(now.c_cc), std::end(now.c_cc), std::begin(before_.c_cc));
  }
  // All that the program ever said, with its codes.
  const std::string& all_said() const { return said_; }

 private:
  static bool holds(std::string row, const std::vector<std::string>& parts) {
    row.erase(
        std::unique(row.begin(), row.end(), [](char a, char b) { return a == ' ' && b == ' '; }),
        row.end());
    std::size_t at = 0;
    for (const std::string& part : parts) {
      const std::size_t found = row.find(part, at);
      if (found == std::string::npos) return false;
      at = found + part.size();
    }
    return true;
  }

  void said(std::string_view bytes) override {
    said_.append(bytes);
    while (draw_next()) {
    }
  }

  // The next code or character, if it is whole.
  bool draw_next() {
    if (drawn_ == said_.size()) return false;
    if (said_[drawn_] != '\x1b') {
      put(said_[drawn_++]);
      return true;
    }
    const std::size_t end = said_.find_first_of("ABCDHJKhlm", drawn_ + 2);
    if (end == std::string::npos) return false;
    obey(said_.substr(drawn_ + 2, end - drawn_ - 2), said_[end]);
    drawn_ = end + 1;
    return true;
  }
  void put(char c) {
    if (c == '\r') column_ = 0;
    if (c == '\n') ++row_;
    if (c < 0x20 || row_ >= rows_.size()) return;
    std::string& row = rows_[row_];
    row.resize(std::max(row.size(), column_ + 1), ' ');
    row[column_++] = c;
  }
  void obey(const std::string& numbers, char code) {
    if (code == 'J') rows_.assign(rows_.size(), "");
    if (code == 'K' && row_ < rows_.size())
      rows_[row_].resize(std::min(rows_[row_].size(), column_));
    if (code != 'H') return;
    row_ = std::stoul("0" + numbers) - (numbers.empty() ? 0 : 1);
    column_ = 0;
  }

  termios before_{};
  std::string said_;
  std::size_t drawn_ = 0;  // of it
  std::vector<std::string> rows_;
  std::size_t row_ = 0, column_ = 0;
};

}  // namespace aitbc::test
