#include <algorithm>

#include "chain/core/poa.hpp"
#include "rpc/binary.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using In = Parameter::In;
using Kind = Parameter::Kind;

constexpr std::uint64_t span_max = limits::page_items_max;  // from start to end

Error no_block(const std::string& which) { return error(Errc::not_found, "no block " + which); }

// The header that the snapshot itself says is there.
Result<SealedHeader> known_header(Snapshot& snapshot, Height height) {
  AITBC_TRY_ASSIGN(std::optional<SealedHeader> header, snapshot.header(height));
  if (!header) {
    return error(Errc::corrupt, "the store has no header " + std::to_string(height));
  }
  return *std::move(header);
}

Result<HttpResponse> head(const Call& call) {
  // The status first: what it calls final is then never above the snapshot's head.
  const auto status = call.node.status();
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip tip, snapshot->head());
  Header header;
  header.state_root = call.genesis_state_root;
  if (tip.height > 0) {
    AITBC_TRY_ASSIGN(const SealedHeader sealed, known_header(*snapshot, tip.height));
    header = sealed.header;
  }
  ObjectWriter out;
  out.integer("height", tip.height)
      .text("hash", hash_text(tip.id))
      .text("timestamp", to_iso(start_of(params, tip.slot)))
      .integer("tx_count", header.tx_count)
      .integer("slot", tip.slot)
      .text("state_root", hash_text(header.state_root))
      .integer("justified_height", status->justified.height)
      .text("justified_hash", hash_text(status->justified.id))
      .integer("final_height", status->final.height)
      .text("final_hash", hash_text(status->final.id));
  return json_response(std::move(out).finish());
}

Result<std::optional<Height>> height_of(const Call& call, Snapshot& snapshot, const BlockRef& ref) {
  if (const auto* height = std::get_if<Height>(&ref)) return std::optional(*height);
  const auto& id = std::get<BlockId>(ref);
  if (id == genesis_tip(call.node.params()).id) return std::optional<Height>(0);
  return snapshot.height_of(id);
}

std::string text_of(const BlockRef& ref) {
  if (const auto* height = std::get_if<Height>(&ref)) return std::to_string(*height);
  return hash_text(std::get<BlockId>(ref));
}

Result<HttpResponse> block(const Call& call) {
  const auto& ref = call.arguments.get<BlockRef>("block");
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::optional<Height> height, height_of(call, *snapshot, ref));
  if (!height) return no_block(text_of(ref) + " in the canonical chain");
  if (*height == 0) {
    return json_response(
        genesis_block_json(params, call.genesis_state_root, Body::with_transactions));
  }
  AITBC_TRY_ASSIGN(const std::optional<Block> found, snapshot->block(*height));
  if (!found) {
    AITBC_TRY_ASSIGN(const Tip tip, snapshot->head());
    return no_block(text_of(ref) + "; the head is " + std::to_string(tip.height));
  }
  return json_response(block_json(params, *found));
}

struct Range {
  Height start, end;
  Body body;
};

// Blocks without their transactions cost a fraction to read.
Result<std::vector<std::string>> rows_of(const Call& call, Snapshot& snapshot, Range range) {
  const Params& params = call.node.params();
  std::vector<std::string> rows;
  if (range.start == 0) {
    rows.push_back(genesis_block_json(params, call.genesis_state_root, range.body));
  }
  const Height from = std::max<Height>(range.start, 1);
  if (range.end < from) return rows;
  const auto limit = static_cast<std::size_t>(range.end - from + 1);
  if (range.body == Body::without) {
    AITBC_TRY_ASSIGN(const std::vector<SealedHeader> headers, snapshot.headers(from, limit));
    for (const SealedHeader& header : headers) rows.push_back(header_json(params, header));
    return rows;
  }
  AITBC_TRY_ASSIGN(const std::vector<Block> blocks,
                   snapshot.blocks(from, limit, limits::range_bytes_max));
  for (const Block& item : blocks) rows.push_back(block_json(params, item));
  return rows;
}

Result<HttpResponse> blocks_range(const Call& call) {
  const Height start = call.arguments.integer("start");
  const Height end = call.arguments.integer("end");
  if (end < start) {
    return error(Errc::bad_request, "end: expected a height from start, " + std::to_string(start) +
                                        ", on, got " + std::to_string(end));
  }
  if (end - start > span_max) {
    return error(Errc::bad_request, "end: expected at most " + std::to_string(span_max) +
                                        " above start, got " + std::to_string(end - start));
  }
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  if (wants_binary(call.request)) {
    const Height from = std::max<Height>(start, 1);  // the genesis is no sealed block
    std::vector<Block> blocks;
    if (end >= from) {
      AITBC_TRY_ASSIGN(blocks, snapshot->blocks(from, static_cast<std::size_t>(end - from + 1),
                                                limits::range_bytes_max));
    }
    call.node.distort(blocks);
    return binary_response(encode(blocks));
  }
  const Body body =
      call.arguments.get<bool>("include_tx") ? Body::with_transactions : Body::without;
  AITBC_TRY_ASSIGN(const std::vector<std::string> rows,
                   rows_of(call, *snapshot, {start, end, body}));
  ArrayWriter list;
  for (const std::string& row : rows) list.json(row);
  ObjectWriter out;
  out.json("blocks", std::move(list).finish())
      .integer("start", start)
      .integer("end", end)
      .integer("count", rows.size());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> headers(const Call& call) {
  const Height start = call.arguments.integer("start");
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(std::vector<SealedHeader> found,
                   snapshot->headers(start, call.arguments.integer("limit")));
  call.node.distort(found);
  if (wants_binary(call.request)) return binary_response(encode_headers(found));
  ArrayWriter list;
  for (const SealedHeader& header : found) list.json(header_json(call.node.params(), header));
  ObjectWriter out;
  out.json("headers", std::move(list).finish())
      .integer("start", start)
      .integer("count", found.size());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> forks(const Call& call) {
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::vector<SideBlock> found,
                   snapshot->side_blocks(call.arguments.integer("limit")));
  ArrayWriter list;
  for (const SideBlock& side : found) list.json(side_block_json(call.node.params(), side));
  ObjectWriter out;
  out.json("blocks", std::move(list).finish()).integer("count", found.size());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> genesis(const Call& call) {
  return json_response(genesis_json(call.node.genesis()));
}

// Anybody can seal blocks with a key of his own, so a stranger's cost us no signature check. What
// follows a block that may change the authorities is offered again when that block is here.
Status leave_out_strangers(const Governance& governance, std::vector<Block>& blocks) {
  const auto is_known = [&](const Block& block) {
    const PublicKey& key = block.header().proposer;
    const auto& decision = governance.decision;
    return is_authority(governance.authorities, key) ||
           (decision && (decision->change.key == key || is_authority(decision->before, key)));
  };
  const auto stranger = std::find_if_not(blocks.begin(), blocks.end(), is_known);
  if (stranger == blocks.begin()) {
    const Header& header = stranger->header();
    return error(Errc::bad_proposer, "block " + std::to_string(header.height) + ": its proposer " +
                                         header.proposer.hex() + " is no authority");
  }
  blocks.erase(stranger, blocks.end());
  return ok();
}

Result<HttpResponse> import(const Call& call) {
  const Params& params = call.node.params();
  const std::string& body = call.request.body;
  AITBC_TRY_ASSIGN(std::vector<Block> blocks,
                   has_binary(call.request)
                       ? decode_blocks(as_bytes(body), limits::branch_blocks_max)
                       : parse_branch(params, body));
  if (blocks.empty()) return error(Errc::bad_request, "blocks: expected one or more, got none");
  AITBC_TRY(leave_out_strangers(call.node.status()->governance, blocks));
  AITBC_TRY_ASSIGN(std::vector<CheckedBlock> checked, check_blocks(params, blocks));
  AITBC_TRY_ASSIGN(const Imported imported, call.node.import(std::move(checked)));
  return json_response(imported_json(imported, blocks.back().sealed));
}

constexpr Parameter block_parameters[] = {
    {.name = "block",
     .in = In::path,
     .kind = Kind::block,
     .description = "Its height, 0 for the genesis, or its hash.",
     .required = true},
};
constexpr Parameter range_parameters[] = {
    {.name = "start", .description = "The first height.", .required = true},
    {.name = "end",
     .description = "The last height, at most 1000 above the first.",
     .required = true},
    {.name = "include_tx",
     .kind = Kind::boolean,
     .description = "Whether the JSON answer holds the transactions.",
     .fallback = "true"},
};
constexpr Parameter headers_parameters[] = {
    {.name = "start", .description = "The first height.", .min = 1, .required = true},
    {.name = "limit",
     .description = "The most headers to answer.",
     .min = 1,
     .max = limits::headers_max,
     .fallback = "100"},
};
constexpr Parameter forks_parameters[] = {
    {.name = "limit",
     .description = "The most blocks to answer, highest first.",
     .min = 1,
     .max = limits::side_blocks_max,
     .fallback = "100"},
};

constexpr Errc import_errors[] = {
    Errc::bad_handover, Errc::bad_seal,       Errc::bad_txs_root, Errc::bad_state_root,
    Errc::bad_height,   Errc::bad_slot,       Errc::bad_proposer, Errc::recent_signer,
    Errc::empty_block,  Errc::broken_branch,  Errc::bad_policy,   Errc::bad_signature,
    Errc::bad_amount,   Errc::wrong_chain,    Errc::fee_too_low,  Errc::invalid_block_tx,
    Errc::below_final,  Errc::unknown_parent, Errc::from_future,  Errc::inbox_full,
    Errc::timeout,      Errc::shutting_down};
constexpr Errc block_errors[] = {Errc::not_found};

constexpr Route routes[] = {
    {.method = "GET",
     .pattern = "/rpc/head",
     .handler = head,
     .summary = "The last block of the canonical chain.",
     .parameters = {},
     .answer = "Head"},
    {.method = "GET",
     .pattern = "/rpc/blocks/{block}",
     .handler = block,
     .summary = "A block of the canonical chain with its transactions.",
     .parameters = block_parameters,
     .answer = "Block",
     .errors = block_errors},
    {.method = "GET",
     .pattern = "/rpc/blocks-range",
     .handler = blocks_range,
     .summary = "Blocks in the order of their heights, as many as fit one answer: count says how "
                "many. The canonical encoding leaves the genesis out.",
     .parameters = range_parameters,
     .answer = "BlockRange",
     .binary_answer = "u32 count, then the blocks"},
    {.method = "GET",
     .pattern = "/rpc/headers",
     .handler = headers,
     .summary = "Sealed headers without transactions, from height 1 on.",
     .parameters = headers_parameters,
     .answer = "Headers",
     .binary_answer = "u32 count, then the sealed headers"},
    {.method = "GET",
     .pattern = "/rpc/forks",
     .handler = forks,
     .summary = "Valid blocks that are not of the canonical chain.",
     .parameters = forks_parameters,
     .answer = "Forks"},
    {.method = "GET",
     .pattern = "/rpc/genesis",
     .handler = genesis,
     .summary = "What the genesis file holds.",
     .parameters = {},
     .answer = "Genesis"},
    {.method = "POST",
     .pattern = "/rpc/blocks/import",
     .handler = import,
     .summary = "Offers a block, or a branch of blocks that follow one another.",
     .parameters = {},
     .answer = "Imported",
     .body = "Branch",
     .binary_body = "u32 count, then the blocks",
     .errors = import_errors},
};

}  // namespace

std::span<const Route> block_routes() { return routes; }

}  // namespace aitbc::rpc
