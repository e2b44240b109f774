#pragma once
// Checks the signatures of a world once: what was checked before, byte for byte, need not be
// checked again for each node that it reaches. Nine tenths of a simulation's time would go there.
// One thread.

#include <unordered_map>
#include <unordered_set>

#include "sync/protocol.hpp"

namespace aitbc::sim {

class Notary {
 public:
  explicit Notary(const Params& params) : params_(params), verifier_(params) {}

  Result<CheckedTx> tx(const SignedTx&);
  Result<std::vector<CheckedBlock>> blocks(std::span<const Block>);
  // As sync::hear(). Votes that no answer held before are added to `fresh`.
  Result<sync::Heard> hear(SyncAnswer, std::vector<SignedVote>& fresh);
  Status claim(const KeyClaim&);

 private:
  Result<CheckedBlock> block(const Block&);

  const Params& params_;
  Verifier verifier_;  // of what has no memory here
  std::unordered_map<Hash, CheckedBlock> blocks_;
  std::unordered_map<Hash, CheckedTx> txs_;
  std::unordered_set<Hash> votes_, claims_;
};

}  // namespace aitbc::sim
