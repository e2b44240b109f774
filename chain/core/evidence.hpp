#pragma once
// Evidence that a key broke the rules of signing: two things it signed that no node which keeps the
// rules signs both, in whatever order. It needs nothing else to be believed: no chain, no clock, no
// other vote. Pure functions.
//
// Two sealed headers prove a breach if they are different blocks of one slot.
// Two votes prove one (rules 1 to 3 are those of may_sign(), vote.hpp) if they are
//   - two prepares whose targets have one height: by rule 1 targets rise;
//   - two commits of one height for different blocks: by rule 3 commits rise;
//   - a commit, and a prepare of another target of the same height: by rule 3 the committed block
//     was prepared too, so that there were two prepares of one height;
//   - a commit of a block between the source and the target of a prepare, by height: signed before
//     the prepare, it breaks rule 2; signed after it, rule 3, for the latest target was higher.
// Nothing else does: any other two votes are both signed in some order that keeps the rules.

#include <variant>

#include "chain/core/block.hpp"
#include "chain/core/vote.hpp"

namespace aitbc {

struct Evidence {
  template <class Signed>
  struct Pair {
    Signed first, second;
    bool operator==(const Pair&) const = default;
  };
  using Seals = Pair<SealedHeader>;
  using Votes = Pair<SignedVote>;
  std::variant<Seals, Votes> proof;  // in a fixed order: one breach has one encoding

  const PublicKey& key() const;
  bool operator==(const Evidence&) const = default;
};

// Whether no order of signing allows both.
bool excludes(const Vote&, const Vote&);
// nullopt unless the two prove a breach. Whether the signatures hold is for the caller to know.
std::optional<Evidence> breach(const SealedHeader&, const SealedHeader&);
std::optional<Evidence> breach(const SignedVote&, const SignedVote&);

// Of what was signed, not of the signatures: whoever has the key can make more of those.
EvidenceId id_of(const Evidence&);
// bad_evidence unless it proves a breach and both signatures hold. Whether the key is an
// authority's is for those to ask who count.
Status check_evidence(const GenesisHash& chain, const Evidence&);
// A sentence for people: "sealed two blocks for slot 7: 0x… and 0x…".
std::string describe(const Evidence&);

// Two blocks of different branches, both committed by a quorum: the chain is final twice. At least
// 2q - n keys signed both, and each of them left evidence.
struct FinalityConflict {
  Certificate ours, theirs;
  bool operator==(const FinalityConflict&) const = default;
};
EvidenceId id_of(const FinalityConflict&);

Buffer encode(const Evidence&);
Result<Evidence> decode_evidence(ByteView);
Buffer encode(const FinalityConflict&);
Result<FinalityConflict> decode_finality_conflict(ByteView);

}  // namespace aitbc
