// The part of Chain that counts votes: fork choice by what is justified, and what is final.

#include <algorithm>

#include "chain/chain.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

Finality::Voters Chain::voters(std::span<const PublicKey> authorities) const {
  return {authorities, quorum_of(params_.quorum, authorities.size())};
}

Finality::Electorate Chain::electorate() const {
  return [this](Height height) { return voters(authorities_at(height)); };
}

bool Chain::may_vote(const PublicKey& key) const {
  const auto in_set = [&](const auto& entry) {
    return is_authority(entry.second.authorities, key);
  };
  const auto& decision = state_.governance().decision;
  return (decision && decision->change.key == key) ||
         std::any_of(governance_.begin(), governance_.end(), in_set);
}

// Of the blocks that votes name, those on the branch that leaves the chain above `ancestor`.
Result<Finality::Branch> Chain::named_on(const Tip& ancestor,
                                         std::span<const CheckedBlock> branch) const {
  Finality::Branch found;
  for (const Checkpoint& block : finality_.named()) {
    std::optional<BlockId> id;
    if (block.height <= ancestor.height) {
      AITBC_TRY_ASSIGN(id, id_at(block.height));
    } else if (block.height - ancestor.height <= branch.size()) {
      id = id_of(branch[block.height - ancestor.height - 1].header());
    }
    if (id == block.id) found.insert(block);
  }
  return found;
}

// What extends the head holds all that is justified here.
Result<bool> Chain::is_better(const Tip& ancestor, std::span<const CheckedBlock> branch) const {
  const Tip tip = tip_of(branch.back().header());
  if (ancestor == head()) return true;
  AITBC_TRY_ASSIGN(const auto named, named_on(ancestor, branch));
  // Of the branch's blocks, by ballots alone: whether it can be applied is not asked yet.
  std::vector<Governance> governance{governance_at(ancestor.height)};
  for (const CheckedBlock& block : branch) {
    governance.push_back(governance.back());
    advance(governance.back(), block);
  }
  const auto proof = finality_.prove(named, [&](Height height) {
    return height <= ancestor.height ? voters(authorities_at(height))
                                     : voters(governance[height - ancestor.height - 1].authorities);
  });
  Height justified = finality_.justified(named).height;
  if (!proof.justified.empty()) {
    justified = std::max(justified, proof.justified.back().block.height);
  }
  if (proof.final) justified = std::max(justified, proof.final->block.height);
  return better({justified, tip}, {justified_.height, head()});
}

Status Chain::restore(const std::vector<Certificate>& certificates) {
  mempool_.advance();
  for (const Certificate& certificate : certificates) {
    finality_.accept(certificate);
    for (const SignedVote& vote : certificate.votes) {
      finality_.add(vote, mempool_.last_sequence());
      accuse(signed_.see(vote, head().height));
    }
  }
  return settle();
}

Status Chain::add_votes(std::span<const SignedVote> votes) {
  bool news = false;
  for (const SignedVote& vote : votes) {
    if (!may_vote(vote.voter)) continue;
    // Before any of them is dropped as too low, or known.
    accuse(signed_.see(vote, head().height));
    AITBC_TRY(doubt(vote.vote));
    if (!finality_.add(vote, mempool_.last_sequence() + 1)) continue;
    on_vote_(vote);
    news = true;
  }
  AITBC_TRY(compare_finality());
  AITBC_TRY(store_offences());
  if (!news) return ok();
  mempool_.advance();
  return settle();
}

// Accepts what the known votes prove of this chain. A disk that is full for now keeps it from
// becoming final, no more: the votes stay, and the next call proves it again.
Status Chain::settle() {
  AITBC_TRY_ASSIGN(const auto named, named_on(head(), {}));
  auto proof = finality_.prove(named, electorate());
  unsettled_ = false;
  Batch batch;
  batch.certificates = std::move(proof.justified);
  if (proof.final) batch.certificates.push_back(std::move(*proof.final));
  if (!batch.certificates.empty()) {
    if (auto committed = store_->commit(batch); !committed) {
      unsettled_ = category(committed.error().code) == Category::busy;
      return unsettled_ ? ok() : committed;
    }
    for (const Certificate& certificate : batch.certificates) finality_.accept(certificate);
    mempool_.advance();
  }
  AITBC_TRY_ASSIGN(const auto final, tip_at(finality_.final().height));
  AITBC_TRY_ASSIGN(const auto justified, tip_at(finality_.justified(named).height));
  AITBC_CHECK(final && justified);
  const bool rose = final_ != *final;
  final_ = *final;
  justified_ = *justified;
  // Late votes are judged by the set of their own height.
  while (governance_.size() > 1 &&
         std::next(governance_.begin())->first + limits::governance_kept <= final_.height) {
    governance_.erase(governance_.begin());
  }
  if (rose) AITBC_TRY(compare_finality());
  return store_offences();
}

Result<std::optional<Vote>> Chain::next_vote(const Authority& authority, bool impatient) const {
  if (head() == final_) return std::optional<Vote>();
  AITBC_TRY_ASSIGN(const auto named, named_on(head(), {}));
  auto vote = aitbc::next_vote(finality_, named, checkpoint_of(head()), authority.public_key(),
                               authority.marks(), impatient);
  if (vote && !is_authority(authorities_at(vote->target.height), authority.public_key())) {
    vote.reset();
  }
  return vote;
}

}  // namespace aitbc
