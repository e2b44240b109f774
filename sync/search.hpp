#pragma once
// The search for the last block that two chains have in common, by hash: doubling steps back until
// one is common, then halving. Pure; each answer narrows it and says what to ask next.

#include <functional>

#include "sync/protocol.hpp"

namespace aitbc::sync {

class AncestorSearch {
 public:
  // `differs_at`: a height at which the chains are known, or presumed, to differ. The genesis
  // (height 0) is common: the peer's was compared before.
  explicit AncestorSearch(Height differs_at) : high_(differs_at) {}

  // nullopt once the ancestor is known.
  std::optional<GetHeaders> next() const;
  // `is_ours` tells whether a block is on the local chain. An error (broken_branch) if the peer's
  // answer does not answer next().
  Status on_headers(std::span<const SealedHeader> headers,
                    const std::function<Result<bool>(Height, const BlockId&)>& is_ours);
  std::optional<Height> ancestor() const {
    return low_ + 1 == high_ ? std::optional(low_) : std::nullopt;
  }

 private:
  Height low_ = 0;   // common
  Height high_;      // different
  Height step_ = 0;  // how far back the next look goes, until something common was found
  bool found_ = false;
};

}  // namespace aitbc::sync
