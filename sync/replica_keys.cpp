// The part of the replica that decides whether its authority may sign: who else runs the key, what
// is proven against it, whether a quorum is there, and what the clocks say.

#include <algorithm>

#include "sync/replica.hpp"

namespace aitbc::sync {

namespace {

// Whoever hears a claim anew checks its signature: all nodes, of all keys. With each poll was twice
// as often, without need: what is passed on says how old it is, and a claim lends itself to that
// for the roster's window of three polls after it was signed.
constexpr int polls_a_claim = 2;

std::string seconds_of(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

std::string time_of_day_text(Time time) {
  constexpr std::size_t date = 11, clock = 8;  // 2026-02-13T21:39:43Z
  return to_iso(time).substr(date, clock);
}

std::string block_text(const Checkpoint& block) {
  constexpr std::size_t digits = 10;
  return std::to_string(block.height) + " " + hash_text(block.id).substr(0, digits);
}

}  // namespace

KeyClaim Replica::own_claim() const {
  KeyClaim claim;
  claim.node = options_.node_id + (options_.site.empty() ? "" : " of " + options_.site);
  claim.instance = options_.instance;
  claim.started = started_;
  claim.forced = options_.forced;
  claim.origin = origin_.value_or(options_.instance);
  return claim;
}

void Replica::renew_claim(Time now) {
  claim_ = own_claim();
  claim_->signed_at = now;
  sign(chain_.params().genesis_hash, *claim_, options_.authority->key());
}

Fitness Replica::judge_fitness(Time now) {
  using Reason = Fitness::Reason;
  listening_since_ = std::min(listening_since_, now);
  clock_offset_ = agent_.clock_offset(now);
  // A locked key is still run here: nobody else shall use it.
  if (claim_ &&
      std::chrono::abs(now - claim_->signed_at) >= polls_a_claim * options_.agent.poll_interval) {
    renew_claim(now);
  }
  if (const auto locked = judge_locks()) return *locked;
  if (!options_.authority) return {};
  if (auto unfit = other_runner(now)) {
    claim_.reset();
    return std::move(*unfit);
  }
  if (!claim_) renew_claim(now);
  // It may be about to become one.
  if (!is_authority(chain_.state().authorities(), options_.authority->public_key())) return {};
  if (auto why = wrong_clock(now)) return {Reason::clock, std::move(*why)};
  if (auto why = no_quorum(now)) return {Reason::no_quorum, std::move(*why)};
  if (!chain_.is_deep()) return {};
  return {Reason::deep, std::to_string(chain_.head().height - chain_.final().height) +
                            " blocks are not final, depth_max is " +
                            std::to_string(chain_.params().depth_max)};
}

// Until an operator has looked. A node without a key says that its chain is final twice for ever:
// it has nothing to unlock, and should be given the chain that was chosen.
std::optional<Fitness> Replica::judge_locks() const {
  const auto& authority = options_.authority;
  const auto open = [&](const EvidenceId& id) {
    return !authority || !authority->has_unlocked(id);
  };
  if (const auto& conflict = chain_.finality_conflict(); conflict && open(id_of(*conflict))) {
    return Fitness{Fitness::Reason::final_twice,
                   "finality_conflict: blocks " + block_text(conflict->ours.block) + " and " +
                       block_text(conflict->theirs.block) +
                       " are both final; see aitbc evidence ls, choose one chain, then aitbc "
                       "authority unlock"};
  }
  if (!authority) return std::nullopt;
  const auto evidence = chain_.evidence();
  const bool locked = std::any_of(evidence.begin(), evidence.end(), [&](const auto& proven) {
    return proven.evidence.key() == authority->public_key() && open(proven.id);
  });
  if (!locked) return std::nullopt;
  return Fitness{Fitness::Reason::evidence, "evidence against this key; aitbc authority unlock"};
}

// Before its first signature a process gives way to any other that was heard with the key, unless
// it knows that one to have ended. Later to one that outranks it, so that one of the two goes on.
std::optional<Fitness> Replica::other_runner(Time now) {
  const Authority& authority = *options_.authority;
  const KeyClaim own = own_claim();
  for (const Sighting& other : agent_.roster().runners(authority.public_key(), now)) {
    if (other.claim.origin == own.origin) continue;  // itself, or ended
    if (admitted_ && outranks(own, other.claim)) continue;
    return Fitness{Fitness::Reason::other_runner,
                   "authority key " + authority.public_key().hex() + " is run by " +
                       other.claim.node + " (" + other.url + "), heard " + seconds_of(other.age) +
                       " ago" + (other.claim.forced ? ", started with --force" : "")};
  }
  if (admitted_) return std::nullopt;
  // After a sleep, too, silence says nothing before the peers had their chance to break it.
  if (!agent_.all_tried(std::max(started_, now - agent_.roster().window()))) {
    asking_since_ = std::min(asking_since_.value_or(now), now);
    if (now < *asking_since_ + limits::runner_check_time_max) {
      return Fitness{Fitness::Reason::asking,
                     "asking the peers whether another node runs this authority key"};
    }
  }
  admitted_ = true;
  return std::nullopt;
}

// A node that asks nobody hears nobody: it cannot tell. One that has just started, or got its
// first peer, or hears of a quorum for the first time since, had its chance when the window has
// passed once.
std::optional<std::string> Replica::no_quorum(Time now) {
  const auto authorities = chain_.state().authorities();
  const std::size_t needed = quorum_of(chain_.params().quorum, authorities.size());
  const Roster& roster = agent_.roster();
  const std::size_t heard = roster.heard(authorities, options_.authority->public_key(), now);
  const bool could_hear = now >= listening_since_ + roster.window() && agent_.has_peers();
  if (heard >= needed || !could_hear) {
    no_quorum_since_.reset();
    return std::nullopt;
  }
  if (!no_quorum_since_ || *no_quorum_since_ > now) no_quorum_since_ = now;
  return "no quorum " + std::to_string(heard) + "/" + std::to_string(authorities.size()) +
         " since " + time_of_day_text(*no_quorum_since_);
}

std::optional<std::string> Replica::wrong_clock(Time now) const {
  if (!clock_offset_ || std::chrono::abs(*clock_offset_) <= limits::clock_offset_max) {
    return std::nullopt;
  }
  return "this clock is " + std::to_string(std::chrono::abs(*clock_offset_).count()) + " ms " +
         (*clock_offset_ > Duration{0} ? "ahead of" : "behind") + " the median of " +
         std::to_string(agent_.clocks(now)) + " clocks";
}

Result<std::vector<EvidenceId>> Replica::unlock(Time now) {
  if (!options_.authority) {
    return error(Errc::not_an_authority,
                 "authority: this node has no authority key, so there is nothing to unlock");
  }
  std::vector<EvidenceId> ids;
  const auto add = [&](const EvidenceId& id) {
    if (!options_.authority->has_unlocked(id)) ids.push_back(id);
  };
  for (const Chain::Proven& proven : chain_.evidence()) {
    if (proven.evidence.key() == options_.authority->public_key()) add(proven.id);
  }
  if (chain_.finality_conflict()) add(id_of(*chain_.finality_conflict()));
  AITBC_TRY(options_.authority->unlock(ids));
  nothing_to_vote_.reset();
  fitness_ = judge_fitness(now);
  return ids;
}

}  // namespace aitbc::sync
