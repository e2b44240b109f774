#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

Status devnet_only(const Call& call) {
  if (call.node.genesis().devnet) return ok();
  return error(Errc::not_devnet, "the genesis of " + call.node.params().chain_id +
                                     " does not say devnet, so nothing is broken here on purpose");
}

Result<HttpResponse> list(const Call& call) {
  AITBC_TRY(devnet_only(call));
  return json_response(faults_json(call.node.faults()));
}

Result<HttpResponse> add(const Call& call) {
  AITBC_TRY(devnet_only(call));
  AITBC_TRY_ASSIGN(NewFault wanted, parse_new_fault(call.request.body));
  AITBC_TRY_ASSIGN(const Fault begun, call.node.add_fault(std::move(wanted.fault), wanted.lasts));
  return json_response(fault_json(begun));
}

Result<HttpResponse> heal(const Call& call) {
  AITBC_TRY(devnet_only(call));
  AITBC_TRY_ASSIGN(const auto id, parse_heal(call.request.body));
  AITBC_TRY_ASSIGN(const std::size_t healed, call.node.heal(id));
  ObjectWriter out;
  out.integer("healed", healed);
  return json_response(std::move(out).finish());
}

constexpr Errc list_errors[] = {Errc::not_devnet};
constexpr Errc add_errors[] = {Errc::not_devnet, Errc::overloaded};
constexpr Errc heal_errors[] = {Errc::not_devnet, Errc::not_found};

constexpr Route chaos_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/chaos",
     .handler = list,
     .summary = "The faults that this node of a devnet has on purpose. Each ends by itself.",
     .parameters = {},
     .answer = "Faults",
     .errors = list_errors},
    {.method = "POST",
     .pattern = "/rpc/chaos",
     .handler = add,
     .summary = "Begins a fault, in place of the one of its id if there is one.",
     .parameters = {},
     .answer = "Fault",
     .body = "NewFault",
     .errors = add_errors,
     .scope = Scope::admin},
    {.method = "POST",
     .pattern = "/rpc/chaos/heal",
     .handler = heal,
     .summary = "Ends the fault of that id, or all of them.",
     .parameters = {},
     .answer = "Healed",
     .body = "Heal",
     .errors = heal_errors,
     .scope = Scope::admin},
};

}  // namespace

std::span<const Route> chaos_routes() { return chaos_rows; }

}  // namespace aitbc::rpc
