#include "cli/prompt.hpp"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "cli/progress.hpp"

namespace aitbc::cli {

namespace {

constexpr char interrupt = 0x03;  // control-C
constexpr std::size_t phrase_columns = 4;
constexpr std::size_t word_width = 10;

// The terminal while it is asked: lines, with or without echo. Control-C comes as the end of a
// line.
class Asking {
 public:
  explicit Asking(Echo echo) : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!known_) return;
    termios asking = before_;
    asking.c_lflag &= ~static_cast<tcflag_t>(ISIG | ECHO);
    asking.c_lflag |= ICANON | (echo == Echo::on ? ECHO : 0U);
    asking.c_cc[VEOL] = interrupt;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &asking);
  }
  ~Asking() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  termios before_{};
  bool known_;
};

// The terminal's second screen: what is on it leaves no trace in what can be scrolled back to.
class OwnScreen {
 public:
  OwnScreen() : there_(progress_kind(false) == Progress::Kind::terminal) {
    if (there_) std::cerr << "\x1b[?1049h\x1b[H\x1b[2J" << std::flush;
  }
  ~OwnScreen() {
    if (there_) std::cerr << "\x1b[2J\x1b[?1049l" << std::flush;
  }
  OwnScreen(const OwnScreen&) = delete;
  OwnScreen& operator=(const OwnScreen&) = delete;

 private:
  bool there_;
};

// Adds a line to `text`, byte by byte: a buffer would keep what was read.
Status read_line(SecretText& text) {
  for (bool any = false;; any = true) {
    char c = 0;
    ssize_t got = 0;
    do {
      got = ::read(STDIN_FILENO, &c, 1);
    } while (got < 0 && errno == EINTR);
    if (got <= 0 && any) return ok();
    if (got <= 0) return error(Errc::refused, "nothing was entered");
    if (c == '\n') return ok();
    if (c == interrupt) return error(Errc::refused, "cancelled");
    if (!text.append({&c, 1})) {
      return error(Errc::bad_config,
                   "more than " + std::to_string(SecretText::bytes_max) + " bytes were entered");
    }
  }
}

Result<SecretText> read_words() {
  SecretText text;
  for (;;) {
    const std::size_t before = count_words(text.view());
    AITBC_TRY(read_line(text));
    const std::size_t words = count_words(text.view());
    if (words == before || words >= phrase_words_max) return text;
    AITBC_CHECK(text.append(" "));
  }
}

void show(const Phrase& phrase) {
  for (std::size_t i = 0; i < phrase.size(); ++i) {
    const std::string_view word = phrase.word(i);
    std::cerr << (i < 9 ? "  " : " ") << i + 1 << ". " << word;
    if ((i + 1) % phrase_columns == 0) {
      std::cerr << '\n';
    } else {
      for (std::size_t at = word.size(); at < word_width; ++at) std::cerr << ' ';
    }
  }
}

Status type_back(const Phrase& phrase) {
  const OwnScreen screen;
  const Asking asking(Echo::on);
  std::cerr << "Type the " << phrase.size() << " words back, on one line or many:\n" << std::flush;
  AITBC_TRY_ASSIGN(const SecretText typed, read_words());
  return phrase.confirm(typed.view());
}

}  // namespace

bool can_prompt() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

Result<SecretText> prompt(const std::string& question, Echo echo) {
  const Asking asking(echo);
  std::cerr << question << std::flush;
  SecretText line;
  const Status read = read_line(line);
  if (echo == Echo::off || !read) std::cerr << '\n';
  if (!read) return read.error();
  return line;
}

Result<Phrase> prompt_phrase(const std::string& question) {
  const Asking asking(Echo::off);
  std::cerr << question << std::flush;
  const auto typed = read_words();
  std::cerr << '\n';
  if (!typed) return typed.error();
  return Phrase::parse(typed->view());
}

Status show_once(const Phrase& phrase, const std::string& wallet) {
  {
    const OwnScreen screen;
    std::cerr << "The phrase of wallet " << wallet << " is shown this once. Who knows it owns what "
              << "the wallet owns;\nit is the way back when the file or its password is lost.\n\n";
    show(phrase);
    AITBC_TRY(prompt("\nWrite the words down in their order, then press Enter: "));
  }
  for (int left = phrase_tries_max - 1;; --left) {
    const Status typed = type_back(phrase);
    if (typed) return ok();
    if (typed.error().code != Errc::bad_config) return typed;
    if (left == 0) {
      return error(Errc::refused, "the phrase was not typed back (" + typed.error().detail +
                                      "): wallet " + wallet + " was not made");
    }
    std::cerr << typed.error().detail << "; tries left: " << left << '\n' << std::flush;
    AITBC_TRY(prompt("Press Enter to try again: "));
  }
}

}  // namespace aitbc::cli
