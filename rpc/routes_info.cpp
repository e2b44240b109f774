// What the predecessor's tools ask about a chain as a whole, from the figures that the node has.

#include <algorithm>

#include "chain/core/poa.hpp"
#include "rpc/dev_edge.hpp"
#include "rpc/json_lenient.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view rpc_version = "1.0.0";
constexpr std::uint64_t base_fee_min = 10;
constexpr std::uint64_t fee_per_byte = 1;

std::uint64_t base_fee(const Params& params) {
  return std::max(base_fee_min, params.fee_min.units());
}

struct ChainFigures {
  Tip head;
  std::optional<SealedHeader> sealed;  // the head's; none of the genesis
  std::uint64_t txs = 0;
  Minted minted;
  Amount reserve, faucet;  // what they hold
};

Result<ChainFigures> chain_figures(const Call& call) {
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  ChainFigures figures;
  AITBC_TRY_ASSIGN(figures.head, snapshot->head());
  AITBC_TRY_ASSIGN(figures.sealed, snapshot->header(figures.head.height));
  AITBC_TRY_ASSIGN(const TxPage none, snapshot->txs(0, 0));
  figures.txs = none.total;
  AITBC_TRY_ASSIGN(const ReceiptPage receipts, snapshot->receipts(0, 0));
  figures.minted = receipts.total;
  AITBC_TRY_ASSIGN(const Account reserve, snapshot->account(reserve_address()));
  figures.reserve = reserve.balance;
  if (const auto faucet = call.edge.faucet()) {
    AITBC_TRY_ASSIGN(const Account account, snapshot->account(*faucet));
    figures.faucet = account.balance;
  }
  return figures;
}

// People's: without the reserve and the markers of receipts.
std::uint64_t accounts_of(const NodeStatus& status, const ChainFigures& figures) {
  const std::uint64_t nobodys = figures.minted.receipts + (figures.reserve == Amount{} ? 0U : 1U);
  return status.accounts - std::min<std::uint64_t>(status.accounts, nobodys);
}

// Millionths as a decimal number.
std::string ratio_json(std::uint32_t ppm) {
  constexpr std::uint32_t million = 1'000'000;
  std::string text = std::to_string(million + ppm % million);
  text.replace(0, 1, std::to_string(ppm / million) + ".");
  while (text.ends_with('0') && !text.ends_with(".0")) text.pop_back();
  return text;
}

std::string list_of_one(std::string_view text) {
  ArrayWriter list;
  list.text(text);
  return std::move(list).finish();
}

void write_proposer(ObjectWriter& out, std::string_view name, const NodeStatus& status) {
  status.authority ? out.text(name, status.authority->hex()) : out.null(name);
}

Result<HttpResponse> info(const Call& call) {
  const auto status = call.node.status();
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const ChainFigures figures, chain_figures(call));
  const std::string hash = hash_text(figures.head.id);
  const std::string timestamp = to_naive_iso(start_of(params, figures.head.slot));
  ObjectWriter genesis;
  genesis.text("chain_id", params.chain_id)
      .integer("base_fee", base_fee(params))
      .integer("fee_per_byte", fee_per_byte)
      .integer("mint_per_unit", params.minting.mint_per_unit.units())
      .json("coordinator_ratio", ratio_json(params.minting.coordinator_ppm))
      .json("block_time_seconds", seconds_json(params.slot))
      .integer("max_block_size_bytes", limits::block_bytes_max);
  ObjectWriter out;
  out.text("chain_id", params.chain_id)
      .integer("height", figures.head.height)
      .integer("total_blocks", figures.head.height + 1)
      .integer("total_transactions", figures.txs)
      .integer("total_accounts", accounts_of(*status, figures))
      .integer("total_receipts", figures.minted.receipts)
      .text("latest_block_hash", hash)
      .text("last_block_hash", hash)
      .text("latest_block_timestamp", timestamp)
      .text("timestamp", timestamp)
      .json("genesis_params", std::move(genesis).finish())
      .text("node_id", status->node_id);
  write_proposer(out, "proposer_id", *status);
  out.text("state", status->state.text())
      .json("supported_chains", list_of_one(params.chain_id))
      .text("rpc_version", rpc_version);
  return json_response(std::move(out).finish());
}

Result<HttpResponse> height(const Call& call) {
  ObjectWriter out;
  out.integer("height", call.node.status()->head.height);
  return json_response(std::move(out).finish());
}

Result<HttpResponse> supply(const Call& call) {
  const auto status = call.node.status();
  AITBC_TRY_ASSIGN(const ChainFigures figures, chain_figures(call));
  const std::uint64_t total = supply_of(call.node.genesis()).units();
  ObjectWriter out;
  out.text("chain_id", call.node.params().chain_id)
      .integer("total_supply", total)
      .integer("circulating_supply", total - figures.reserve.units() - figures.faucet.units())
      .integer("faucet_balance", figures.faucet.units());
  const auto faucet = call.edge.faucet();
  faucet ? out.text("faucet_address", to_text(*faucet)) : out.null("faucet_address");
  out.integer("reserve_balance", figures.reserve.units())
      .integer("minted", figures.minted.amount.units())
      .integer("mint_per_unit", call.node.params().minting.mint_per_unit.units())
      .integer("total_accounts", accounts_of(*status, figures));
  return json_response(std::move(out).finish());
}

Result<HttpResponse> validators(const Call& call) {
  const auto status = call.node.status();
  const auto& authorities = status->governance.authorities;
  ArrayWriter rows;
  for (const PublicKey& key : authorities) {
    ObjectWriter row;
    row.text("address", key.hex()).integer("weight", 1).text("status", "active");
    rows.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.text("chain_id", call.node.params().chain_id)
      .json("validators", std::move(rows).finish())
      .integer("total_validators", authorities.size())
      .text("consensus_type", "PoA");
  write_proposer(out, "proposer_id", *status);
  return json_response(std::move(out).finish());
}

HttpResponse peers_response(const Node& node) {
  const auto status = node.status();
  ArrayWriter rows;
  for (const PeerStatus& peer : status->peers) {
    ObjectWriter row;
    row.text("url", peer.url).text("node_id", peer.node_id).text("state", peer.state.text());
    peer.head ? row.integer("height", peer.head->height) : row.null("height");
    rows.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.json("peers", std::move(rows).finish()).integer("count", status->peers.size());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> peers(const Call& call) { return peers_response(call.node); }

Result<HttpResponse> set_peers(const Call& call) {
  AITBC_TRY_ASSIGN(auto urls, parse_peer_urls(call.request.body));
  return later<Done>(
      [&node = call.node, urls = std::move(urls)](Tell<Done> tell) mutable {
        node.set_peers(std::move(urls), std::move(tell));
      },
      [&node = call.node](Done) { return peers_response(node); });
}

Result<HttpResponse> sync_status(const Call& call) {
  const auto status = call.node.status();
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const ChainFigures figures, chain_figures(call));
  const auto& [head, sealed, txs, minted, reserve, faucet] = figures;
  ObjectWriter out;
  out.text("chain_id", params.chain_id)
      .integer("head_height", head.height)
      .text("head_hash", hash_text(head.id));
  sealed ? out.text("head_proposer", sealed->header.proposer.hex()) : out.null("head_proposer");
  out.text("head_timestamp", to_naive_iso(start_of(params, head.slot)))
      .integer("total_blocks", head.height + 1)
      .integer("total_transactions", txs)
      .boolean("validate_signatures", true)
      .json("trusted_proposers", keys_json(status->governance.authorities))
      .integer("max_reorg_depth", params.depth_max);
  return json_response(std::move(out).finish());
}

// The fee is the sender's choice from the genesis' least on; this is what the predecessor's rule
// makes of a payload's size.
Result<HttpResponse> estimate_fee(const Call& call) {
  AITBC_TRY_ASSIGN(const Json body, parse_json(call.request.body));
  LenientReader reader(body);
  const std::string type = reader.text_or("type", "TRANSFER");
  static const Json nothing = Json::object();
  const Json* payload = reader.has("payload") ? reader.object("payload") : &nothing;
  if (!reader.faults().empty()) return invalid_response(reader.faults(), Errc::bad_request);
  const std::size_t bytes = canonical_json(*payload).size();
  ObjectWriter out;
  out.text("type", upper(type))
      .integer("base_fee", base_fee(call.node.params()))
      .integer("payload_bytes", bytes)
      .integer("estimated_fee", base_fee(call.node.params()) + fee_per_byte * bytes);
  return json_response(std::move(out).finish());
}

constexpr Route info_row(std::string_view pattern) {
  return {.method = "GET",
          .pattern = pattern,
          .handler = info,
          .summary = "The chain in figures.",
          .parameters = {},
          .answer = "Info",
          .lenient = true};
}

constexpr Errc set_peers_errors[] = {Errc::inbox_full, Errc::timeout, Errc::shutting_down};

constexpr Route info_rows[] = {
    info_row("/rpc/info"),
    info_row("/rpc/status"),
    info_row("/status"),
    {.method = "GET",
     .pattern = "/rpc/height",
     .handler = height,
     .summary = "The height of the head.",
     .parameters = {},
     .answer = "HeadHeight",
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/supply",
     .handler = supply,
     .summary = "What there is, and what of it the faucet holds.",
     .parameters = {},
     .answer = "Supply",
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/validators",
     .handler = validators,
     .summary = "The authorities, by the predecessor's name for them.",
     .parameters = {},
     .answer = "Validators",
     .lenient = true},
    {.method = "GET",
     .pattern = "/rpc/peers",
     .handler = peers,
     .summary = "The peers as the node sees them, in short.",
     .parameters = {},
     .answer = "Peers",
     .lenient = true},
    {.method = "PUT",
     .pattern = "/rpc/peers",
     .handler = set_peers,
     .summary = "Whom the node follows from now on, in place of all before. Those that it has "
                "already are not disturbed. Not kept: a restarted node has the peers of its "
                "configuration; one that runs without its own agent goes on following nobody.",
     .parameters = {},
     .answer = "Peers",
     .body = "PeerUrls",
     .errors = set_peers_errors,
     .scope = Scope::admin},
    {.method = "GET",
     .pattern = "/rpc/syncStatus",
     .handler = sync_status,
     .summary = "The head, and by which rules others' blocks are judged.",
     .parameters = {},
     .answer = "SyncStatus",
     .lenient = true},
    {.method = "POST",
     .pattern = "/rpc/estimateFee",
     .handler = estimate_fee,
     .summary = "A fee by the predecessor's rule: the base and one for each byte of the payload.",
     .parameters = {},
     .answer = "FeeEstimate",
     .body = "FeeQuestion",
     .lenient = true},
};

}  // namespace

std::span<const Route> info_routes() { return info_rows; }

}  // namespace aitbc::rpc
