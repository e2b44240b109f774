#include "chain/core/poa.hpp"
#include "rpc/binary.hpp"
#include "rpc/errors.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using In = Parameter::In;
using Kind = Parameter::Kind;

using View = Result<std::unique_ptr<Snapshot>>;

// The transaction was taken, so whatever the store cannot say now does not make an error of it.
std::string taken_json(const View& view, const TxId& id) {
  bool included = false;
  if (view) {
    const auto found = (*view)->tx(id);
    included = found && found->has_value();
  }
  ObjectWriter out;
  out.text("tx_hash", hash_text(id)).text("status", included ? "included" : "pending");
  return std::move(out).finish();
}

// A transaction that is known already was submitted well.
Result<TxId> submit(Node& node, CheckedTx tx) {
  const TxId id = tx.id();
  auto submitted = node.submit(std::move(tx));
  if (!submitted && category(submitted.error().code) == Category::known) return id;
  return submitted;
}

Result<HttpResponse> send_tx(const Call& call) {
  const Params& params = call.node.params();
  const std::string& body = call.request.body;
  AITBC_TRY_ASSIGN(SignedTx tx, has_binary(call.request) ? decode_signed_tx(as_bytes(body))
                                                         : parse_tx(params, body));
  AITBC_TRY_ASSIGN(CheckedTx checked, CheckedTx::check(params, std::move(tx)));
  AITBC_TRY_ASSIGN(const TxId id, submit(call.node, std::move(checked)));
  return json_response(taken_json(call.node.reader().snapshot(), id));
}

using Parsed = std::vector<Result<SignedTx>>;

Result<Parsed> parse_batch(const Call& call) {
  Parsed parsed;
  if (has_binary(call.request)) {
    AITBC_TRY_ASSIGN(std::vector<SignedTx> txs,
                     decode_txs(as_bytes(call.request.body), limits::submit_batch_max));
    for (SignedTx& tx : txs) parsed.emplace_back(std::move(tx));
    return parsed;
  }
  AITBC_TRY_ASSIGN(const Json items, parse_json(call.request.body));
  if (!items.is_array() || items.size() > limits::submit_batch_max) {
    return error(Errc::bad_json, "expected an array of at most " +
                                     std::to_string(limits::submit_batch_max) + " transactions");
  }
  for (const Json& item : items) {
    const std::string path = "transactions[" + std::to_string(parsed.size()) + "]";
    auto reader = ObjectReader::open(item, path);
    if (reader) {
      parsed.push_back(read_tx(call.node.params(), *std::move(reader)));
    } else {
      parsed.emplace_back(std::move(reader).error());
    }
  }
  return parsed;
}

// One answer for each transaction; those that cannot be read or do not hold never reach the node.
Result<std::vector<Result<TxId>>> submit_each(const Call& call, Parsed parsed) {
  std::vector<Result<TxId>> answers;
  std::vector<CheckedTx> good;
  std::vector<std::size_t> places;
  for (Result<SignedTx>& tx : parsed) {
    auto checked = tx ? CheckedTx::check(call.node.params(), std::move(tx).value())
                      : Result<CheckedTx>(tx.error());
    if (checked) {
      places.push_back(answers.size());
      answers.emplace_back(checked->id());
      good.push_back(*std::move(checked));
    } else {
      answers.emplace_back(std::move(checked).error());
    }
  }
  if (good.empty()) return answers;
  AITBC_TRY_ASSIGN(auto judged, call.node.submit_all(std::move(good)));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const bool is_known = !judged[i] && category(judged[i].error().code) == Category::known;
    if (!is_known) answers[places[i]] = std::move(judged[i]);
  }
  return answers;
}

Result<HttpResponse> send_batch(const Call& call) {
  AITBC_TRY_ASSIGN(Parsed parsed, parse_batch(call));
  AITBC_TRY_ASSIGN(const auto answers, submit_each(call, std::move(parsed)));
  const View view = call.node.reader().snapshot();
  ArrayWriter results;
  for (const Result<TxId>& answer : answers) {
    if (!answer && is_internal(answer.error())) return answer.error();
    results.json(answer ? taken_json(view, *answer) : error_json(answer.error()));
  }
  ObjectWriter out;
  out.json("results", std::move(results).finish());
  return json_response(std::move(out).finish());
}

// Bodies of pending transactions, for a peer that learnt their ids from GET /rpc/sync.
Result<HttpResponse> pending_bodies(const Call& call) {
  const std::string& body = call.request.body;
  const bool binary = has_binary(call.request);
  AITBC_TRY_ASSIGN(const std::vector<TxId> ids,
                   binary ? decode_ids(as_bytes(body), limits::sync_txs_max) : parse_ids(body));
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  std::vector<SignedTx> txs;
  for (const TxId& id : ids) {
    AITBC_TRY_ASSIGN(std::optional<SignedTx> tx, snapshot->pending_tx(id));
    if (tx) txs.push_back(*std::move(tx));
  }
  call.node.distort(txs);
  if (binary) return binary_response(encode_txs(txs));
  ArrayWriter list;
  for (const SignedTx& tx : txs) list.json(tx_json(call.node.params(), tx));
  ObjectWriter out;
  out.json("transactions", std::move(list).finish());
  return json_response(std::move(out).finish());
}

std::string included_json(const Call& call, const SealedHeader& header, const LocatedTx& located,
                          const TxId& id) {
  const Params& params = call.node.params();
  ObjectWriter out;
  out.text("tx_hash", hash_text(id))
      .text("status", "included")
      .integer("height", located.height)
      .text("block_hash", hash_text(id_of(header.header)))
      .integer("position", located.position)
      .text("timestamp", to_iso(start_of(params, located.slot)))
      .json("transaction", tx_json(params, located.tx));
  return std::move(out).finish();
}

Result<HttpResponse> tx(const Call& call) {
  const auto& id = call.arguments.get<TxId>("id");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::optional<LocatedTx> located, snapshot->tx(id));
  if (located) {
    AITBC_TRY_ASSIGN(const std::optional<SealedHeader> header, snapshot->header(located->height));
    if (!header) {
      return error(Errc::corrupt, "the store has no header " + std::to_string(located->height));
    }
    return json_response(included_json(call, *header, *located, id));
  }
  AITBC_TRY_ASSIGN(const std::optional<SignedTx> pending, snapshot->pending_tx(id));
  ObjectWriter out;
  out.text("tx_hash", hash_text(id));
  if (pending) {
    out.text("status", "pending").json("transaction", tx_json(call.node.params(), *pending));
    return json_response(std::move(out).finish());
  }
  AITBC_TRY_ASSIGN(const std::optional<Replaced> replaced, snapshot->replaced(id));
  if (replaced) {
    out.text("status", "replaced")
        .text("replaced_by", hash_text(replaced->by))
        .integer("height", replaced->height);
    return json_response(std::move(out).finish());
  }
  return error(Errc::not_found, "no transaction " + hash_text(id));
}

Result<HttpResponse> mempool(const Call& call) {
  const std::uint64_t limit = call.arguments.integer("limit");
  const std::uint64_t offset = call.arguments.integer("offset");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::uint64_t count, snapshot->pending_count());
  AITBC_TRY_ASSIGN(const std::vector<SignedTx> txs, snapshot->pending(offset, limit));
  ArrayWriter list;
  for (const SignedTx& item : txs) list.json(tx_json(call.node.params(), item));
  ObjectWriter out;
  out.integer("count", count)
      .integer("limit", limit)
      .integer("offset", offset)
      .json("transactions", std::move(list).finish());
  return json_response(std::move(out).finish());
}

constexpr Parameter tx_parameters[] = {
    {.name = "id",
     .in = In::path,
     .kind = Kind::tx_id,
     .description = "The hash of the transaction.",
     .required = true},
};
constexpr Parameter mempool_parameters[] = {
    {.name = "limit",
     .description = "The most transactions to answer.",
     .min = 1,
     .max = limits::page_items_max,
     .fallback = "100"},
    {.name = "offset", .description = "How many of the first to leave out.", .fallback = "0"},
};

constexpr Errc tx_errors[] = {Errc::not_found};
constexpr Errc send_errors[] = {
    Errc::bad_policy,   Errc::bad_signature, Errc::bad_amount,           Errc::wrong_chain,
    Errc::fee_too_low,  Errc::nonce_used,    Errc::nonce_pending,        Errc::nonce_gap,
    Errc::mempool_full, Errc::inbox_full,    Errc::insufficient_balance, Errc::timeout,
    Errc::shutting_down};

constexpr Route routes[] = {
    {.method = "POST",
     .pattern = "/rpc/sendTx",
     .handler = send_tx,
     .summary =
         "Submits a signed transaction; durable when answered. Sending it again is no error.",
     .parameters = {},
     .answer = "Taken",
     .body = "Transaction",
     .binary_body = "a signed transaction",
     .errors = send_errors},
    {.method = "POST",
     .pattern = "/rpc/transactions",
     .handler = send_batch,
     .summary = "Submits several signed transactions; one result for each, in their order.",
     .parameters = {},
     .answer = "BatchResult",
     .body = "TransactionList",
     .binary_body = "u32 count, then the signed transactions"},
    {.method = "POST",
     .pattern = "/rpc/sync/transactions",
     .handler = pending_bodies,
     .summary =
         "Those of the named transactions that are pending here, in the form of the question.",
     .parameters = {},
     .answer = "Transactions",
     .body = "Ids",
     .binary_body = "u32 count, then the hashes",
     .binary_answer = "u32 count, then the signed transactions"},
    {.method = "GET",
     .pattern = "/rpc/tx/{id}",
     .handler = tx,
     .summary = "A transaction that is pending, included, or replaced by another of its nonce.",
     .parameters = tx_parameters,
     .answer = "TxPlace",
     .errors = tx_errors},
    {.method = "GET",
     .pattern = "/rpc/mempool",
     .handler = mempool,
     .summary = "The pending transactions in the order of their arrival.",
     .parameters = mempool_parameters,
     .answer = "Mempool"},
};

}  // namespace

std::span<const Route> tx_routes() { return routes; }

}  // namespace aitbc::rpc
