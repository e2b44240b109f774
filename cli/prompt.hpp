#pragma once
// Questions to whoever sits at the terminal, and there alone: stdin and stderr must be one.
// Control-C ends the question, not the program, so that echo and screen are always put back. Main
// thread only.

#include <string>

#include "cli/phrase.hpp"

namespace aitbc::cli {

// Whether somebody is there to be asked.
bool can_prompt();

enum class Echo { on, off };

// A line typed on the terminal, after `question`; refused when nothing comes.
Result<SecretText> prompt(const std::string& question, Echo echo = Echo::on);

// A phrase, without echo, on as many lines as one likes: it ends with its 24th word or an empty
// line.
Result<Phrase> prompt_phrase(const std::string& question);

// Shows a new phrase on a screen of its own, which is gone afterwards, and has it typed back.
// refused after the last of phrase_tries_max.
inline constexpr int phrase_tries_max = 3;
Status show_once(const Phrase& phrase, const std::string& wallet);

}  // namespace aitbc::cli
