// The main function of every test program.

#include <csignal>

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "chain/core/crypto.hpp"

int main(int argc, char** argv) {
  // A write to a closed socket is an error to be handled, as in the node itself.
  std::signal(SIGPIPE, SIG_IGN);
  aitbc::crypto_init();
  return Catch::Session().run(argc, argv);
}
