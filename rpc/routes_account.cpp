#include <algorithm>

#include "chain/core/poa.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using In = Parameter::In;
using Kind = Parameter::Kind;

ObjectWriter open_account(const Address& address, const Account& account) {
  ObjectWriter out;
  out.text("address", to_text(address))
      .integer("balance", account.balance.units())
      .integer("nonce", account.nonce);
  return out;
}

Result<HttpResponse> account(const Call& call) {
  const auto& address = call.arguments.get<Address>("address");
  AITBC_TRY_ASSIGN(const Nonce next_nonce, call.node.next_nonce(address));
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip tip, snapshot->head());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(address));
  ObjectWriter out = open_account(address, found);
  // The snapshot may be newer than the answer about pending transactions.
  out.integer("next_nonce", std::max(next_nonce, found.nonce)).integer("height", tip.height);
  return json_response(std::move(out).finish());
}

Result<HttpResponse> balance(const Call& call) {
  const auto& address = call.arguments.get<Address>("address");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(address));
  return json_response(open_account(address, found).finish());
}

// The transaction as the owner of `address` sees it.
std::string history_row(const Params& params, const Address& address, const LocatedTx& located) {
  const Tx& body = located.tx.body;
  const auto* transfer = std::get_if<Transfer>(&body.payload);
  const bool sent = body.from == address;
  const bool received = transfer != nullptr && transfer->to == address;
  ObjectWriter out;
  out.text("tx_hash", hash_text(id_of(params.genesis_hash, body)))
      .text("direction", sent && received ? "self"
                         : sent           ? "sent"
                                          : "received")
      .text("type", type_of(body));
  if (!sent) {
    out.text("counterparty", to_text(body.from));
  } else if (transfer != nullptr) {
    out.text("counterparty", to_text(transfer->to));
  } else {
    out.null("counterparty");
  }
  out.integer("height", located.height)
      .integer("amount", transfer == nullptr ? 0 : transfer->amount.units())
      .integer("fee", body.fee.units())
      .integer("nonce", body.nonce)
      .text("timestamp", to_iso(start_of(params, located.slot)));
  return std::move(out).finish();
}

Result<HttpResponse> history(const Call& call) {
  const auto& address = call.arguments.get<Address>("address");
  const std::uint64_t limit = call.arguments.integer("limit");
  const std::uint64_t offset = call.arguments.integer("offset");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(address));
  AITBC_TRY_ASSIGN(const AddressPage page, snapshot->txs_of(address, offset, limit));
  ArrayWriter rows;
  for (const LocatedTx& tx : page.txs) rows.json(history_row(call.node.params(), address, tx));
  ObjectWriter out = open_account(address, found);
  out.integer("total", page.total)
      .integer("limit", limit)
      .integer("offset", offset)
      .json("transactions", std::move(rows).finish());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> proof(const Call& call) {
  const auto& address = call.arguments.get<Address>("address");
  AITBC_TRY_ASSIGN(const ProvenAccount proven, call.node.prove(address));
  return json_response(proof_json(address, proven));
}

constexpr Parameter address_parameter{.name = "address",
                                      .in = In::path,
                                      .kind = Kind::address,
                                      .description = "An address, also one that was never used.",
                                      .required = true};
constexpr Parameter address_parameters[] = {address_parameter};
constexpr Parameter history_parameters[] = {
    address_parameter,
    {.name = "limit",
     .description = "The most transactions to answer.",
     .min = 1,
     .max = limits::page_items_max,
     .fallback = "20"},
    {.name = "offset", .description = "How many of the newest to leave out.", .fallback = "0"},
};

constexpr Errc core_errors[] = {Errc::inbox_full, Errc::timeout, Errc::shutting_down};

constexpr Route routes[] = {
    {.method = "GET",
     .pattern = "/rpc/account/{address}",
     .handler = account,
     .summary = "Balance and nonces; next_nonce counts pending transactions.",
     .parameters = address_parameters,
     .answer = "Account",
     .errors = core_errors},
    {.method = "GET",
     .pattern = "/rpc/getBalance/{address}",
     .handler = balance,
     .summary = "Balance and nonce.",
     .parameters = address_parameters,
     .answer = "Balance"},
    {.method = "GET",
     .pattern = "/rpc/address/{address}",
     .handler = history,
     .summary = "The included transactions of an address, newest first.",
     .parameters = history_parameters,
     .answer = "History"},
    {.method = "GET",
     .pattern = "/rpc/proof/account/{address}",
     .handler = proof,
     .summary = "An account with the Merkle path that leads from it to the head's state root.",
     .parameters = address_parameters,
     .answer = "Proof",
     .errors = core_errors},
};

}  // namespace

std::span<const Route> account_routes() { return routes; }

}  // namespace aitbc::rpc
