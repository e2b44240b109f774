#pragma once
// Who the authorities are, and how they change that themselves: by ballots (tx.hpp), one change at
// a time. A value of the state, covered by its root. Pure functions; consensus.md, section 7, and
// for the ballots EIP-225.

#include <optional>
#include <span>
#include <vector>

#include "chain/core/genesis.hpp"

namespace aitbc {

struct Governance {
  // The change that ballots are cast on.
  struct Open {
    AuthorityChange change;
    Height expires = 0;                // the last block whose ballots count
    std::vector<PublicKey> approvals;  // in the order they came
    bool operator==(const Open&) const = default;
  };
  // The last change that was agreed on. The first block of the new set proves that the deciding
  // block is final under the old one.
  struct Decision {
    AuthorityChange change;
    Height decided = 0;             // the block whose ballots decided
    Height since = 0;               // the first block of the new set
    std::vector<PublicKey> before;  // the set of the blocks before
    bool operator==(const Decision&) const = default;
  };

  std::vector<PublicKey> authorities;  // of the next block, in the order of their turns
  std::optional<Open> open;
  std::optional<Decision> decision;
  bool operator==(const Governance&) const = default;
};

// What a block changed of it.
struct GovernanceChange {
  Governance before, after;
  bool operator==(const GovernanceChange&) const = default;
};

bool is_authority(std::span<const PublicKey> authorities, const PublicKey&);
// The set after a change; an added key takes the last turn.
std::vector<PublicKey> changed(std::span<const PublicKey> authorities, const AuthorityChange&);

// Whether a decided change is still to come when the block at `next` is made. Such blocks may be
// empty, so that an idle chain gets there.
bool is_changing(const Governance&, Height next);
// Whether the block at `next` must prove that the deciding block is final.
bool needs_handover(const Governance&, Height next);

// not_an_authority, or bad_ballot with the reason, if the ballot would change nothing. In a block
// it may still stand: what is agreed on while it waits must not make it, and all its sender's
// others, wait for ever.
Status check_ballot(const Governance&, const Address& sender, const Ballot&);
// A ballot of the block at `height`: approval by more than half of the authorities decides.
void cast(Governance&, const Address& sender, const Ballot&, Height height);
// After the ballots of the block at `height`: what expires, and what comes into force.
void end_block(Governance&, Height height);

void encode(Encoder&, const Governance&);
Governance decode_governance(Decoder&);

}  // namespace aitbc
