// Receipts that were claimed and minted, on the canonical chain.

#include "chain/core/poa.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using In = Parameter::In;
using Kind = Parameter::Kind;

Result<std::optional<LocatedTx>> find_receipt(const Call& call) {
  const auto& id = call.arguments.get<std::string>("receipt_id");
  if (!is_receipt_id(id)) return std::optional<LocatedTx>();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  return snapshot->receipt(id);
}

Result<HttpResponse> receipt(const Call& call) {
  AITBC_TRY_ASSIGN(const std::optional<LocatedTx> found, find_receipt(call));
  // In the predecessor's words: its tools compare them.
  if (!found) return error(Errc::not_found, "receipt not found");
  return json_response(receipt_json(call.node.params(), *found));
}

Result<HttpResponse> newest_receipts(const Call& call) {
  AITBC_TRY_ASSIGN(const Page page, page_of(call.arguments));
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const ReceiptPage found, snapshot->receipts(page.offset, page.limit));
  ArrayWriter list;
  for (const LocatedTx& claim : found.claims) list.json(receipt_json(call.node.params(), claim));
  return page_response("receipts", std::move(list).finish(), found.total.receipts, page);
}

// Whom a receipt paid, as a tool of the predecessor's looks for it.
Result<HttpResponse> search(const Call& call) {
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const std::optional<LocatedTx> found, find_receipt(call));
  ArrayWriter list;
  if (found) {
    const auto mint = mint_of(params, std::get<ReceiptClaim>(found->tx.body.payload));
    AITBC_CHECK(mint.has_value());  // it minted
    ObjectWriter row;
    row.text("tx_hash", hash_text(id_of(params.genesis_hash, found->tx.body)))
        .integer("block_height", found->height)
        .text("type", type_of(found->tx.body))
        .text("sender", to_text(found->tx.body.from))
        .text("recipient", to_text(mint->miner))
        .integer("amount", mint->to_miner.units())
        .json("payload", payload_json(found->tx.body))
        .text("created_at", to_naive_iso(start_of(params, found->slot)));
    list.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.json("transactions", std::move(list).finish()).integer("total", found ? 1U : 0U);
  return json_response(std::move(out).finish());
}

constexpr Parameter id_parameter(In in) {
  return {.name = "receipt_id",
          .in = in,
          .kind = Kind::text,
          .description = "As the coordinator chose it.",
          .max = limits::http_uri_bytes_max,
          .required = true};
}

constexpr Parameter receipt_parameters[] = {id_parameter(In::path)};
constexpr Parameter search_parameters[] = {id_parameter(In::query)};
constexpr Parameter page_parameters[] = {
    {.name = "limit",
     .kind = Kind::count,
     .description = "The most receipts to answer, up to 100.",
     .fallback = "20"},
    {.name = "offset",
     .kind = Kind::count,
     .description = "How many of the newest to leave out.",
     .fallback = "0"},
};
constexpr Errc receipt_errors[] = {Errc::not_found};

constexpr Route receipt_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/receipts",
     .handler = newest_receipts,
     .summary = "The receipts that were claimed and minted, newest first.",
     .parameters = page_parameters,
     .answer = "ReceiptPage",
     .errors = page_errors,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/receipts/{receipt_id}",
     .handler = receipt,
     .summary = "A receipt that was claimed and minted.",
     .parameters = receipt_parameters,
     .answer = "Receipt",
     .errors = receipt_errors,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/transactions/search",
     .handler = search,
     .summary = "The transaction that claimed a receipt, if one did.",
     .parameters = search_parameters,
     .answer = "TxSearch",
     .lenient = true},
};

}  // namespace

std::span<const Route> receipt_routes() { return receipt_rows; }

}  // namespace aitbc::rpc
