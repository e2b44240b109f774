// The part of Chain that compares what keys have signed, and keeps what that proves.

#include <algorithm>

#include "chain/chain.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

void Chain::restore_evidence(const Loaded& loaded) {
  for (const Evidence& evidence : loaded.evidence) {
    evidence_.push_back({id_of(evidence), evidence, mempool_.last_sequence() + 1});
  }
  stored_evidence_ = evidence_.size();
  conflict_ = loaded.finality_conflict;
  if (conflict_) conflict_sequence_ = mempool_.last_sequence() + 1;
  stored_conflict_ = conflict_.has_value();
  for (const SealedHeader& sealed : loaded.side) accuse(signed_.see(sealed));
}

// Compares headers before any of them is refused: a block that is good for nothing else still
// proves what its key signed. Those of slots to come are compared when they are due, or anybody
// could fill the memory with them.
Status Chain::compare_seals(std::span<const CheckedBlock> branch, Time now) {
  const Slot latest = slot_at(params_, now).value_or(0) + limits::slots_ahead_max;
  for (const CheckedBlock& block : branch) {
    const Header& header = block.header();
    if (header.slot > latest || !may_vote(header.proposer)) continue;
    accuse(signed_.see(block.sealed));
    if (header.slot > head().slot) continue;
    AITBC_TRY_ASSIGN(const auto ours, canonical_in(header.slot));
    if (ours) accuse(breach(*ours, block.sealed));
  }
  return store_offences();
}

// Slots rise with the height.
Result<std::optional<SealedHeader>> Chain::canonical_in(Slot slot) const {
  Height low = 1, high = head().height;
  while (low <= high) {
    const Height middle = low + (high - low) / 2;
    AITBC_TRY_ASSIGN(const auto sealed, store_->header(middle));
    if (!sealed) return error(Errc::corrupt, "store: no block " + std::to_string(middle));
    if (sealed->header.slot == slot) return sealed;
    if (sealed->header.slot < slot) {
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  return std::optional<SealedHeader>();
}

// Counted once, and of each key the first few: more of them say nothing new.
void Chain::accuse(const std::optional<Evidence>& evidence) {
  if (!evidence || evidence_.size() >= limits::evidence_max) return;
  const EvidenceId id = id_of(*evidence);
  std::size_t of_key = 0;
  for (const Proven& proven : evidence_) {
    if (proven.id == id) return;
    if (proven.evidence.key() == evidence->key()) ++of_key;
  }
  if (of_key < limits::evidence_of_key_max) evidence_.push_back({id, *evidence, 0});
}

Status Chain::add_evidence(std::span<const Evidence> evidence) {
  for (const Evidence& each : evidence) {
    if (may_vote(each.key())) accuse(each);
  }
  return store_offences();
}

// What does not find room on the disk now is stored with the next decision, and is known meanwhile.
Status Chain::store_offences() {
  if (stored_evidence_ == evidence_.size() && stored_conflict_ == conflict_.has_value()) {
    return ok();
  }
  Batch batch;
  bool news = false;
  for (std::size_t i = stored_evidence_; i < evidence_.size(); ++i) {
    news |= evidence_[i].sequence == 0;
    if (evidence_[i].sequence == 0) evidence_[i].sequence = mempool_.last_sequence() + 1;
    batch.evidence.push_back(evidence_[i].evidence);
  }
  if (conflict_ && conflict_sequence_ == 0) {
    conflict_sequence_ = mempool_.last_sequence() + 1;
    news = true;
  }
  if (news) mempool_.advance();
  if (!stored_conflict_) batch.finality_conflict = conflict_;
  if (const auto committed = store_->commit(batch); !committed) {
    return category(committed.error().code) == Category::busy ? ok() : committed;
  }
  stored_evidence_ = evidence_.size();
  stored_conflict_ = conflict_.has_value();
  return ok();
}

// ---- two final histories ------------------------------------------------------------------------

// Nearly every commit is of a block that is, or soon becomes, final here: it is looked up once.
Status Chain::doubt(const Vote& vote) {
  if (vote.kind != Vote::Kind::commit || doubtful_.contains(vote.target)) return ok();
  if (!knows_authorities_at(vote.target.height)) return ok();
  if (vote.target.height <= final_.height) {
    AITBC_TRY_ASSIGN(const auto ours, id_at(vote.target.height));
    if (ours == vote.target.id) return ok();
  }
  doubtful_.insert(vote.target);
  if (doubtful_.size() <= limits::doubtful_kept_max) return ok();
  // The fewest votes go, or one key could drive out what a quorum has committed.
  const auto commits = [&](const Checkpoint& block) {
    return signed_.commits_of(block, authorities_at(block.height)).votes.size();
  };
  doubtful_.erase(std::min_element(
      doubtful_.begin(), doubtful_.end(),
      [&](const Checkpoint& a, const Checkpoint& b) { return commits(a) < commits(b); }));
  return ok();
}

// Whether a quorum has committed another block at the height of one that is final here.
Status Chain::compare_finality() {
  for (auto it = doubtful_.begin(); it != doubtful_.end() && it->height <= final_.height;) {
    AITBC_TRY_ASSIGN(const auto ours, id_at(it->height));
    if (ours == it->id || !knows_authorities_at(it->height)) {
      it = doubtful_.erase(it);
      continue;
    }
    const auto [authorities, quorum] = electorate()(it->height);
    const Certificate theirs = signed_.commits_of(*it++, authorities);
    if (!conflict_ && theirs.votes.size() >= quorum) AITBC_TRY(note_conflict(theirs));
  }
  return ok();
}

// A branch that leaves this chain below its final block: is one of its blocks final too?
Status Chain::compare_finality(std::span<const CheckedBlock> refused) {
  for (const CheckedBlock& block : refused) {
    const Checkpoint named = checkpoint_of(tip_of(block.header()));
    if (conflict_ || !doubtful_.contains(named)) continue;
    const auto [authorities, quorum] = electorate()(named.height);
    const Certificate theirs = signed_.commits_of(named, authorities);
    if (theirs.votes.size() >= quorum) AITBC_TRY(note_conflict(theirs));
  }
  return ok();
}

Result<std::optional<Checkpoint>> Chain::committed_elsewhere() const {
  if (conflict_) return std::optional<Checkpoint>();
  for (auto it = doubtful_.rbegin(); it != doubtful_.rend() && it->height > final_.height; ++it) {
    AITBC_TRY_ASSIGN(const auto ours, id_at(it->height));
    if (ours == it->id) continue;
    const auto [authorities, quorum] = electorate()(it->height);
    if (signed_.commits_of(*it, authorities).votes.size() >= quorum) return std::optional(*it);
  }
  return std::optional<Checkpoint>();
}

Status Chain::note_conflict(const Certificate& theirs) {
  const auto snapshot = store_->reader().snapshot();
  if (!snapshot) return is_internal(snapshot.error()) ? Status(snapshot.error()) : ok();
  AITBC_TRY_ASSIGN(const auto ours,
                   (*snapshot)->finality_of(std::min(theirs.block.height, final_.height)));
  if (!ours) return error(Errc::corrupt, "store: the final block has no certificate");
  conflict_ = FinalityConflict{*ours, theirs};
  for (const SignedVote& our_vote : ours->votes) {
    for (const SignedVote& their_vote : theirs.votes) accuse(breach(our_vote, their_vote));
  }
  return store_offences();
}

}  // namespace aitbc
