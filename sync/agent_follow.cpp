// Whom the agent follows: all of a few peers; of many, some, so that what a network costs at rest
// grows with its nodes and not with their square. What one of them says reaches all others over
// the few that each follows.
//
// Every node stands on a ring, where the hash of its node_id puts it. It follows the next one that
// it can reach, so each is followed by somebody and news go all the way round; and those that a
// hash of both their ids ranks first, which are others for each node, so that it is a few steps
// from each to every other. Nothing is agreed upon: who comes or goes changes a few choices of a
// few nodes.

#include <algorithm>

#include "chain/core/crypto.hpp"
#include "sync/agent.hpp"

namespace aitbc::sync {

namespace {

Hash place_of(const std::string& node_id) { return hash("aitbc/place/1", {as_bytes(node_id)}); }

}  // namespace

bool Agent::follows_all() const {
  return options_.node_id.empty() || options_.poll_only || peers_.size() <= limits::peers_few;
}

void Agent::note_name(Peer& peer, const std::string& node_id) {
  peer.status.node_id = node_id;
  if (options_.node_id.empty()) return;
  peer.place = place_of(node_id);
  peer.rank = hash("aitbc/rank/1", {place_of(options_.node_id).view(), peer.place.view()});
  choose_again(Time::min());
}

void Agent::choose_again(Time at) {
  if (!follows_all()) choose_ = choose_.value_or(at);
}

// At first a few are asked who they are, others for each node, and all others within a tenth of the
// time between two glances: nodes that start together would have to answer each other all at once,
// and one that nobody has met is followed by nobody.
void Agent::sample(Time now) {
  if (follows_all()) return;
  std::vector<std::pair<Hash, PeerId>> unknown;
  for (const auto& [id, peer] : peers_) {
    if (peer.followed || peer.tried || peer.polls > 0) continue;
    const std::string& url = peer.status.url;
    unknown.push_back({hash("aitbc/sample/1", {as_bytes(options_.node_id), as_bytes(url)}), id});
  }
  std::sort(unknown.begin(), unknown.end());
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    Peer& peer = peers_.at(unknown[i].second);
    peer.sampled = i < limits::sampled_max;
    if (!peer.sampled) peer.next_poll = now + jitter(limits::glance_time / 10);
  }
}

// Not before those had their chance to say who they are, or each of them would change the choice.
void Agent::choose_followed(Time now) {
  if (!choose_) return;
  if (follows_all()) {
    std::vector<PeerId> all;
    for (const auto& peer : peers_) all.push_back(peer.first);
    return follow_only(all, now);
  }
  if (now < *choose_ && !all_tried()) return;
  follow_only(choice(now), now);
}

void Agent::follow_only(std::span<const PeerId> chosen, Time now) {
  choose_.reset();
  for (auto& [id, peer] : peers_) {
    const bool follows = std::find(chosen.begin(), chosen.end(), id) != chosen.end();
    if (std::exchange(peer.followed, follows) == follows || !follows) continue;
    if (peer.failures == 0) peer.next_poll = std::min(peer.next_poll, now);
  }
}

std::vector<PeerId> Agent::choice(Time now) const {
  std::vector<PeerId> able;
  for (const auto& [id, peer] : peers_) {
    if (peer.failures == 0 && usable(peer, now)) able.push_back(id);
  }
  if (able.size() <= limits::followed_max) return able;
  const Hash own = place_of(options_.node_id);
  const auto next = std::min_element(able.begin(), able.end(), [&](PeerId a, PeerId b) {
    const Hash &first = peers_.at(a).place, &second = peers_.at(b).place;
    return std::pair(first < own, first) < std::pair(second < own, second);
  });
  std::iter_swap(able.begin(), next);
  const auto end = able.begin() + limits::followed_max;
  std::partial_sort(able.begin() + 1, end, able.end(),
                    [&](PeerId a, PeerId b) { return peers_.at(a).rank < peers_.at(b).rank; });
  able.erase(end, able.end());
  return able;
}

// ---- the others ---------------------------------------------------------------------------------

std::size_t Agent::glances() const {
  return static_cast<std::size_t>(std::count_if(
      peers_.begin(), peers_.end(), [](const auto& peer) { return peer.second.glancing; }));
}

// Between two at one peer: one in two poll intervals, however many peers there are.
Duration Agent::glance_time() const {
  const auto peers = static_cast<Duration::rep>(peers_.size());
  return std::max(limits::glance_time, 2 * options_.poll_interval * peers);
}

// Those that have waited longest, so that many who do not answer keep nobody else waiting for ever.
void Agent::glance(Time now) {
  std::vector<std::pair<Time, PeerId>> due;
  for (const auto& [id, peer] : peers_) {
    if (!peer.followed && peer.polls == 0 && peer.next_poll <= now)
      due.push_back({peer.next_poll, id});
  }
  std::sort(due.begin(), due.end());
  const std::size_t under_way = glances();
  for (std::size_t i = 0; i < due.size() && under_way + i < limits::glances_max; ++i) {
    poll(due[i].second, now);
  }
}

}  // namespace aitbc::sync
