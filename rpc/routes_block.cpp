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

// In the predecessor's words: its tools compare them.
Error no_block() { return error(Errc::not_found, "block not found"); }

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
      .text("chain_id", params.chain_id)
      .text("genesis_hash", hash_text(params.genesis_hash))
      .text("parent_hash", hash_text(header.parent))
      .text("timestamp", to_naive_iso(start_of(params, tip.slot)))
      .integer("tx_count", header.tx_count)
      .integer("slot", tip.slot)
      .text("state_root", hash_text(header.state_root));
  tip.height > 0 ? out.text("proposer", header.proposer.hex()) : out.null("proposer");
  out.integer("justified_height", status->justified.height)
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

Result<HttpResponse> block(const Call& call) {
  const auto& ref = call.arguments.get<BlockRef>("height");
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const std::optional<Height> height, height_of(call, *snapshot, ref));
  if (!height) return no_block();
  if (*height == 0) {
    return json_response(
        genesis_block_json(params, call.genesis_state_root, Body::with_transactions));
  }
  AITBC_TRY_ASSIGN(const std::optional<Block> found, snapshot->block(*height));
  if (!found) return no_block();
  AITBC_TRY_ASSIGN(const auto claims, snapshot->claims_in(*height));
  return json_response(block_json(params, *found, claims));
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
  for (const Block& item : blocks) {
    AITBC_TRY_ASSIGN(const auto claims, snapshot.claims_in(item.header().height));
    rows.push_back(block_json(params, item, claims));
  }
  return rows;
}

// The newest blocks first, without their transactions.
Result<HttpResponse> newest_blocks(const Call& call) {
  AITBC_TRY_ASSIGN(const Page page, page_of(call.arguments));
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip tip, snapshot->head());
  std::vector<std::string> rows;
  if (page.offset <= tip.height) {
    const Height end = tip.height - page.offset;
    const Height start = end - std::min<Height>(end, page.limit - 1);
    AITBC_TRY_ASSIGN(rows, rows_of(call, *snapshot, {start, end, Body::without}));
  }
  ArrayWriter list;
  for (auto row = rows.rbegin(); row != rows.rend(); ++row) list.json(*row);
  return page_response("blocks", std::move(list).finish(), tip.height + 1, page);
}

// The older dialect: all of it may be left out, and the answer is the bare list.
constexpr std::int64_t older_end = 100;

bool is_older(const Arguments& arguments) {
  return arguments.find<std::int64_t>("start_height") != nullptr ||
         arguments.find<std::int64_t>("end_height") != nullptr;
}

// Within what one answer may hold; out_of_range in the predecessor's words.
Result<std::pair<Height, Height>> range_of(const Call& call) {
  const auto given = [&](std::string_view name) { return call.arguments.find<std::int64_t>(name); };
  const bool older = is_older(call.arguments);
  const std::int64_t* first = given(older ? "start_height" : "start");
  const std::int64_t* last = given(older ? "end_height" : "end");
  if (!older && (first == nullptr || last == nullptr)) {
    return error(Errc::bad_request, "start and end: expected both of them");
  }
  const std::int64_t start = first == nullptr ? 0 : *first;
  std::int64_t end = last == nullptr ? start + older_end : *last;
  if (start < 0) return error(Errc::out_of_range, "start must be non-negative");
  if (end < start) {
    return error(Errc::out_of_range, "end must be greater than or equal to start");
  }
  const auto span = static_cast<std::int64_t>(span_max);
  if (end - start > span) {
    if (!older) return error(Errc::out_of_range, "range cannot exceed 1000 blocks");
    end = start + span;
  }
  return std::pair{static_cast<Height>(start), static_cast<Height>(end)};
}

Result<HttpResponse> blocks_range(const Call& call) {
  AITBC_TRY_ASSIGN(const auto range, range_of(call));
  const auto [start, end] = range;
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
  if (is_older(call.arguments)) return json_response(std::move(list).finish());
  ObjectWriter out;
  out.boolean("success", true)
      .json("blocks", std::move(list).finish())
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

constexpr Parameter block_parameters[] = {
    {.name = "height",
     .in = In::path,
     .kind = Kind::block,
     .description = "Its height, 0 for the genesis, or its hash.",
     .required = true},
};
constexpr Parameter range_parameters[] = {
    {.name = "start", .kind = Kind::count, .description = "The first height."},
    {.name = "end",
     .kind = Kind::count,
     .description = "The last height, at most 1000 above the first."},
    {.name = "start_height",
     .kind = Kind::count,
     .description = "In place of start: the answer is then the bare list."},
    {.name = "end_height", .kind = Kind::count, .description = "In place of end."},
    {.name = "include_tx",
     .kind = Kind::boolean,
     .description = "Whether the JSON answer holds the transactions.",
     .fallback = "true"},
};
constexpr Parameter newest_block_parameters[] = {
    {.name = "limit",
     .kind = Kind::count,
     .description = "The most blocks to answer, up to 100.",
     .fallback = "10"},
    {.name = "offset",
     .kind = Kind::count,
     .description = "How many of the newest to leave out.",
     .fallback = "0"},
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

constexpr Errc block_errors[] = {Errc::not_found};

constexpr Route head_row(std::string_view pattern) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = head,
          .summary = "The last block of the canonical chain.",
          .parameters = {},
          .answer = "Head",
          .of_the_tips = true,
          .lenient = true};
}

constexpr Route block_row(std::string_view pattern) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = block,
          .summary = "A block of the canonical chain with its transactions.",
          .parameters = block_parameters,
          .answer = "Block",
          .errors = block_errors,
          .lenient = true};
}

constexpr Route block_rows[] = {
    head_row("/rpc/head"),
    head_row("/v1/blocks/head"),
    block_row("/rpc/blocks/{height}"),
    block_row("/rpc/blocks/by_hash/{height}"),
    {.method = "GET",
     .pattern = "/rpc/blocks",
     .handler = newest_blocks,
     .summary = "The newest blocks first, without their transactions.",
     .parameters = newest_block_parameters,
     .answer = "BlockPage",
     .errors = page_errors,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/blocks-range",
     .handler = blocks_range,
     .summary = "Blocks in the order of their heights, as many as fit one answer: count says how "
                "many. The canonical encoding leaves the genesis out.",
     .parameters = range_parameters,
     .answer = "RangeAnswer",
     .binary_answer = "u32 count, then the blocks",
     .errors = page_errors,
     .sync_path = true,
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/headers",
     .handler = headers,
     .summary = "Sealed headers without transactions, from height 1 on.",
     .parameters = headers_parameters,
     .answer = "Headers",
     .binary_answer = "u32 count, then the sealed headers",
     .sync_path = true},
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
};

}  // namespace

std::span<const Route> block_routes() { return block_rows; }

}  // namespace aitbc::rpc
