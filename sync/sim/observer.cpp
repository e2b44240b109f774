#include "sync/sim/observer.hpp"

#include <algorithm>

#include "chain/parties.hpp"

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

Observer::Observer(std::uint64_t seed, const Genesis& genesis, std::size_t nodes)
    : seed_(seed), genesis_(genesis), params_(params_of(genesis)), nodes_(nodes) {}

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
  if (payments_.emplace(id, Payment{through, now}).second) open_.push_back(id);
}

void Observer::restored(NodeIndex node, Height final, Time then) {
  nodes_[node].final = final;
  for (const TxId& id : open_) {
    Payment& payment = payments_.at(id);
    if (payment.through == node && payment.acknowledged > then) payment.excused = true;
  }
}

void Observer::head_moved(NodeIndex node, const Chain& chain, Time now) {
  note_payments(node, chain, now);
  note_final(node, chain, now);
}

void Observer::note_final(NodeIndex node, const Chain& chain, Time now) {
  Height& known = nodes_[node].final;
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
  for (Height height = nodes_[node].final + 1; height <= chain.head().height; ++height) {
    const auto block = (*snapshot)->block(height);
    if (!block || !*block) return;
    for (const SignedTx& tx : (*block)->txs) {
      const auto found = payments_.find(id_of(params_.genesis_hash, tx.body));
      if (found != payments_.end()) found->second.seen.emplace(node, now);
    }
  }
}

// ---- checks -------------------------------------------------------------------------------------

void Observer::check(NodeIndex node, const Chain& chain, Time now) {
  auto snapshot = chain.reader().snapshot();
  if (!snapshot) return violated(now, "keeps_running", snapshot.error().detail);
  for (Height height = 1; height <= chain.final().height && !conflict_; ++height) {
    const auto id = chain.id_at(height);
    if (id && *id != finals_.at(height)) {
      return violated(now, "one_final_history",
                      node_text(node) + "another block is now" + at_height(height));
    }
  }
  if (execute(node, chain, **snapshot, now)) check_payments(node, chain, **snapshot, now);
}

// From the last check's final block on, or from the genesis if the chain has left that.
bool Observer::execute(NodeIndex node, const Chain& chain, Snapshot& snapshot, Time now) {
  const auto broken = [&](const std::string& what) {
    violated(now, "roots_reexecute", node_text(node) + what);
    return false;
  };
  std::optional<Executed>& executed = nodes_[node].executed;
  const auto canonical = [&](const Tip& tip) {
    const auto id = chain.id_at(tip.height);
    return id && *id == tip.id;
  };
  if (!executed || !canonical(executed->parent.tip)) {
    executed = from_genesis();
  }
  Executed at = *executed;
  for (Height height = at.parent.tip.height + 1; height <= chain.head().height; ++height) {
    const auto block = snapshot.block(height);
    if (!block || !*block) return broken("no block" + at_height(height));
    const auto checked = CheckedBlock::check(params_, **block);
    const auto applied = checked ? apply_block(params_, at.parent, at.state, *checked)
                                 : Result<Effects>(checked.error());
    if (!applied) return broken(applied.error().detail + at_height(height));
    at.parent.advance(checked->header(), at.state.authorities().size());
    for (const CheckedTx& tx : checked->txs) {
      for (const Address& party : Parties(tx.body())) at.holders.insert(party);
    }
    if (height == chain.final().height) *executed = at;
  }
  if (at.parent.tip != chain.head()) return broken("the head is not the last block");
  if (at.state.root() != chain.state().root()) return broken("the state is not what the blocks do");
  check_supply(node, at, now);
  return true;
}

Observer::Executed Observer::from_genesis() const {
  Executed start{State::of(genesis_), {genesis_tip(params_), {}}, {}};
  for (const auto& allocation : genesis_.allocations) start.holders.insert(allocation.address);
  for (const PublicKey& key : genesis_.authorities) {
    start.holders.insert(address_of(Policy::single(key)));
  }
  return start;
}

void Observer::check_supply(NodeIndex node, const Executed& at, Time now) {
  std::uint64_t supply = 0;
  for (const Address& holder : at.holders) supply += at.state.at(holder).balance.units();
  if (supply != supply_of(genesis_).units()) {
    violated(now, "supply",
             node_text(node) + "there are " + std::to_string(supply) + " units, the genesis has " +
                 std::to_string(supply_of(genesis_).units()));
  }
}

void Observer::check_payments(NodeIndex node, const Chain& chain, Snapshot& snapshot, Time now) {
  std::erase_if(open_, [&](const TxId& id) {
    Payment& payment = payments_.at(id);
    if (payment.through != node) return false;
    const auto included = snapshot.tx(id);
    if (included && *included) return (*included)->height <= chain.final().height;
    const auto replaced = snapshot.replaced(id);
    const bool told = replaced && *replaced;
    if (!told && chain.mempool().find(id) == nullptr && !payment.excused && !conflict_) {
      violated(now, "nothing_lost",
               node_text(node) + "acknowledged " + id.hex() +
                   ", which is neither included, pending nor replaced");
    }
    return false;
  });
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
    if (on == On::all && nodes.size() < nodes_.size()) continue;
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
    if (payment.seen.size() == nodes_.size()) {
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
