#include "sync/replica.hpp"

#include <algorithm>

namespace aitbc::sync {

namespace {

Agent::Options agent_options(const Replica::Options& options) {
  Agent::Options agent = options.agent;
  agent.node_id = options.node_id;
  return agent;
}

}  // namespace

Result<std::unique_ptr<Replica>> Replica::create(Chain chain, Options options, Time now) {
  std::unique_ptr<Replica> replica(new Replica(std::move(chain), std::move(options), now));
  if (const auto& authority = replica->options_.authority) {
    replica->origin_ = authority->origin();
    replica->admitted_ = replica->options_.forced || !replica->agent_.has_peers();
    // What was promised before the start may never have left.
    AITBC_TRY(
        replica->chain_.add_votes(authority->promised(replica->chain_.params().genesis_hash)));
  }
  replica->fitness_ = replica->judge_fitness(now);
  return replica;
}

Replica::Replica(Chain chain, Options options, Time now)
    : chain_(std::move(chain)),
      options_(std::move(options)),
      ledger_(chain_),
      agent_(agent_options(options_), ledger_, now),
      started_(now),
      listening_since_(now),
      prepared_at_(now) {}

Result<Replica::Step> Replica::tick(Time now) {
  Step step;
  // The time of day may step back.
  no_sealing_before_ = std::min(no_sealing_before_, now + chain_.params().slot);
  prepared_at_ = std::min(prepared_at_, now);
  AITBC_TRY(chain_.settle_again());
  fitness_ = judge_fitness(now);
  // Only now, or a copy that was refused would pass for its own successor when it starts again.
  if (options_.authority && admitted_ && !begun_) {
    AITBC_TRY(options_.authority->begin(origin_.value_or(options_.instance)));
    begun_ = true;
  }
  const bool may_seal = options_.authority && fitness_.may_seal();
  if (may_seal && now >= no_sealing_before_ && !agent_.downloading()) {
    auto proposed = chain_.propose(*options_.authority, now);
    if (proposed) {
      step.sealed = std::move(*proposed);
      if (step.sealed) {
        keep(*step.sealed);
        ++blocks_sealed_;
      }
    } else if (is_internal(proposed.error())) {
      return std::move(proposed).error();
    } else {
      no_sealing_before_ = now + chain_.params().slot;
    }
  }
  const bool may_vote = options_.authority && fitness_.may_vote();
  if (may_vote && !agent_.downloading()) AITBC_TRY(vote(now));
  AITBC_TRY_ASSIGN(step.sends, agent_.tick(now));
  return step;
}

void Replica::set_peers(std::span<const std::string> urls, Time now) {
  if (!agent_.has_peers()) listening_since_ = now;
  agent_.set_peers(urls, now);
}

// Each vote may be what the next one waited for.
Status Replica::vote(Time now) {
  for (;;) {
    const bool impatient = now - prepared_at_ >= vote_patience();
    const std::pair news{chain_.mempool().last_sequence(), impatient};
    if (nothing_to_vote_ == news) return ok();
    if (auto learnt =
            options_.authority->learn(chain_.finality().votes_of(options_.authority->public_key()));
        !learnt) {
      return category(learnt.error().code) == Category::busy ? ok() : learnt;
    }
    AITBC_TRY_ASSIGN(const auto next, chain_.next_vote(*options_.authority, impatient));
    if (!next) {
      nothing_to_vote_ = news;
      return ok();
    }
    auto signed_vote = options_.authority->vote(chain_.params().genesis_hash, *next);
    if (!signed_vote) {
      const bool later = category(signed_vote.error().code) == Category::busy;
      return later ? ok() : Status(std::move(signed_vote).error());
    }
    if (next->kind == Vote::Kind::prepare) prepared_at_ = now;
    AITBC_TRY(chain_.add_votes(std::span(&*signed_vote, 1)));
  }
}

std::optional<Time> Replica::next_wake(Time now) const {
  auto wake = agent_.next_wake();
  if (options_.authority && !admitted_ && asking_since_) {
    const Time decided = *asking_since_ + limits::runner_check_time_max;
    if (decided > now) wake = wake ? std::min(*wake, decided) : decided;
  }
  if (options_.authority && fitness_.may_seal() && !agent_.downloading()) {
    if (const auto proposal = chain_.next_proposal(*options_.authority, now)) {
      const Time at = std::max(*proposal, no_sealing_before_);
      wake = wake ? std::min(*wake, at) : at;
    }
    if (const Time at = prepared_at_ + vote_patience();
        at > now && chain_.head() != chain_.final()) {
      wake = wake ? std::min(*wake, at) : at;
    }
  }
  return wake;
}

Result<std::vector<Result<TxId>>> Replica::submit(std::span<const CheckedTx> txs) {
  AITBC_TRY_ASSIGN(auto answers, chain_.submit(txs));
  // Forgetting them costs a round trip, no more.
  if (own_txs_.size() > limits::sync_txs_max) own_txs_.clear();
  for (const auto& answer : answers) {
    if (answer) own_txs_.insert(*answer);
  }
  return answers;
}

void Replica::shrink() {
  own_block_.reset();
  std::erase_if(own_txs_, [this](const TxId& id) { return chain_.mempool().find(id) == nullptr; });
  own_txs_.rehash(0);
  chain_.shrink();
}

Result<Imported> Replica::import(std::span<const CheckedBlock> branch, Time now) {
  AITBC_TRY_ASSIGN(const Imported imported, chain_.import(branch, now));
  if (imported.rewound > 0) {
    ++reorgs_;
    reorg_depth_max_ = std::max(reorg_depth_max_, imported.rewound);
  }
  return imported;
}

SyncAnswer Replica::answer(const SyncQuery& query, Time now) const {
  const Mempool& mempool = chain_.mempool();
  const std::uint64_t since = query.instance == options_.instance ? query.cursor : 0;
  SyncAnswer answer;
  answer.chain_id = chain_.params().chain_id;
  answer.genesis_hash = chain_.params().genesis_hash;
  answer.head = chain_.head();
  answer.justified = chain_.justified();
  answer.final = chain_.final();
  answer.authorities_hash = chain_.state().authorities_hash();
  answer.node_id = options_.node_id;
  answer.site = options_.site;
  answer.links = agent_.links();
  answer.instance = options_.instance;
  answer.node_time = now;
  answer.since = since;
  answer.votes = chain_.finality().since(since);
  // Nobody shall have to find two final histories out alone.
  if (const auto& twice = chain_.finality_conflict();
      twice && chain_.finality_conflict_sequence() > since) {
    for (const Certificate* each : {&twice->ours, &twice->theirs}) {
      answer.votes.insert(answer.votes.end(), each->votes.begin(), each->votes.end());
    }
  }
  for (const Chain::Proven& proven : chain_.evidence()) {
    if (proven.sequence > since) answer.evidence.push_back(proven.evidence);
  }
  answer.runs = claim_;
  answer.sightings = agent_.roster().sightings(now);
  const auto entries = mempool.since(since, limits::sync_txs_max);
  for (const Mempool::Entry& entry : entries) answer.txs.push_back(entry.tx.id());
  answer.more = entries.size() == limits::sync_txs_max;
  answer.cursor = answer.more ? entries.back().sequence : mempool.last_sequence();
  if (query.instance == options_.instance) push(answer, entries, since);
  return answer;
}

// Only what is news to an asker that follows closely: others fetch.
// Sized once, not for each who asks.
void Replica::keep(const CheckedBlock& sealed) {
  own_block_.reset();
  const std::size_t bytes = encode(sealed.block()).size();
  if (bytes > limits::push_bytes_max) return;
  own_block_ = Sealed{sealed, chain_.mempool().last_sequence(), bytes};
}

void Replica::push(SyncAnswer& answer, std::span<const Mempool::Entry> entries,
                   std::uint64_t since) const {
  std::size_t bytes = 0;
  if (own_block_ && own_block_->sequence > since &&
      id_of(own_block_->block.header()) == chain_.head().id) {
    answer.own_block = own_block_->block.block();
    bytes += own_block_->bytes;
  }
  for (const Mempool::Entry& entry : entries) {
    if (!own_txs_.contains(entry.tx.id())) continue;
    bytes += encode(entry.tx.signed_tx()).size();
    if (bytes > limits::push_bytes_max) break;
    answer.own_txs.push_back(entry.tx.signed_tx());
  }
}

NodeStatus Replica::status() const {
  NodeStatus status;
  status.node_id = options_.node_id;
  status.site = options_.site;
  status.instance = options_.instance;
  if (options_.authority) status.authority = options_.authority->public_key();
  status.state = agent_.state();
  if (fitness_.reason != Fitness::Reason::none) {
    status.state = {SyncState::Kind::paused, 0, fitness_.why};
  }
  status.head = chain_.head();
  status.justified = chain_.justified();
  status.final = chain_.final();
  status.state_root = chain_.state().root();
  status.authorities_hash = chain_.state().authorities_hash();
  status.governance = chain_.state().governance();
  status.accounts = chain_.state().accounts();
  status.mempool_txs = chain_.mempool().size();
  status.txs_accepted = chain_.mempool().last_sequence();
  status.blocks_sealed = blocks_sealed_;
  status.reorgs = reorgs_ + agent_.reorgs();
  status.reorg_depth_max = std::max(reorg_depth_max_, agent_.reorg_depth_max());
  status.evidence = chain_.evidence().size();
  status.finality_conflict = chain_.finality_conflict().has_value();
  status.other_runner = fitness_.reason == Fitness::Reason::asking ||
                        fitness_.reason == Fitness::Reason::other_runner;
  status.clock_offset = clock_offset_;
  status.started = started_;
  status.peers = agent_.peers();
  return status;
}

}  // namespace aitbc::sync
