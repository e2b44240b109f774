#include "cli/scenario_network.hpp"

#include <unistd.h>

#include "cli/traffic.hpp"
#include "sites/diagnosis/machine_facts.hpp"

namespace aitbc::cli {

namespace {

constexpr int blocks_tried_max = 200;

bool is_free(const std::string& address, std::uint16_t port) {
  sites::PortUse use{address, port, {}, {}};
  sites::look_at_port(use);
  return use.state == sites::PortUse::State::free;
}

// 127.x.y.n: a block of addresses for each process, so that scenarios run beside one another.
bool place_in(sites::Manifest& network, int block) {
  const int number = static_cast<int>(::getpid()) + block;
  const std::string prefix = "127." + std::to_string(100 + number / 250 % 150) + "." +
                             std::to_string(1 + number % 250) + ".";
  int last = 0;
  for (auto& site : network.sites) {
    site.provider = sites::ProviderKind::process;
    for (auto& node : site.nodes) {
      node.bind = prefix + std::to_string(++last);
      if (!is_free(node.bind, node.port)) return false;
    }
  }
  return true;
}

std::string node_text(const sites::Manifest::Node& node) {
  return "      - {id: '" + node.id + "', rpc_port: " + std::to_string(node.port) +
         ", bind: " + node.bind + (node.authority ? "" : ", authority: false") + "}\n";
}

}  // namespace

Status place(sites::Manifest& network) {
  for (int block = 0; block < blocks_tried_max; ++block) {
    if (place_in(network, block)) return ok();
  }
  return error(Errc::in_use, "found no free loopback addresses for " +
                                 std::to_string(network.node_count()) + " nodes");
}

std::string network_text(const sites::Manifest& network) {
  std::string text = "network: " + network.network + "\nenvironments:\n";
  for (const auto& site : network.sites) {
    text += "  " + site.name + ":\n    provider: process\n";
    if (!site.nodes.empty()) text += "    blockchain_nodes:\n";
    for (const auto& node : site.nodes) text += node_text(node);
  }
  const auto& features = network.features;
  text +=
      "shared_features:\n  block_interval_seconds: " +
      std::to_string(features.block_interval.count() / 1'000) +
      "\n  tail_guard_ms: " + std::to_string(features.tail_guard.count()) +
      "\n  cross_site_sync: " + (features.sync ? "true" : "false") +
      "\n  cross_site_sync_interval: " + std::to_string(features.sync_interval.count() / 1'000) +
      "\n  poll_only: " + (features.poll_only ? "true" : "false") +
      "\n  log_level: " + features.log_level + "\n";
  const auto& chain = network.chain;
  text += "genesis:\n  quorum: " + std::string(name(chain.quorum)) +
          "\n  fee_min: " + std::to_string(chain.fee_min.units()) + "\n  accounts:\n";
  for (const auto& account : chain.accounts) {
    text += "    - {address: " + to_text(account.address) +
            ", balance: " + std::to_string(account.balance.units()) + "}\n";
  }
  for (std::size_t node = 0; node < network.node_count(); ++node) {
    text += "    - {address: " + to_text(traffic_address(node)) +
            ", balance: " + std::to_string(traffic_balance) + "}\n";
  }
  return text;
}

}  // namespace aitbc::cli
