#include <csignal>
#include <iostream>

#include "chain/core/crypto.hpp"
#include "cli/app.hpp"

int main(int argc, char** argv) {
  // A peer or a pipe that goes away is an error of a write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  aitbc::crypto_init();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return aitbc::cli::run(arguments, {std::cout, std::cerr, aitbc::cli::process_environment()});
}
