#pragma once
// What the votes that a node knows prove: which blocks are justified, which is final, and what its
// own authority should vote for next. Votes count for blocks by name, known or not; which of the
// named blocks a branch contains is told by the caller. Deterministic; owned by one Chain.
//
// That a block is justified or final is a fact that no later vote takes back, so certificates are
// accepted once and for all.

#include <functional>
#include <map>
#include <set>

#include "chain/core/vote.hpp"

namespace aitbc {

class Finality {
 public:
  // Of the owner's counter of news: see Mempool::Sequence.
  using Sequence = std::uint64_t;
  // Of the named blocks, those that a branch contains.
  using Branch = std::set<Checkpoint>;

  // The votes of whom, and of how many of them, prove something of a block.
  struct Voters {
    std::span<const PublicKey> authorities;
    std::size_t quorum;
  };
  // Those of the branch's block at a height: the authorities in whose turn it was sealed.
  using Electorate = std::function<Voters(Height)>;

  explicit Finality(const Checkpoint& genesis) : final_(genesis), justified_{genesis} {}

  const Checkpoint& final() const { return final_; }
  bool is_justified(const Checkpoint& block) const { return justified_.contains(block); }
  // The highest justified block of a branch that contains the final one.
  const Checkpoint& justified(const Branch&) const;

  // Takes an authority's vote whose signature holds. False if it is known, or cannot prove anything
  // that is not final already. A voter has limits::votes_kept_max of a kind: the lowest go first.
  bool add(const SignedVote&, Sequence);
  std::vector<SignedVote> since(Sequence) const;
  std::vector<SignedVote> votes_of(const PublicKey&) const;
  // Blocks that votes name, as targets or sources, and the justified ones from the final one on.
  Branch named() const;

  struct Proof {
    std::vector<Certificate> justified;  // lowest first
    std::optional<Certificate> final;    // the highest
  };
  // What is proven of the branch and not yet accepted.
  Proof prove(const Branch&, const Electorate&) const;
  // A certificate that was proven, or that comes from the store.
  void accept(const Certificate&);

  // How many others than `but` have prepared the block.
  std::size_t prepares(const Checkpoint&, const PublicKey& but) const;
  std::vector<Checkpoint> prepared() const;

 private:
  struct Kept {
    Signature signature;
    Sequence sequence;
  };
  using Votes = std::map<std::pair<PublicKey, Vote>, Kept>;
  using Tally = std::map<PublicKey, SignedVote>;

  bool is_useful(const Vote&) const;

  Checkpoint final_;
  std::set<Checkpoint> justified_;
  Votes votes_;
};

// What an authority should sign next, given what it has signed; nullopt while there is nothing to
// vote for. It commits what it prepared last as soon as that is justified. Otherwise it prepares
// what most others have prepared on its head's branch, or else its head; and nothing higher while
// its last target waits for others, unless `impatient` (it waited long enough).
std::optional<Vote> next_vote(const Finality&, const Finality::Branch&, const Checkpoint& head,
                              const PublicKey& voter, const Watermarks&, bool impatient);

}  // namespace aitbc
