#include "rpc/client.hpp"
#include "sites/network.hpp"
#include "sites/parallel.hpp"

namespace aitbc::sites {

Result<std::vector<NodeProcess>> Network::processes() {
  AITBC_TRY_ASSIGN(const auto everyone, members());
  std::vector<NodeProcess> processes;
  for (const Member& member : everyone) {
    NodeProcess process{member.site.name, member.node.id, member.node.url(), {}, {}};
    Supervisor& supervisor = member.provider.supervisor;
    AITBC_TRY_ASSIGN(process.state, supervisor.state(spec_of(member.node.id)));
    AITBC_TRY_ASSIGN(process.facts, supervisor.facts(spec_of(member.node.id)));
    processes.push_back(std::move(process));
  }
  return processes;
}

// Two questions: what it says of itself, and which genesis it has.
void Network::ask(const Member& member, NodeReport& report, Duration timeout) {
  report.site = member.site.name;
  report.node = member.node.id;
  report.url = member.node.url();
  report.authority = member.node.authority;
  const auto state = member.provider.supervisor.state(spec_of(member.node.id));
  if (!state) {
    report.detail = state.error().detail;
    return;
  }
  report.process = *state;
  if (*state != RunState::running) return;
  const Duration each = timeout / 2;
  auto client = client_of(report.url, each);
  if (!client) {
    report.detail = client.error().detail;
    return;
  }
  const Time asked = clock_.now();
  const auto said = client->sync({});
  report.round_trip = clock_.now() - asked;
  auto answer = said ? client->network() : Result<NodeStatus>(said.error());
  if (!answer) {
    report.detail = answer.error().detail;
    return;
  }
  report.genesis_hash = said->genesis_hash;
  report.answer = std::move(*answer);
}

Result<NetworkStatus> Network::status(Duration timeout) {
  AITBC_TRY_ASSIGN(const auto everyone, members());
  NetworkStatus status;
  status.network = manifest_.network;
  status.chain_id = manifest_.chain_id();
  if (const auto genesis = read_genesis(layout_, providers_.here().transport)) {
    status.genesis_hash = hash_of(*genesis);
  }
  status.nodes.resize(everyone.size());
  at_once(everyone.size(), [&](std::size_t i) { ask(everyone[i], status.nodes[i], timeout); });

  judge(status, [&](const NodeReport& report, Height height) -> Result<BlockId> {
    AITBC_TRY_ASSIGN(rpc::Client client, client_of(report.url, timeout));
    AITBC_TRY_ASSIGN(const auto headers, client.headers(height, 1));
    if (headers.empty()) {
      return error(Errc::not_found,
                   "node " + report.node + " has no block " + std::to_string(height));
    }
    return id_of(headers.front().header);
  });
  return status;
}

}  // namespace aitbc::sites
