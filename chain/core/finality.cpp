#include "chain/core/finality.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "chain/core/governance.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

std::optional<Certificate> certificate_of(const std::map<PublicKey, SignedVote>& tally,
                                          const Finality::Voters& voters) {
  Certificate certificate;
  for (const auto& [voter, vote] : tally) {
    if (is_authority(voters.authorities, voter)) certificate.votes.push_back(vote);
  }
  if (certificate.votes.size() < voters.quorum) return std::nullopt;
  certificate.kind = certificate.votes.front().vote.kind;
  certificate.block = certificate.votes.front().vote.target;
  return certificate;
}

}  // namespace

const Checkpoint& Finality::justified(const Branch& branch) const {
  for (auto it = justified_.rbegin(); it != justified_.rend(); ++it) {
    if (*it == final_ || branch.contains(*it)) return *it;
  }
  AITBC_CHECK(false && "the final block is not justified");
}

// Commits of the final block itself are kept: they are what a peer that lags behind needs.
bool Finality::is_useful(const Vote& vote) const {
  if (vote.kind == Vote::Kind::commit) return vote.target.height >= final_.height;
  return vote.target.height > final_.height;
}

bool Finality::add(const SignedVote& signed_vote, Sequence sequence) {
  const auto& [vote, voter, signature] = signed_vote;
  if (!is_useful(vote)) return false;
  if (!votes_.emplace(std::pair(voter, vote), Kept{signature, sequence}).second) return false;
  const auto first = votes_.lower_bound({voter, Vote{vote.kind, {}, {}}});
  const auto same = [&signed_vote](const auto& entry) {
    return entry.first.first == signed_vote.voter &&
           entry.first.second.kind == signed_vote.vote.kind;
  };
  const auto last = std::find_if_not(first, votes_.end(), same);
  if (std::distance(first, last) <= static_cast<std::ptrdiff_t>(limits::votes_kept_max)) {
    return true;
  }
  const bool newcomer = first->first == std::pair(voter, vote);
  votes_.erase(first);
  return !newcomer;
}

std::vector<SignedVote> Finality::since(Sequence sequence) const {
  std::vector<SignedVote> found;
  for (const auto& [key, kept] : votes_) {
    if (kept.sequence > sequence) found.push_back({key.second, key.first, kept.signature});
  }
  return found;
}

std::vector<SignedVote> Finality::votes_of(const PublicKey& voter) const {
  std::vector<SignedVote> found;
  for (auto it = votes_.lower_bound({voter, Vote{}});
       it != votes_.end() && it->first.first == voter; ++it) {
    found.push_back({it->first.second, voter, it->second.signature});
  }
  return found;
}

Finality::Branch Finality::named() const {
  Branch blocks(justified_.lower_bound(final_), justified_.end());
  for (const auto& [key, kept] : votes_) {
    blocks.insert(key.second.target);
    blocks.insert(key.second.source);
  }
  return blocks;
}

Finality::Proof Finality::prove(const Branch& branch, const Electorate& electorate) const {
  std::map<Checkpoint, Tally> prepares, commits;  // of the branch, lowest first
  for (const auto& [key, kept] : votes_) {
    const auto& [voter, vote] = key;
    if (!branch.contains(vote.target) || !branch.contains(vote.source)) continue;
    auto& tallies = vote.kind == Vote::Kind::prepare ? prepares : commits;
    if (vote.target.height > final_.height) {
      tallies[vote.target].emplace(voter, SignedVote{vote, voter, kept.signature});
    }
  }
  Proof proof;
  std::set<Checkpoint> justified = justified_;
  for (auto& [target, tally] : prepares) {
    if (justified.contains(target)) continue;
    // Sources are below the target, so whether they are justified is settled. Of those at or below
    // the final block it need not be known any more: who names one could as well have named that.
    std::erase_if(tally, [&](const auto& entry) {
      const Checkpoint& source = entry.second.vote.source;
      return source.height > final_.height && !justified.contains(source);
    });
    if (auto certificate = certificate_of(tally, electorate(target.height))) {
      justified.insert(target);
      proof.justified.push_back(std::move(*certificate));
    }
  }
  // A quorum commits only what it saw justified: here the prepares need not be known.
  for (auto it = commits.rbegin(); it != commits.rend() && !proof.final; ++it) {
    proof.final = certificate_of(it->second, electorate(it->first.height));
  }
  return proof;
}

void Finality::accept(const Certificate& certificate) {
  justified_.insert(certificate.block);
  if (certificate.kind == Vote::Kind::prepare) return;
  final_ = certificate.block;
  std::erase_if(votes_, [&](const auto& entry) { return !is_useful(entry.first.second); });
  // Some below the final one stay: late votes have them as their sources.
  while (justified_.size() > limits::justified_kept_max && *justified_.begin() < final_) {
    justified_.erase(justified_.begin());
  }
}

std::size_t Finality::prepares(const Checkpoint& block, const PublicKey& but) const {
  std::set<PublicKey> voters;
  for (const auto& [key, kept] : votes_) {
    const auto& [voter, vote] = key;
    if (vote.kind == Vote::Kind::prepare && vote.target == block && voter != but) {
      voters.insert(voter);
    }
  }
  return voters.size();
}

std::vector<Checkpoint> Finality::prepared() const {
  Branch targets;
  for (const auto& [key, kept] : votes_) {
    if (key.second.kind == Vote::Kind::prepare) targets.insert(key.second.target);
  }
  return {targets.begin(), targets.end()};
}

std::optional<Vote> next_vote(const Finality& finality, const Finality::Branch& branch,
                              const Checkpoint& head, const PublicKey& voter,
                              const Watermarks& marks, bool impatient) {
  const Height final_height = finality.final().height;
  if (marks.prepare && marks.prepare->target.height > final_height &&
      branch.contains(marks.prepare->target)) {
    const Checkpoint& last = marks.prepare->target;
    if (finality.is_justified(last)) {
      if (const Vote commit = Vote::commit(last); may_sign(marks, commit)) return commit;
    } else if (!impatient) {
      return std::nullopt;
    }
  }
  const Height above =
      std::max(final_height, marks.prepare ? marks.prepare->target.height : Height{0});
  Checkpoint target = head;
  std::size_t most = 0;
  for (const Checkpoint& block : finality.prepared()) {  // lowest first, so the higher wins a tie
    if (block.height <= above || !branch.contains(block)) continue;
    const std::size_t others = finality.prepares(block, voter);
    if (others > 0 && others >= most) std::tie(target, most) = std::pair(block, others);
  }
  if (target.height <= above) return std::nullopt;
  Finality::Branch below;
  std::copy_if(branch.begin(), branch.end(), std::inserter(below, below.end()),
               [&](const Checkpoint& block) { return block.height < target.height; });
  const Vote prepare = Vote::prepare(target, finality.justified(below));
  return may_sign(marks, prepare) ? std::optional(prepare) : std::nullopt;
}

}  // namespace aitbc
