#pragma once
// Whether every public path of a network leads to the node that the network file says. Main thread
// only.

#include <optional>
#include <string>
#include <vector>

#include "cli/invocation.hpp"
#include "cli/outcome.hpp"

namespace aitbc::cli {

struct RouteCheckOptions {
  std::optional<std::string> file;  // the network file
  std::vector<std::string> bases;   // [SITE=]URL; of sites without one, their domain
};

Verdict check_routes(Invocation& invocation, const RouteCheckOptions& given);

}  // namespace aitbc::cli
