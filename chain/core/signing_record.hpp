#pragma once
// Remembers what keys have signed, as far as its bounds reach, and tells when something breaks the
// rules together with something before it. Knows more than the chain does: votes below the final
// block, and headers of blocks that were refused. What it is given was checked: the signatures
// hold. Deterministic; owned by one Chain.

#include <map>
#include <vector>

#include "chain/core/evidence.hpp"

namespace aitbc {

class SigningRecord {
 public:
  // The first breach that it proves; remembered either way. A slot of a key keeps its first header.
  std::optional<Evidence> see(const SealedHeader&);
  // `head`: when there are too many, votes far above go first if they are most, so that a key
  // cannot hide behind them what it signed.
  std::optional<Evidence> see(const SignedVote&, Height head);

  // The commits of the block by these keys.
  Certificate commits_of(const Checkpoint&, std::span<const PublicKey> authorities) const;

 private:
  std::map<std::pair<Slot, PublicKey>, SealedHeader> seals_;
  std::map<PublicKey, std::map<Vote, Signature>> votes_;
};

}  // namespace aitbc
