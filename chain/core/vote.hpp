#pragma once
// Votes for finality, and what an authority may sign. Two small signed votes, prepare and commit,
// of which a quorum proves something: the two phases of Casper FFG (Buterin, Griffith 2017) with
// explicit commits. Pure functions; the rules and their proof are consensus.md, section 5.

#include <compare>
#include <optional>
#include <span>
#include <vector>

#include "chain/core/codec.hpp"
#include "chain/core/tip.hpp"

namespace aitbc {

// A block as votes name it. The genesis is one too: it is justified and final from the start.
struct Checkpoint {
  Height height = 0;
  BlockId id;
  auto operator<=>(const Checkpoint&) const = default;
};
Checkpoint checkpoint_of(const Tip&);

struct Vote {
  enum class Kind : std::uint8_t { prepare, commit };
  Kind kind = Kind::prepare;
  Checkpoint target;
  Checkpoint source;  // of a prepare: its justified ancestor; of a commit: the target itself
  auto operator<=>(const Vote&) const = default;

  static Vote prepare(const Checkpoint& target, const Checkpoint& source) {
    return {Kind::prepare, target, source};
  }
  static Vote commit(const Checkpoint& target) { return {Kind::commit, target, target}; }
};
std::string_view name(Vote::Kind);

struct SignedVote {
  Vote vote;
  PublicKey voter;
  Signature signature;
  bool operator==(const SignedVote&) const = default;
};

SignedVote sign(const GenesisHash& chain, const Vote&, const class KeyPair&);
// bad_vote if its shape is none or the signature does not hold. Whether the voter is an authority
// is for those to ask who count.
Status check_vote(const GenesisHash& chain, const SignedVote&);

// What a key has signed last. Durable before any signature leaves the process, and never lowered.
struct Watermarks {
  Slot sealed = 0;
  std::optional<Vote> prepare;
  std::optional<Vote> commit;
  bool operator==(const Watermarks&) const = default;

  void raise(const Vote&);
};

// The three rules of a voter, from which the safety of what is final follows:
//   1. the target of a prepare is higher than all that were prepared before;
//   2. its source is not below the last commit;
//   3. a commit is for the latest prepared target alone, and rises.
bool may_sign(const Watermarks&, const Vote&);

// A quorum's votes of one kind for one block: prepares justify it, commits make it final.
struct Certificate {
  Vote::Kind kind = Vote::Kind::commit;
  Checkpoint block;
  std::vector<SignedVote> votes;  // ascending by voter, distinct
  bool operator==(const Certificate&) const = default;
};
// bad_certificate unless a quorum of the authorities signed it. Whether the sources of prepares
// were justified cannot be told from it.
Status check_certificate(const GenesisHash& chain, std::span<const PublicKey> authorities,
                         std::size_t quorum, const Certificate&);

void encode(Encoder&, const Vote&);
Vote decode_vote(Decoder&);
void encode(Encoder&, const SignedVote&);
SignedVote decode_signed_vote(Decoder&);
void encode(Encoder&, const Certificate&);
Certificate decode_certificate(Decoder&);
Buffer encode(const Certificate&);
Result<Certificate> decode_certificate(ByteView);

}  // namespace aitbc
