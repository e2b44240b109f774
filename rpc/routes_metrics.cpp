// The node's figures in the text format of Prometheus, version 0.0.4: its own, and under the
// predecessor's names those that mean something here.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "chain/core/poa.hpp"
#include "rpc/request_stats.hpp"
#include "rpc/router.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

struct Figures {
  const NodeStatus& status;
  const RequestStats::Row requests;
  std::uint64_t rate_limited = 0;
  std::uint64_t last_block_txs = 0;
  double last_interval_s = 0;  // from the block before to the head
  double slots_s = 0;          // from the genesis to the head
  Minted minted = {};
  Amount reserve = {};
};

struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  // NaN: this node has no such figure.
  double (*value)(const Figures&);
};

double number(std::uint64_t value) { return static_cast<double>(value); }
constexpr double none = std::numeric_limits<double>::quiet_NaN();

double peers_in(const NodeStatus& status, SyncState::Kind kind) {
  return static_cast<double>(
      std::count_if(status.peers.begin(), status.peers.end(),
                    [&](const PeerStatus& peer) { return peer.state.kind == kind; }));
}

double height(const Figures& figures) { return number(figures.status.head.height); }
double mempool(const Figures& figures) { return number(figures.status.mempool_txs); }
double sealed(const Figures& figures) { return number(figures.status.blocks_sealed); }
double reorgs(const Figures& figures) { return number(figures.status.reorgs); }
double accepted(const Figures& figures) { return number(figures.status.txs_accepted); }
double diverged(const Figures& figures) {
  return peers_in(figures.status, SyncState::Kind::diverged);
}
bool is_paused(const NodeStatus& status) { return status.state.kind == SyncState::Kind::paused; }
double paused(const Figures& figures) { return is_paused(figures.status) ? 1.0 : 0.0; }
double last_txs(const Figures& figures) { return number(figures.last_block_txs); }
double behind(const Figures& figures) {
  const SyncState& state = figures.status.state;
  return state.kind == SyncState::Kind::behind ? number(state.number) : 0.0;
}
double failures(const Figures& figures) {
  return number(figures.requests.client_errors + figures.requests.server_errors);
}

constexpr Metric metrics[] = {
    {"aitbc_head_height", "gauge", "Height of the last block of the canonical chain.", height},
    {"aitbc_justified_height", "gauge", "Height of the highest block that a quorum has prepared.",
     [](const Figures& figures) { return number(figures.status.justified.height); }},
    {"aitbc_final_height", "gauge", "Height of the highest block that a quorum has committed.",
     [](const Figures& figures) { return number(figures.status.final.height); }},
    {"aitbc_blocks_sealed_total", "counter", "Blocks that the node sealed since it started.",
     sealed},
    {"aitbc_last_block_txs", "gauge", "Transactions of the head.", last_txs},
    {"aitbc_accounts", "gauge", "Accounts that hold or held something.",
     [](const Figures& figures) { return number(figures.status.accounts); }},
    {"aitbc_receipts", "gauge", "Receipts that were claimed and minted.",
     [](const Figures& figures) { return number(figures.minted.receipts); }},
    {"aitbc_minted", "gauge", "What was minted for receipts.",
     [](const Figures& figures) { return number(figures.minted.amount.units()); }},
    {"aitbc_reserve", "gauge", "What is left to be minted.",
     [](const Figures& figures) { return number(figures.reserve.units()); }},
    {"aitbc_authorities", "gauge", "Authorities whose turn the next block may be.",
     [](const Figures& figures) { return number(figures.status.governance.authorities.size()); }},
    {"aitbc_mempool_txs", "gauge", "Transactions that wait for a block.", mempool},
    {"aitbc_txs_accepted_total", "counter", "Transactions that came into the mempool.", accepted},
    {"aitbc_reorgs_total", "counter", "Reorgs since the node started.", reorgs},
    {"aitbc_reorg_depth_max_blocks", "gauge", "Deepest reorg since the node started.",
     [](const Figures& figures) { return number(figures.status.reorg_depth_max); }},
    {"aitbc_peers", "gauge", "Peers that the node asks.",
     [](const Figures& figures) { return number(figures.status.peers.size()); }},
    {"aitbc_peers_unreachable", "gauge", "Peers that do not answer.",
     [](const Figures& figures) { return peers_in(figures.status, SyncState::Kind::unreachable); }},
    {"aitbc_peers_diverged", "gauge", "Peers whose chain has left this node's.", diverged},
    {"aitbc_behind_blocks", "gauge", "Blocks that the best chain known has more than this node's.",
     behind},
    {"aitbc_evidence", "gauge", "Proofs that a key has signed what excludes one another.",
     [](const Figures& figures) { return number(figures.status.evidence); }},
    {"aitbc_finality_conflict", "gauge", "1 for ever once two chains were seen final.",
     [](const Figures& figures) { return figures.status.finality_conflict ? 1.0 : 0.0; }},
    {"aitbc_paused", "gauge", "1 while an authority seals nothing; why is in /health.", paused},
    {"aitbc_clock_offset_seconds", "gauge",
     "This node's clock minus the median of all that it heard.",
     [](const Figures& figures) {
       const auto& offset = figures.status.clock_offset;
       return offset ? std::chrono::duration<double>(*offset).count() : none;
     }},

    // ---- the predecessor's names ----
    {"chain_head_height", "gauge", "As aitbc_head_height.", height},
    {"sync_chain_height", "gauge", "As aitbc_head_height.", height},
    {"blockchain_block_height", "gauge", "As aitbc_head_height.", height},
    {"last_block_tx_count", "gauge", "As aitbc_last_block_txs.", last_txs},
    {"blocks_proposed_total", "counter", "As aitbc_blocks_sealed_total.", sealed},
    {"mempool_size", "gauge", "As aitbc_mempool_txs.", mempool},
    {"mempool_queue_depth", "gauge", "As aitbc_mempool_txs.", mempool},
    {"mempool_tx_added_total", "counter", "As aitbc_txs_accepted_total.", accepted},
    {"sync_reorgs_total", "counter", "As aitbc_reorgs_total.", reorgs},
    {"sync_diverged", "gauge", "As aitbc_peers_diverged.", diverged},
    {"sync_gap_size", "gauge", "As aitbc_behind_blocks.", behind},
    {"poa_proposer_running", "gauge",
     "0 while an authority does not seal in its turns; a node without a key has no such figure.",
     [](const Figures& figures) {
       if (!figures.status.authority) return none;
       return is_paused(figures.status) ? 0.0 : 1.0;
     }},
    {"circuit_breaker_state", "gauge", "As aitbc_paused.", paused},
    {"poa_last_block_interval_seconds", "gauge", "From the block before to the head.",
     [](const Figures& figures) { return figures.last_interval_s; }},
    {"rpc_requests_total", "counter", "HTTP requests that were answered.",
     [](const Figures& figures) { return number(figures.requests.all()); }},
    {"rpc_client_errors_total", "counter", "HTTP requests answered with 4xx.",
     [](const Figures& figures) { return number(figures.requests.client_errors); }},
    {"rpc_rate_limited_total", "counter", "HTTP requests answered with 429.",
     [](const Figures& figures) { return number(figures.rate_limited); }},
    {"rpc_server_errors_total", "counter", "HTTP requests answered with 5xx.",
     [](const Figures& figures) { return number(figures.requests.server_errors); }},
    {"rpc_request_failures_total", "counter", "HTTP requests answered with 4xx or 5xx.", failures},
};

std::string text_of(double value) {
  std::array<char, 32> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.15g", value);
  return {text.data(), static_cast<std::size_t>(length)};
}

void begin(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  out.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
  out.append(name).append(" ").append(type).append("\n");
}

// Cumulated, as Prometheus wants them.
void write_times(std::string& out, const RequestStats::Times& times) {
  constexpr std::string_view name = "rpc_request_duration_seconds";
  begin(out, name, "histogram", "Time to answer a request, without those that wait for news.");
  const auto seconds = [](RequestStats::Elapsed elapsed) {
    return text_of(std::chrono::duration<double>(elapsed).count());
  };
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < times.buckets.size(); ++i) {
    below += times.buckets[i];
    const std::string bound =
        i < RequestStats::bounds.size() ? seconds(RequestStats::bounds[i]) : "+Inf";
    out.append(name).append("_bucket{le=\"").append(bound).append("\"} ");
    out.append(std::to_string(below)).append("\n");
  }
  out.append(name).append("_sum ").append(seconds(times.sum)).append("\n");
  out.append(name).append("_count ").append(std::to_string(below)).append("\n");
}

// By route, and what became of them; rows that were never asked for are left out.
void write_requests(std::string& out, const RequestStats& stats) {
  constexpr std::string_view name = "aitbc_http_requests_total";
  begin(out, name, "counter", "HTTP requests by route and class of the answer.");
  const auto routes = Router::routes();
  for (std::size_t i = 0; i <= routes.size(); ++i) {
    const RequestStats::Row row = stats.row(i);
    const std::string_view method = i < routes.size() ? routes[i].method : "";
    const std::string_view pattern = i < routes.size() ? routes[i].pattern : "none";
    for (const auto& [status, count] :
         {std::pair{"2xx", row.good}, std::pair{"4xx", row.client_errors},
          std::pair{"5xx", row.server_errors}}) {
      if (count == 0) continue;
      out.append(name).append("{method=\"").append(method).append("\",route=\"").append(pattern);
      out.append("\",status=\"").append(status).append("\"} ");
      out.append(std::to_string(count)).append("\n");
    }
  }
}

Result<Figures> figures_of(const Call& call, const NodeStatus& status) {
  Figures figures{status, call.stats.total(), call.stats.rate_limited()};
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const Tip head, snapshot->head());
  AITBC_TRY_ASSIGN(const ReceiptPage receipts, snapshot->receipts(0, 0));
  AITBC_TRY_ASSIGN(const Account reserve, snapshot->account(reserve_address()));
  figures.minted = receipts.total;
  figures.reserve = reserve.balance;
  if (head.height == 0) return figures;
  AITBC_TRY_ASSIGN(const auto last, snapshot->header(head.height));
  AITBC_TRY_ASSIGN(const auto before, snapshot->header(head.height - 1));
  const std::chrono::duration<double> slot = call.node.params().slot;
  const Slot from = before ? before->header.slot : 0;
  figures.last_block_txs = last ? last->header.tx_count : 0;
  figures.last_interval_s = number(head.slot - from) * slot.count();
  figures.slots_s = number(head.slot) * slot.count();
  return figures;
}

Result<HttpResponse> answer(const Call& call) {
  const auto status = call.node.status();
  AITBC_TRY_ASSIGN(const Figures figures, figures_of(call, *status));
  HttpResponse response;
  response.content_type = metrics_type;
  for (const Metric& metric : metrics) {
    const double value = metric.value(figures);
    if (std::isnan(value)) continue;
    begin(response.body, metric.name, metric.type, metric.help);
    response.body.append(metric.name).append(" ").append(text_of(value)).append("\n");
  }
  constexpr std::string_view interval = "block_interval_seconds";
  begin(response.body, interval, "summary", "From block to block, idle times included.");
  response.body.append(interval).append("_sum ").append(text_of(figures.slots_s)).append("\n");
  response.body.append(interval).append("_count ");
  response.body.append(std::to_string(status->head.height)).append("\n");
  write_times(response.body, call.stats.times());
  write_requests(response.body, call.stats);
  return response;
}

constexpr Route metrics_rows[] = {
    {.method = "GET",
     .pattern = "/metrics",
     .handler = answer,
     .summary = "The node's figures, for Prometheus.",
     .parameters = {},
     .answer = "Metrics",
     .media = metrics_type},
};

}  // namespace

std::span<const Route> metrics_routes() { return metrics_rows; }

}  // namespace aitbc::rpc
