#pragma once
// Where the password of a wallet comes from: a file, then the environment, then a prompt without
// echo, and the prompt only where stdin and stderr are a terminal. Main thread only.

#include <optional>
#include <string>

#include "chain/core/result.hpp"

namespace aitbc::cli {

struct PasswordSource {
  std::optional<std::string> file;
  bool repeat = false;  // ask twice: a new password
};

// nullopt when nothing was given and nobody can be asked.
Result<std::optional<std::string>> find_password(const PasswordSource& source,
                                                 const std::string& wallet);

// Whether somebody is there to be asked.
bool can_prompt();
// A line typed on the terminal, after `question`.
Result<std::string> prompt(const std::string& question);

}  // namespace aitbc::cli
