#include "rpc/client.hpp"
#include "sites/network.hpp"
#include "sites/parallel.hpp"

namespace aitbc::sites {

Result<std::vector<NodeProcess>> Network::processes() {
  AITBC_TRY_ASSIGN(const auto everyone, members());
  std::vector<NodeProcess> processes(everyone.size());
  std::vector<Status> outcomes(everyone.size(), ok());
  at_once(everyone.size(), [&](std::size_t i) {
    const Member& member = everyone[i];
    NodeProcess& process = processes[i];
    process.site = member.site.name;
    process.node = member.node.id;
    process.url = member.node.url();
    const auto state = member.provider.supervisor.state(spec_of(member));
    const auto facts = member.provider.supervisor.facts(spec_of(member));
    if (!state || !facts) {
      outcomes[i] = state ? facts.error() : state.error();
      return;
    }
    process.state = *state;
    process.facts = *facts;
  });
  for (const Status& outcome : outcomes) AITBC_TRY(Status(outcome));
  return processes;
}

NodeReport Network::report_of(const Manifest::Site& site, const Manifest::Node& node) {
  NodeReport report;
  report.site = site.name;
  report.node = node.id;
  report.url = node.url();
  report.authority = node.authority;
  return report;
}

// Two questions: what it says of itself, and which genesis it has.
void Network::ask(NodeReport& report, Duration timeout) {
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

// A machine that cannot be reached may still carry nodes that answer.
void Network::ask_site(const Manifest::Site& site, std::span<NodeReport> reports,
                       Duration timeout) {
  const auto found = members_of(site);
  at_once(reports.size(), [&](std::size_t i) {
    const auto state = found ? (*found)[i].provider.supervisor.state(spec_of((*found)[i]))
                             : Result<RunState>(found.error());
    if (state) reports[i].process = *state;
    if (state && *state != RunState::running) return;
    ask(reports[i], timeout);
    if (!state && !reports[i].answer) reports[i].detail = state.error().detail;
  });
}

Result<NetworkStatus> Network::status(Duration timeout) {
  NetworkStatus status;
  status.network = manifest_.network;
  status.chain_id = manifest_.chain_id();
  if (const auto genesis = read_genesis(layout_, providers_.here().transport)) {
    status.genesis_hash = hash_of(*genesis);
  }
  for (const Manifest::Site& site : manifest_.sites) {
    for (const Manifest::Node& node : site.nodes) status.nodes.push_back(report_of(site, node));
  }
  std::vector<std::span<NodeReport>> of_sites;
  for (std::size_t first = 0; const Manifest::Site& site : manifest_.sites) {
    of_sites.push_back(std::span(status.nodes).subspan(first, site.nodes.size()));
    first += site.nodes.size();
  }
  at_once(of_sites.size(),
          [&](std::size_t i) { ask_site(manifest_.sites[i], of_sites[i], timeout); });

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
