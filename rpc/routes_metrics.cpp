#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

// The text format of Prometheus, version 0.0.4.
struct Metric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  std::uint64_t (*value)(const NodeStatus&);
};

std::uint64_t peers_in(const NodeStatus& status, SyncState::Kind kind) {
  std::uint64_t count = 0;
  for (const PeerStatus& peer : status.peers) count += peer.state.kind == kind ? 1 : 0;
  return count;
}

constexpr Metric metrics[] = {
    {"aitbc_head_height", "gauge", "Height of the last block of the canonical chain.",
     [](const NodeStatus& status) { return status.head.height; }},
    {"aitbc_justified_height", "gauge", "Height of the highest block that a quorum has prepared.",
     [](const NodeStatus& status) { return status.justified.height; }},
    {"aitbc_final_height", "gauge", "Height of the highest block that a quorum has committed.",
     [](const NodeStatus& status) { return status.final.height; }},
    {"aitbc_authorities", "gauge", "Authorities whose turn the next block may be.",
     [](const NodeStatus& status) { return std::uint64_t{status.governance.authorities.size()}; }},
    {"aitbc_mempool_txs", "gauge", "Transactions that wait for a block.",
     [](const NodeStatus& status) { return status.mempool_txs; }},
    {"aitbc_reorgs_total", "counter", "Reorgs since the node started.",
     [](const NodeStatus& status) { return status.reorgs; }},
    {"aitbc_reorg_depth_max_blocks", "gauge", "Deepest reorg since the node started.",
     [](const NodeStatus& status) { return status.reorg_depth_max; }},
    {"aitbc_peers", "gauge", "Peers that the node asks.",
     [](const NodeStatus& status) { return std::uint64_t{status.peers.size()}; }},
    {"aitbc_peers_unreachable", "gauge", "Peers that do not answer.",
     [](const NodeStatus& status) { return peers_in(status, SyncState::Kind::unreachable); }},
    {"aitbc_peers_diverged", "gauge", "Peers whose chain has left this node's.",
     [](const NodeStatus& status) { return peers_in(status, SyncState::Kind::diverged); }},
    {"aitbc_evidence", "gauge", "Proofs that a key has signed what excludes one another.",
     [](const NodeStatus& status) { return std::uint64_t{status.evidence}; }},
    {"aitbc_finality_conflict", "gauge", "1 for ever once two chains were seen final.",
     [](const NodeStatus& status) { return std::uint64_t{status.finality_conflict}; }},
    {"aitbc_paused", "gauge", "1 while an authority seals nothing; why is in /health.",
     [](const NodeStatus& status) {
       return std::uint64_t{status.state.kind == SyncState::Kind::paused};
     }},
};

Result<HttpResponse> answer(const Call& call) {
  const auto status = call.node.status();
  HttpResponse response;
  response.content_type = metrics_type;
  for (const Metric& metric : metrics) {
    const std::string name(metric.name);
    response.body += "# HELP " + name + " " + std::string(metric.help) + "\n# TYPE " + name + " " +
                     std::string(metric.type) + "\n" + name + " " +
                     std::to_string(metric.value(*status)) + "\n";
  }
  return response;
}

constexpr Route routes[] = {
    {.method = "GET",
     .pattern = "/metrics",
     .handler = answer,
     .summary = "The node's figures, for Prometheus.",
     .parameters = {},
     .answer = "Metrics",
     .media = metrics_type},
};

}  // namespace

std::span<const Route> metrics_routes() { return routes; }

}  // namespace aitbc::rpc
