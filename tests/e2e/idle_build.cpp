// A build of the program whose nodes follow and seal nothing: a network can bear one of them, and
// with two it stands still. For the tests of upgrades.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "chain/core/crypto.hpp"
#include "cli/app.hpp"
#include "rpc/json.hpp"

namespace {

using namespace aitbc;

// The same without a key. Of a config that is not there, the node itself shall speak.
std::string without_key(const std::string& config) {
  std::ifstream in(config);
  auto settings = rpc::parse_json(std::string(std::istreambuf_iterator<char>(in), {}));
  if (!settings) return config;
  settings->erase("authority_key");
  const auto idle = std::filesystem::path(config).replace_filename("idle.json");
  std::ofstream(idle) << rpc::dump(*settings);
  return idle.string();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  crypto_init();
  std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (arguments.size() == 4 && arguments[0] == "node" && arguments[1] == "run") {
    arguments[3] = without_key(arguments[3]);
  }
  return cli::run(arguments, {std::cout, std::cerr, cli::process_environment()});
}
