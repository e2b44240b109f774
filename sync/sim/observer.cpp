#include "sync/sim/observer.hpp"

#include <algorithm>

namespace aitbc::sim {

namespace {

std::string node_text(NodeIndex node) { return "node " + std::to_string(node + 1) + ": "; }

std::string at_height(Height height) { return " at height " + std::to_string(height); }

// Two votes of one key that no order of signing allows; consensus.md, section 5.
bool contradict(const Vote& a, const Vote& b) {
  if (a.kind == b.kind) return a.target.height == b.target.height && a != b;
  const Vote& prepare = a.kind == Vote::Kind::prepare ? a : b;
  const Vote& commit = a.kind == Vote::Kind::prepare ? b : a;
  return prepare.source.height < commit.target.height &&
         commit.target.height < prepare.target.height;
}

}  // namespace

Observer::Observer(std::uint64_t seed, const Params& params, std::size_t nodes)
    : seed_(seed), params_(params), final_of_(nodes) {}

void Observer::violated(Time now, std::string invariant, std::string what) {
  if (!failure_) failure_ = Failure{std::move(invariant), seed_, now, std::move(what)};
}

void Observer::cloned(const PublicKey& key, bool conflict_may_come) {
  cloned_.insert(key);
  conflict_may_come_ |= conflict_may_come;
}

void Observer::sealed(const Header& header, Time now) {
  const BlockId id = id_of(header);
  sealed_at_.emplace(id, now);
  const auto [entry, first] = sealed_.emplace(std::pair(header.proposer, header.slot), id);
  if (!first && entry->second != id && !cloned_.contains(header.proposer)) {
    violated(now, "signed_once",
             "key " + header.proposer.hex() + " sealed two blocks in slot " +
                 std::to_string(header.slot));
  }
}

void Observer::voted(const SignedVote& signed_vote, Time now) {
  if (cloned_.contains(signed_vote.voter)) return;
  const Vote& vote = signed_vote.vote;
  Votes& votes = votes_[signed_vote.voter];
  const auto against = [&](const std::map<Height, Vote>& others, Height from) {
    for (auto it = others.lower_bound(from); it != others.end(); ++it) {
      if (!contradict(vote, it->second)) continue;
      violated(now, "signed_once",
               "key " + signed_vote.voter.hex() + " voted twice: " + std::string(name(vote.kind)) +
                   at_height(vote.target.height) + " from " + std::to_string(vote.source.height) +
                   ", and " + std::string(name(it->second.kind)) + at_height(it->first) + " from " +
                   std::to_string(it->second.source.height));
    }
  };
  const bool prepare = vote.kind == Vote::Kind::prepare;
  against(prepare ? votes.prepares : votes.commits, vote.target.height);
  against(prepare ? votes.commits : votes.prepares, vote.source.height);
  (prepare ? votes.prepares : votes.commits).emplace(vote.target.height, vote);
}

void Observer::acknowledged(const TxId& id, NodeIndex through, Time now) {
  payments_.emplace(id, Payment{through, now});
}

std::vector<TxId> Observer::restored(NodeIndex node, Height final, Time then) {
  final_of_[node] = final;
  std::vector<TxId> lost;
  for (const auto& [id, payment] : payments_) {
    if (payment.through == node && payment.acknowledged > then) lost.push_back(id);
  }
  return lost;
}

void Observer::head_moved(NodeIndex node, const Chain& chain, Time now) {
  note_payments(node, chain, now);
  note_final(node, chain, now);
}

void Observer::note_final(NodeIndex node, const Chain& chain, Time now) {
  Height& known = final_of_[node];
  if (chain.final().height < known) {
    violated(now, "one_final_history",
             node_text(node) + "block " + std::to_string(known) + " was final, now " +
                 std::to_string(chain.final().height) + " is");
  }
  while (known < chain.final().height) {
    const auto id = chain.id_at(++known);
    if (!id || !*id) return violated(now, "keeps_running", node_text(node) + "a block is missing");
    const auto [entry, first] = finals_.emplace(known, **id);
    if (entry->second != **id) {
      conflict_ = true;
      if (!conflict_may_come_) {
        violated(now, "one_final_history",
                 node_text(node) + (*id)->hex() + " is final" + at_height(known) + ", elsewhere " +
                     entry->second.hex());
      }
    }
    final_on_[**id].emplace(node, now);
  }
}

// Whatever is above the block that this node last called final may be new.
void Observer::note_payments(NodeIndex node, const Chain& chain, Time now) {
  const auto snapshot = chain.reader().snapshot();
  if (!snapshot) return;
  for (Height height = final_of_[node] + 1; height <= chain.head().height; ++height) {
    const auto block = (*snapshot)->block(height);
    if (!block || !*block) return;
    for (const SignedTx& tx : (*block)->txs) {
      const auto found = payments_.find(id_of(params_.genesis_hash, tx.body));
      if (found != payments_.end()) found->second.seen.emplace(node, now);
    }
  }
}

// ---- figures ------------------------------------------------------------------------------------

std::uint64_t Observer::orphans(const Chain& chain) const {
  const auto snapshot = chain.reader().snapshot();
  std::uint64_t count = 0;
  for (const auto& [id, time] : sealed_at_) {
    const auto height = snapshot ? (*snapshot)->height_of(id) : std::optional<Height>();
    if (!height || !*height) ++count;
  }
  return count;
}

std::vector<Duration> Observer::times_to_final(On on) const {
  std::vector<Duration> times;
  for (const auto& [id, nodes] : final_on_) {
    if (on == On::all && nodes.size() < final_of_.size()) continue;
    Time first = Time::max();
    Time last = Time::min();
    for (const auto& [node, time] : nodes) {
      first = std::min(first, time);
      last = std::max(last, time);
    }
    times.push_back((on == On::one ? first : last) - sealed_at_.at(id));
  }
  std::sort(times.begin(), times.end());
  return times;
}

std::vector<Duration> Observer::times_to_all() const {
  std::vector<Duration> times;
  for (const auto& [id, payment] : payments_) {
    Duration last = Duration::max();
    if (payment.seen.size() == final_of_.size()) {
      last = Duration{0};
      for (const auto& [node, time] : payment.seen) {
        last = std::max(last, time - payment.acknowledged);
      }
    }
    times.push_back(last);
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace aitbc::sim
