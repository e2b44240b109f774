#include "chain/core/poa.hpp"
#include "rpc/binary.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using Kind = Parameter::Kind;

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

// What a transaction says, field by field, for tools that do not know its types.
void write_parts(ObjectWriter& out, const Tx& tx) {
  const auto* transfer = std::get_if<Transfer>(&tx.payload);
  const std::uint64_t amount = transfer == nullptr ? 0 : transfer->amount.units();
  out.text("type", type_of(tx))
      .text("sender", to_text(tx.from))
      .text("recipient", transfer == nullptr ? "" : to_text(transfer->to))
      .integer("amount", amount)
      .integer("value", amount)
      .integer("fee", tx.fee.units())
      .integer("nonce", tx.nonce)
      .json("payload", payload_json(tx));
}

ObjectWriter open_place(const Call& call, const TxId& id, std::string_view status) {
  ObjectWriter out;
  out.text("tx_hash", hash_text(id))
      .text("transaction_id", hash_text(id))
      .text("chain_id", call.node.params().chain_id)
      .text("status", status);
  return out;
}

void write_place(ObjectWriter& out, const Params& params, const LocatedTx& located) {
  const std::string time = to_naive_iso(start_of(params, located.slot));
  out.integer("height", located.height)
      .integer("block_height", located.height)
      .integer("position", located.position)
      .text("timestamp", time)
      .text("created_at", time);
}

Result<HttpResponse> tx(const Call& call) {
  const auto id = parse_hash<TxId>(call.arguments.get<std::string>("id"));
  // In the predecessor's words: its tools compare them.
  const Error unknown = error(Errc::not_found, "transaction not found");
  if (!id) return unknown;
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::optional<LocatedTx> located, snapshot->tx(*id));
  if (located) {
    AITBC_TRY_ASSIGN(const std::optional<SealedHeader> header, snapshot->header(located->height));
    if (!header) {
      return error(Errc::corrupt, "the store has no header " + std::to_string(located->height));
    }
    ObjectWriter out = open_place(call, *id, "included");
    write_place(out, params, *located);
    write_parts(out, located->tx.body);
    out.text("block_hash", hash_text(id_of(header->header)))
        .json("transaction", tx_json(params, located->tx));
    return json_response(std::move(out).finish());
  }
  AITBC_TRY_ASSIGN(const std::optional<SignedTx> pending, snapshot->pending_tx(*id));
  if (pending) {
    ObjectWriter out = open_place(call, *id, "pending");
    write_parts(out, pending->body);
    out.json("transaction", tx_json(params, *pending));
    return json_response(std::move(out).finish());
  }
  AITBC_TRY_ASSIGN(const std::optional<Replaced> replaced, snapshot->replaced(*id));
  if (!replaced) return unknown;
  ObjectWriter out = open_place(call, *id, "replaced");
  out.text("replaced_by", hash_text(replaced->by)).integer("height", replaced->height);
  return json_response(std::move(out).finish());
}

// The newest transactions first. With an address, in the later dialect, the bare list of its own.
Result<HttpResponse> newest_txs(const Call& call) {
  AITBC_TRY_ASSIGN(const Page page, page_of(call.arguments));
  const auto* of = call.arguments.find<AccountRef>("address");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const TxPage found,
                   of == nullptr ? snapshot->txs(page.offset, page.limit)
                                 : snapshot->txs_of(of->address, page.offset, page.limit));
  const Params& params = call.node.params();
  ArrayWriter list;
  for (const LocatedTx& located : found.txs) {
    ObjectWriter row = open_place(call, id_of(params.genesis_hash, located.tx.body), "included");
    write_place(row, params, located);
    write_parts(row, located.tx.body);
    list.json(std::move(row).finish());
  }
  if (of != nullptr) return json_response(std::move(list).finish());
  return page_response("transactions", std::move(list).finish(), found.total, page);
}

Result<HttpResponse> mempool(const Call& call) {
  const std::uint64_t limit = call.arguments.integer("limit");
  const std::uint64_t offset = call.arguments.integer("offset");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::uint64_t count, snapshot->pending_count());
  AITBC_TRY_ASSIGN(const std::vector<SignedTx> txs, snapshot->pending(offset, limit));
  ArrayWriter list, sizes;
  for (const SignedTx& item : txs) {
    list.json(tx_json(call.node.params(), item));
    ObjectWriter row;
    row.text("hash", hash_text(id_of(call.node.params().genesis_hash, item.body)))
        .integer("fee", item.body.fee.units())
        .integer("size", encode(item).size());
    sizes.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.boolean("success", true)
      .integer("count", count)
      .integer("size", count)
      .integer("limit", limit)
      .integer("offset", offset)
      .json("transactions", std::move(list).finish())
      .json("txs", std::move(sizes).finish());
  return json_response(std::move(out).finish());
}

constexpr Parameter tx_parameters[] = {tx_id_parameter};
constexpr Parameter mempool_parameters[] = {
    {.name = "limit",
     .description = "The most transactions to answer.",
     .min = 1,
     .max = limits::page_items_max,
     .fallback = "100"},
    {.name = "offset", .description = "How many of the first to leave out.", .fallback = "0"},
};

constexpr Parameter newest_tx_parameters[] = {
    {.name = "limit",
     .kind = Kind::count,
     .description = "The most rows to answer, up to 100.",
     .fallback = "20"},
    {.name = "offset",
     .kind = Kind::count,
     .description = "How many of the newest to leave out.",
     .fallback = "0"},
    {.name = "address",
     .kind = Kind::account,
     .description = "Those that name it alone; the answer is then the bare list."},
};

constexpr Errc tx_errors[] = {Errc::not_found};
constexpr Route tx_row(std::string_view pattern) {
  return {
      .method = "GET",
      .pattern = pattern,
      .handler = tx,
      .summary = "A transaction that is pending, included, or replaced by another of its nonce.",
      .parameters = tx_parameters,
      .answer = "TxPlace",
      .errors = tx_errors,
      .lenient = true};
}

constexpr Route mempool_row(std::string_view pattern) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = mempool,
          .summary = "The pending transactions in the order of their arrival.",
          .parameters = mempool_parameters,
          .answer = "Mempool",
          .lenient = true};
}

constexpr Route tx_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/transactions",
     .handler = newest_txs,
     .summary = "The included transactions, newest first.",
     .parameters = newest_tx_parameters,
     .answer = "TxAnswer",
     .errors = page_errors,
     .lenient = true},
    {.method = "POST",
     .pattern = "/rpc/sync/transactions",
     .handler = pending_bodies,
     .summary =
         "Those of the named transactions that are pending here, in the form of the question.",
     .parameters = {},
     .answer = "Transactions",
     .body = "Ids",
     .binary_body = "u32 count, then the hashes",
     .binary_answer = "u32 count, then the signed transactions",
     .sync_path = true},
    tx_row("/rpc/tx/{id}"),
    tx_row("/rpc/transaction/{id}"),
    mempool_row("/rpc/mempool"),
    mempool_row("/rpc/pending"),
};

}  // namespace

std::span<const Route> tx_routes() { return tx_rows; }

}  // namespace aitbc::rpc
