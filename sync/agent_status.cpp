// How the peers stand, and this node among them.

#include <algorithm>
#include <utility>

#include "sync/agent.hpp"

namespace aitbc::sync {

// What a peer says of itself, once its claim to a key was found to hold.
void Agent::note_word(PeerStatus& status, SyncAnswer& answer) const {
  status.site = std::move(answer.site);
  status.links = std::move(answer.links);
  status.final = answer.final;
  status.authority.reset();
  if (answer.runs && ledger_.may_vote(answer.runs->key)) status.authority = answer.runs->key;
}

// It does not say so any more.
void Agent::forget_word(PeerStatus& status) {
  status.head.reset();
  status.final.reset();
  status.links.clear();
}

void Agent::note_change(Time now) {
  ++peers_version_;
  version_made_ = now;
}

void Agent::note_quiet(Time now) {
  const Duration age = now - version_made_;
  if (follows_all() || age >= options_.poll_interval || age < Duration{0}) note_change(now);
}

std::vector<PeerStatus> Agent::peers() const {
  std::vector<PeerStatus> statuses;
  statuses.reserve(peers_.size());
  for (const auto& [id, peer] : peers_) statuses.push_back(peer.status);
  return statuses;
}

std::vector<PeerLink> Agent::links() const {
  std::vector<PeerLink> links;
  for (const auto& [id, peer] : peers_) {
    const PeerStatus& status = peer.status;
    const bool fails = status.state.kind == SyncState::Kind::unreachable;
    if (status.node_id.empty() || !(peer.followed || fails)) continue;
    if (fails) {
      links.push_back({status.node_id, {}});
    } else if (status.round_trip) {  // or it was not measured since our clock was set
      links.push_back({status.node_id, status.round_trip});
    }
  }
  return links;
}

bool Agent::all_tried(Time since) const {
  return std::all_of(peers_.begin(), peers_.end(), [&](const auto& each) {
    const Peer& peer = each.second;
    return peer.tried >= since || !(peer.followed || peer.sampled);
  });
}

std::vector<Duration> Agent::offsets(Time now) const {
  std::vector<Duration> offsets;
  for (const auto& [id, peer] : peers_) {
    const auto& last = peer.status.last_answer;
    if (peer.status.clock_offset && last && now - *last <= roster_.window()) {
      offsets.push_back(*peer.status.clock_offset);
    }
  }
  return offsets;
}

std::size_t Agent::clocks(Time now) const { return offsets(now).size() + 1; }

std::optional<Duration> Agent::clock_offset(Time now) const {
  std::vector<Duration> clocks = offsets(now);
  if (clocks.empty()) return std::nullopt;
  clocks.push_back(Duration{0});
  std::sort(clocks.begin(), clocks.end());
  const Duration below = clocks[(clocks.size() - 1) / 2], above = clocks[clocks.size() / 2];
  return -(below + above) / 2;
}

void Agent::forget_clocks() {
  ++clock_;
  for (auto& [id, peer] : peers_) {
    peer.status.clock_offset.reset();
    peer.status.round_trip.reset();
  }
}

SyncState Agent::state() const {
  using Kind = SyncState::Kind;
  const auto count = [&](Kind kind) {
    return std::count_if(peers_.begin(), peers_.end(),
                         [&](const auto& peer) { return peer.second.status.state.kind == kind; });
  };
  const auto all = static_cast<std::ptrdiff_t>(peers_.size());
  if (all > 0 && count(Kind::wrong_genesis) == all) return {Kind::wrong_genesis, 0, {}};
  if (all > 0 && all_tried() && count(Kind::unreachable) == all) return {Kind::unreachable, 0, {}};
  SyncState state{Kind::in_sync, 0, {}};
  for (const auto& [id, peer] : peers_) {
    if (!claims_better(peer)) continue;
    const SyncState& theirs = peer.status.state;
    if (theirs.kind == Kind::diverged) return theirs;
    if (theirs.kind == Kind::ahead && theirs.number > state.number) {
      state = {Kind::behind, theirs.number, {}};
    }
  }
  return state;
}

}  // namespace aitbc::sync
