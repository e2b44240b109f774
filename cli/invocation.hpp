#pragma once
// One run of the command: the global options, where output goes, and the action that the command
// line chose. Filled by the parser, then used by that action; main thread only.

#include <functional>
#include <optional>
#include <string>

#include "cli/config.hpp"
#include "cli/outcome.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/wallet.hpp"
#include "sites/clock.hpp"

namespace aitbc::cli {

struct Invocation {
  Output& output;
  Environment environment;
  std::optional<std::string> home_option = {}, network = {}, node = {};
  CredentialSources credentials = {};
  bool verbose = false;
  std::function<Verdict()> action = {};
  sites::SystemClock clock = {};

  // --home, else AITBC_HOME, else ~/.aitbc.
  Result<std::string> home() const;
  Result<Wallets> wallets() const;
  Progress progress() const;
};

}  // namespace aitbc::cli
