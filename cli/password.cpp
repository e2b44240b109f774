#include "cli/password.hpp"

#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "cli/file.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t password_bytes_max = 1'024;

// Restores the terminal also when the line could not be read.
class EchoOff {
 public:
  EchoOff() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (!known_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  ~EchoOff() {
    if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  EchoOff(const EchoOff&) = delete;
  EchoOff& operator=(const EchoOff&) = delete;

 private:
  termios before_{};
  bool known_;
};

Result<std::string> prompt_secret(const std::string& question) {
  const EchoOff silence;
  auto line = prompt(question);
  std::cerr << '\n';
  return line;
}

Result<std::string> checked(std::string password) {
  if (password.empty()) return error(Errc::bad_config, "the password is empty");
  return password;
}

}  // namespace

bool can_prompt() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

Result<std::string> prompt(const std::string& question) {
  std::cerr << question << std::flush;
  std::string line;
  if (!std::getline(std::cin, line) || line.size() > password_bytes_max) {
    return error(Errc::bad_config, "nothing was entered");
  }
  return line;
}

Result<std::optional<std::string>> find_password(const PasswordSource& source,
                                                 const std::string& wallet) {
  if (source.file) {
    AITBC_TRY_ASSIGN(std::string text, read_file(*source.file, password_bytes_max));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    AITBC_TRY_ASSIGN(std::string password, checked(std::move(text)));
    return std::optional(std::move(password));
  }
  if (const char* given = std::getenv("AITBC_WALLET_PASSWORD")) {
    AITBC_TRY_ASSIGN(std::string password, checked(given));
    return std::optional(std::move(password));
  }
  if (!can_prompt()) return std::optional<std::string>();
  AITBC_TRY_ASSIGN(std::string typed, prompt_secret("Password of wallet " + wallet + ": "));
  AITBC_TRY_ASSIGN(std::string password, checked(std::move(typed)));
  if (source.repeat) {
    AITBC_TRY_ASSIGN(const std::string again, prompt_secret("The same again: "));
    if (again != password) return error(Errc::bad_config, "the two passwords differ");
  }
  return std::optional(std::move(password));
}

}  // namespace aitbc::cli
