#include "chain/core/dev_account.hpp"
#include "rpc/dev_edge.hpp"
#include "rpc/json_lenient.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::uint64_t default_gift = 1'000;
constexpr std::uint64_t amount_min = 1;

struct Gift {
  AccountRef to;
  Amount amount;
  TxId id;
};

// Gives what the body asks for: {"address", "amount"}.
Result<std::variant<Gift, HttpResponse>> give(const Call& call,
                                              std::optional<std::uint64_t> usual) {
  AITBC_TRY_ASSIGN(const Json body, parse_json(call.request.body));
  LenientReader reader(body);
  Gift gift;
  gift.to.text = reader.text({"address"});
  const std::uint64_t units = usual ? reader.whole_or("amount", *usual, {amount_min})
                                    : reader.whole({"amount"}, {amount_min});
  if (!reader.faults().empty()) {
    return std::variant<Gift, HttpResponse>(invalid_response(reader.faults(), Errc::bad_request));
  }
  AITBC_TRY_ASSIGN(gift.to.address, resolve_address(call.node.params(), gift.to.text));
  gift.amount = Amount::from(units).value_or(Amount{});
  AITBC_TRY_ASSIGN(gift.id, call.edge.give(gift.to.address, gift.amount));
  return std::variant<Gift, HttpResponse>(gift);
}

Result<HttpResponse> mint_faucet(const Call& call) {
  AITBC_TRY_ASSIGN(auto given, give(call, std::nullopt));
  if (auto* refusal = std::get_if<HttpResponse>(&given)) return std::move(*refusal);
  const Gift& gift = std::get<Gift>(given);
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account account, snapshot->account(gift.to.address));
  ObjectWriter out;
  out.text("address", gift.to.text).integer("balance", account.balance.units());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> faucet(const Call& call) {
  AITBC_TRY_ASSIGN(auto given, give(call, default_gift));
  if (auto* refusal = std::get_if<HttpResponse>(&given)) return std::move(*refusal);
  const Gift& gift = std::get<Gift>(given);
  ObjectWriter out;
  out.boolean("success", true)
      .text("address", gift.to.text)
      .integer("amount", gift.amount.units())
      .text("tx_hash", hash_text(gift.id))
      .text("chain_id", call.node.params().chain_id)
      .text("message", "in a block");
  return json_response(std::move(out).finish());
}

constexpr Errc errors[] = {Errc::not_devnet, Errc::refused,    Errc::insufficient_balance,
                           Errc::timeout,    Errc::inbox_full, Errc::shutting_down};

constexpr Route faucet_rows[] = {
    {.method = "POST",
     .pattern = "/rpc/admin/mintFaucet",
     .handler = mint_faucet,
     .summary = "On a devnet: gives an account something of the faucet's; answered with its "
                "balance when that is in a block.",
     .parameters = {},
     .answer = "Minted",
     .body = "Gift",
     .errors = errors,
     .scope = Scope::admin,
     .waits = Waits::always,
     .lenient = true},
    {.method = "POST",
     .pattern = "/rpc/faucet",
     .handler = faucet,
     .summary = "The same; without an amount it gives 1000.",
     .parameters = {},
     .answer = "Given",
     .body = "Gift",
     .errors = errors,
     .scope = Scope::admin,
     .waits = Waits::always,
     .lenient = true},
};

}  // namespace

std::span<const Route> faucet_routes() { return faucet_rows; }

}  // namespace aitbc::rpc
