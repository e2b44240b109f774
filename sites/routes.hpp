#pragma once
// Whether a public path leads to the node that the network file says. It is asked as anybody would
// ask, and the answer says which node gave it: that needs no key, as refusals name their node, too.
// Any thread; a question takes 5 s at most.

#include <string>
#include <string_view>
#include <vector>

#include "rpc/http.hpp"
#include "rpc/http_client.hpp"
#include "sites/export/export.hpp"

namespace aitbc::sites {

struct RouteFinding {
  enum class Kind { ok, wrong_node, unreachable, not_aitbc };
  Kind kind = Kind::ok;
  std::string answered;  // CHAIN/NODE; empty: nobody was named
  std::string detail;    // empty if all is well
};
std::string_view name(RouteFinding::Kind);

// `expected` is CHAIN/NODE. A proxy that says that it reached nobody is unreachable.
RouteFinding judge_route(const std::string& expected, const Result<rpc::HttpResponse>& answer);

struct AskedRoute {
  PublicRoute route;
  std::string url;
  std::string expected;
  RouteFinding finding;
};

// Every public path of every site that has nodes and a proxy: where `bases` ([SITE=]URL) say, else
// at its domain. bad_config for a base that does not say which site it is of.
Result<std::vector<AskedRoute>> ask_routes(const Manifest&, const std::vector<std::string>& bases,
                                           const rpc::Credentials&);

}  // namespace aitbc::sites
