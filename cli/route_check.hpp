#pragma once
// Whether every public path of a network leads to the node that the network file says. Each is
// asked as anybody would ask, and the answer says which node gave it: that needs no key, as
// refusals name their node, too. Main thread only.

#include <optional>
#include <string>
#include <vector>

#include "cli/invocation.hpp"
#include "cli/outcome.hpp"
#include "rpc/http.hpp"

namespace aitbc::cli {

struct RouteFinding {
  enum class Kind { ok, wrong_node, unreachable, not_aitbc };
  Kind kind = Kind::ok;
  std::string answered;  // CHAIN/NODE; empty: nobody was named
  std::string detail;    // empty if all is well
};
std::string_view name(RouteFinding::Kind);

// `expected` is CHAIN/NODE. A proxy that says that it reached nobody is unreachable.
RouteFinding judge_route(const std::string& expected, const Result<rpc::HttpResponse>& answer);

struct RouteCheckOptions {
  std::optional<std::string> file;  // the network file
  std::vector<std::string> bases;   // [SITE=]URL; of sites without one, their domain
};

Verdict check_routes(Invocation& invocation, const RouteCheckOptions& given);

}  // namespace aitbc::cli
