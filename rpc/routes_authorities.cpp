#include "rpc/native.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

Result<HttpResponse> authorities(const Call& call) {
  const auto status = call.node.status();
  return json_response(governance_json(status->head, status->governance));
}

constexpr Route authority_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/authorities",
     .handler = authorities,
     .summary = "Who seals the next block, and the change of them that is under way.",
     .parameters = {},
     .answer = "Authorities"},
};

}  // namespace

std::span<const Route> authority_routes() { return authority_rows; }

}  // namespace aitbc::rpc
