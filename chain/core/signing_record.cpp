#include "chain/core/signing_record.hpp"

#include <algorithm>
#include <iterator>

#include "chain/core/limits.hpp"

namespace aitbc {

std::optional<Evidence> SigningRecord::see(const SealedHeader& sealed) {
  const auto [entry, is_new] =
      seals_.emplace(std::pair(sealed.header.slot, sealed.header.proposer), sealed);
  auto found = is_new ? std::nullopt : breach(entry->second, sealed);
  if (seals_.size() > limits::seals_compared_max) seals_.erase(seals_.begin());
  return found;
}

std::optional<Evidence> SigningRecord::see(const SignedVote& signed_vote, Height head) {
  auto& votes = votes_[signed_vote.voter];
  if (!votes.emplace(signed_vote.vote, signed_vote.signature).second) return std::nullopt;
  std::optional<Evidence> found;
  for (const auto& [vote, signature] : votes) {
    if (found || !excludes(vote, signed_vote.vote)) continue;
    found = breach({vote, signed_vote.voter, signature}, signed_vote);
  }
  const auto first = votes.lower_bound(Vote{signed_vote.vote.kind, {}, {}});
  const auto last = std::find_if(first, votes.end(), [&](const auto& entry) {
    return entry.first.kind != signed_vote.vote.kind;
  });
  constexpr auto most = static_cast<std::ptrdiff_t>(limits::votes_compared_max);
  if (std::distance(first, last) > most) {
    const auto above = std::count_if(
        first, last, [&](const auto& entry) { return entry.first.target.height > head; });
    votes.erase(above > most / 2 ? std::prev(last) : first);
  }
  return found;
}

Certificate SigningRecord::commits_of(const Checkpoint& block,
                                      std::span<const PublicKey> authorities) const {
  Certificate certificate{Vote::Kind::commit, block, {}};
  const Vote commit = Vote::commit(block);
  for (const auto& [voter, votes] : votes_) {  // ascending, as certificates want them
    if (std::find(authorities.begin(), authorities.end(), voter) == authorities.end()) continue;
    const auto found = votes.find(commit);
    if (found != votes.end()) certificate.votes.push_back({commit, voter, found->second});
  }
  return certificate;
}

}  // namespace aitbc
