#pragma once
// The command line as a whole: parses it, runs the command it names and turns what comes of it into
// output and an exit code. Call it once, from the main thread, before any other thread exists.

#include <iosfwd>
#include <string>
#include <vector>

#include "cli/config.hpp"

namespace aitbc::cli {

struct Surroundings {
  std::ostream& out;
  std::ostream& talk;
  Environment environment;
};

// `arguments` are without the program's name. Returns the exit code.
int run(const std::vector<std::string>& arguments, const Surroundings& surroundings);

// Every command that does something, as it is typed: "chain head", "node run", "up", ...
std::vector<std::string> command_names();

}  // namespace aitbc::cli
