#include <map>

#include "chain/core/vote.hpp"
#include "sites/manifest.hpp"

namespace aitbc::sites {

namespace {

std::string why_unused(const std::string& key) {
  static const std::map<std::string, std::string> reasons = {
      {"p2p_port", "nodes speak HTTP on their rpc_port only"},
      {"p2p_connected", "every node asks every other one"},
      {"rpc_mempool_polling", "pending transactions always travel with the sync interface"},
      {"bridge", "the network does not set up the machine's own network"},
      {"deployment", "what runs is asked of the nodes themselves"}};
  return reasons.at(key);
}

std::string count(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

// Blocks go on with floor(n/2) + 1 authorities, for a key seals at most one of any that many; they
// become final with a quorum, which is no less. Two quorums share at least 2q - n keys.
std::string survival(std::size_t authorities, std::size_t quorum) {
  const std::size_t dead = authorities - quorum;
  const std::size_t copied = 2 * quorum - authorities - 1;
  std::string text = "survives: ";
  if (dead == 0) text += "no node down";
  if (dead == 1) text += "any one node down";
  if (dead > 1) text += "any " + count(dead, "node") + " down";
  return text + "; " + count(copied, "duplicated key") + " (" +
         (authorities == 1 ? "1 authority" : std::to_string(authorities) + " authorities") +
         ", blocks become final with " + std::to_string(quorum) + ")";
}

}  // namespace

std::vector<Note> lint(const Manifest& manifest) {
  std::vector<Note> notes;
  const auto add = [&](Note::Kind kind, std::string text) {
    notes.push_back({kind, std::move(text)});
  };
  const std::size_t authorities = manifest.authority_count();
  const std::size_t quorum = quorum_of(manifest.chain.quorum, authorities);
  add(Note::Kind::note, survival(authorities, quorum));
  std::size_t sites_with_nodes = 0, single = 0;
  for (const Manifest::Site& site : manifest.sites) {
    if (!site.nodes.empty()) ++sites_with_nodes;
  }
  for (const Manifest::Site& site : manifest.sites) {
    std::size_t here = 0;
    for (const Manifest::Node& node : site.nodes) {
      if (node.authority) ++here;
    }
    if (here == 1) ++single;
    if (sites_with_nodes > 1 && authorities - here < quorum) {
      add(Note::Kind::warning, "site " + site.name + " has " + std::to_string(here) + " of " +
                                   std::to_string(authorities) + " authorities" +
                                   ": without it no block becomes final");
    } else if (sites_with_nodes > 1 && here > 0) {
      add(Note::Kind::note, "site " + site.name + " may vanish as a whole");
    }
    if (site.nodes.empty()) add(Note::Kind::note, "site " + site.name + " runs no node");
    if (site.service == Manifest::Service::none) {
      add(Note::Kind::note, "site " + site.name +
                                " has service none: a node that crashes, or whose machine "
                                "restarts, waits for a command");
    }
  }
  // With two at each of three sites one key may be in use twice, and a node may be down anywhere.
  if (sites_with_nodes > 2 && single == sites_with_nodes) {
    add(Note::Kind::note,
        "each site has one authority: a second one at each lets the network survive a duplicated "
        "key");
  }
  for (const std::string& id : manifest.inactive) {
    add(Note::Kind::note, "node " + id + " is inactive: it is not part of the network");
  }
  if (!manifest.features.sync) {
    add(Note::Kind::warning,
        "cross_site_sync is false: nodes hear of one another only through 'aitbc sync run'");
  }
  for (const std::string& key : manifest.unused) {
    add(Note::Kind::note, key + " does nothing any more: " + why_unused(key));
  }
  return notes;
}

}  // namespace aitbc::sites
