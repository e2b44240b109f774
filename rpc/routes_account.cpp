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

constexpr std::size_t history_depth = limits::page_items_max;  // read to split it by direction

// As it was given: a name stays one.
ObjectWriter open_account(const AccountRef& ref, const Account& account) {
  ObjectWriter out;
  out.text("address", ref.text)
      .integer("balance", account.balance.units())
      .integer("nonce", account.nonce);
  return out;
}

const AccountRef& account_of(const Call& call) { return call.arguments.get<AccountRef>("address"); }

// When the newest transaction that names it was included; of the genesis, if none does.
Result<std::string> updated_at(const Call& call, Snapshot& snapshot, const Address& address) {
  AITBC_TRY_ASSIGN(const TxPage newest, snapshot.txs_of(address, 0, 1));
  const Params& params = call.node.params();
  if (newest.txs.empty()) return to_naive_iso(params.genesis_time);
  return to_naive_iso(start_of(params, newest.txs.front().slot));
}

Result<HttpResponse> account(Node& node, const AccountRef& ref, Nonce next_nonce) {
  AITBC_TRY_ASSIGN(const auto snapshot, node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip tip, snapshot->head());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(ref.address));
  ObjectWriter out = open_account(ref, found);
  // The snapshot may be newer than the answer about pending transactions.
  out.integer("next_nonce", std::max(next_nonce, found.nonce))
      .integer("height", tip.height)
      .text("chain_id", node.params().chain_id);
  return json_response(std::move(out).finish());
}

Result<HttpResponse> account(const Call& call) {
  const AccountRef& ref = account_of(call);
  return later<Nonce>(
      [&node = call.node, address = ref.address](Tell<Nonce> tell) {
        node.next_nonce(address, std::move(tell));
      },
      [&node = call.node, ref](Nonce next_nonce) { return account(node, ref, next_nonce); });
}

// An account that was never used has no time either.
Result<HttpResponse> balance(const Call& call) {
  const AccountRef& ref = account_of(call);
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(ref.address));
  ObjectWriter out = open_account(ref, found);
  if (found != Account{}) {
    AITBC_TRY_ASSIGN(const std::string time, updated_at(call, *snapshot, ref.address));
    out.text("updated_at", time);
  }
  return json_response(std::move(out).finish());
}

// Nothing can be staked or bridged here: all of a balance is available.
Result<HttpResponse> available_balance(const Call& call) {
  const AccountRef& ref = account_of(call);
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(ref.address));
  ObjectWriter out = open_account(ref, found);
  out.integer("available_balance", found.balance.units())
      .integer("total_balance", found.balance.units())
      .integer("staked", 0)
      .integer("bridge_locked", 0);
  return json_response(std::move(out).finish());
}

// The transaction as the owner of `address` sees it.
std::string history_row(const Params& params, const Address& address, const LocatedTx& located) {
  const Tx& body = located.tx.body;
  const auto* transfer = std::get_if<Transfer>(&body.payload);
  const bool sent = body.from == address;
  const bool received = transfer != nullptr && transfer->to == address;
  ObjectWriter out;
  const std::string time = to_naive_iso(start_of(params, located.slot));
  out.text("tx_hash", hash_text(id_of(params.genesis_hash, body)))
      .text("direction", sent && received ? "self"
                         : sent           ? "sent"
                                          : "received")
      .integer("block_height", located.height)
      .text("created_at", time)
      .json("payload", payload_json(body))
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
      .text("timestamp", time);
  return std::move(out).finish();
}

// A page of what an address sent, and of what it received, among its newest transactions.
struct ByDirection {
  ArrayWriter sent, received;
};

Result<ByDirection> by_direction(const Call& call, Snapshot& snapshot, const Address& address,
                                 const Page& page) {
  constexpr std::size_t read_at_once = 100;
  ByDirection found;
  const std::size_t enough = page.offset + page.limit;
  std::size_t sent = 0, received = 0;
  for (std::size_t from = 0; from < history_depth; from += read_at_once) {
    if (sent >= enough && received >= enough) break;
    AITBC_TRY_ASSIGN(const TxPage some, snapshot.txs_of(address, from, read_at_once));
    for (const LocatedTx& tx : some.txs) {
      const bool is_sent = tx.tx.body.from == address;
      const std::size_t place = is_sent ? sent++ : received++;
      if (place < page.offset || place >= enough) continue;
      (is_sent ? found.sent : found.received).json(history_row(call.node.params(), address, tx));
    }
    if (some.txs.size() < read_at_once) break;
  }
  return found;
}

Result<HttpResponse> history(const Call& call) {
  const AccountRef& ref = account_of(call);
  AITBC_TRY_ASSIGN(const Page page, page_of(call.arguments));
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account found, snapshot->account(ref.address));
  AITBC_TRY_ASSIGN(const TxPage newest, snapshot->txs_of(ref.address, page.offset, page.limit));
  AITBC_TRY_ASSIGN(ByDirection split, by_direction(call, *snapshot, ref.address, page));
  ArrayWriter rows;
  for (const LocatedTx& tx : newest.txs) {
    rows.json(history_row(call.node.params(), ref.address, tx));
  }
  ObjectWriter out = open_account(ref, found);
  out.integer("total_transactions_sent", found.nonce)
      .integer("total_transactions_received", newest.total - found.nonce)
      .json("latest_sent", std::move(split.sent).finish())
      .json("latest_received", std::move(split.received).finish())
      .integer("total", newest.total)
      .integer("limit", page.limit)
      .integer("offset", page.offset)
      .json("transactions", std::move(rows).finish());
  if (found != Account{}) {
    AITBC_TRY_ASSIGN(const std::string time, updated_at(call, *snapshot, ref.address));
    out.text("updated_at", time);
  }
  return json_response(std::move(out).finish());
}

Result<HttpResponse> richest(const Call& call) {
  AITBC_TRY_ASSIGN(const Page page, page_of(call.arguments));
  const auto least = call.arguments.get<std::int64_t>("min_balance");
  const auto balance_min =
      Amount::from(static_cast<std::uint64_t>(std::max<std::int64_t>(least, 0)));
  if (!balance_min) return error(Errc::out_of_range, "min_balance must be below 2^53");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const AccountPage found,
                   snapshot->accounts(*balance_min, page.offset, page.limit));
  ArrayWriter rows;
  for (const AccountPage::Row& row : found.rows) {
    AITBC_TRY_ASSIGN(const std::string time, updated_at(call, *snapshot, row.address));
    ObjectWriter out = open_account({row.address, to_text(row.address)}, row.account);
    out.integer("total_transactions_sent", row.account.nonce)
        .integer("total_transactions_received", row.txs - row.account.nonce)
        .text("updated_at", time);
    rows.json(std::move(out).finish());
  }
  return page_response("addresses", std::move(rows).finish(), found.total, page);
}

Result<HttpResponse> proof(const Call& call) {
  const Address& address = account_of(call).address;
  return later<ProvenAccount>(
      [&node = call.node, address](Tell<ProvenAccount> tell) {
        node.prove(address, std::move(tell));
      },
      [address](const ProvenAccount& proven) {
        return json_response(proof_json(address, proven));
      });
}

constexpr Parameter address_parameter{.name = "address",
                                      .in = In::path,
                                      .kind = Kind::account,
                                      .description =
                                          "An address, also one that was never used; "
                                          "on a devnet a name.",
                                      .required = true};
constexpr Parameter address_parameters[] = {address_parameter};
constexpr Parameter limit_parameter{.name = "limit",
                                    .kind = Kind::count,
                                    .description = "The most rows to answer, up to 100.",
                                    .fallback = "20"};
constexpr Parameter offset_parameter{.name = "offset",
                                     .kind = Kind::count,
                                     .description = "How many of the first rows to leave out.",
                                     .fallback = "0"};
constexpr Parameter history_parameters[] = {address_parameter, limit_parameter, offset_parameter};
constexpr Parameter richest_parameters[] = {
    limit_parameter,
    offset_parameter,
    {.name = "min_balance",
     .kind = Kind::count,
     .description = "Leave out who has less.",
     .fallback = "0"},
};

constexpr Errc core_errors[] = {Errc::inbox_full, Errc::timeout, Errc::shutting_down};

constexpr Route account_row(std::string_view pattern) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = account,
          .summary = "Balance and nonces; next_nonce counts pending transactions.",
          .parameters = address_parameters,
          .answer = "Account",
          .errors = core_errors,
          .lenient = true};
}

constexpr Route account_rows[] = {
    account_row("/rpc/account/{address}"),
    account_row("/rpc/accounts/{address}"),
    {.method = "GET",
     .pattern = "/rpc/getBalance/{address}",
     .handler = balance,
     .summary = "Balance and nonce.",
     .parameters = address_parameters,
     .answer = "Balance",
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/balance/{address}",
     .handler = available_balance,
     .summary = "The balance by the predecessor's names for its parts.",
     .parameters = address_parameters,
     .answer = "AvailableBalance",
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/address/{address}",
     .handler = history,
     .summary = "The included transactions of an address, newest first: a page of all, and of the "
                "newest 1000 one of those it sent and one of those it received.",
     .parameters = history_parameters,
     .answer = "History",
     .errors = page_errors,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/addresses",
     .handler = richest,
     .summary = "The accounts, richest first.",
     .parameters = richest_parameters,
     .answer = "Accounts",
     .errors = page_errors,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/proof/account/{address}",
     .handler = proof,
     .summary = "An account with the Merkle path that leads from it to the head's state root.",
     .parameters = address_parameters,
     .answer = "Proof",
     .errors = core_errors},
};

}  // namespace

std::span<const Route> account_routes() { return account_rows; }

}  // namespace aitbc::rpc
