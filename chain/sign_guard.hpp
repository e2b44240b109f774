#pragma once
// What an authority's key has signed last, durable by itself: the file lies beside the key, outside
// the database and its snapshots, so that no restored data directory makes the key sign twice.

#include <memory>
#include <string>

#include "chain/core/crypto.hpp"
#include "chain/core/vote.hpp"

namespace aitbc {

// Used by one thread.
class SignGuard {
 public:
  virtual ~SignGuard() = default;
  virtual const Watermarks& marks() const = 0;
  // Durable on return. Marks are never lowered: the caller raises what marks() said.
  virtual Status raise(const Watermarks&) = 0;
};

// Remembers as long as it lives, which in the simulator is longer than its node.
class MemorySignGuard final : public SignGuard {
 public:
  const Watermarks& marks() const override { return marks_; }
  Status raise(const Watermarks& marks) override {
    marks_ = marks;
    return ok();
  }

 private:
  Watermarks marks_;
};

// Made if it is not there. in_use if another process has it; corrupt if it cannot be read, or is of
// another key or chain: a key whose history is not known must not sign.
Result<std::unique_ptr<SignGuard>> open_sign_guard(const std::string& path, const GenesisHash&,
                                                   const PublicKey&);

// An authority at work: the only way in which a node signs blocks and votes.
class Authority {
 public:
  Authority(KeyPair key, std::shared_ptr<SignGuard> guard)
      : key_(std::move(key)), guard_(std::move(guard)) {}

  const PublicKey& public_key() const { return key_.public_key(); }
  const KeyPair& key() const { return key_; }
  const Watermarks& marks() const { return guard_->marks(); }

  // Before a seal for the slot is shown to anybody; the slot is above all earlier ones.
  Status promise_seal(Slot);
  // Its latest votes, signed again: what a restart may have kept from leaving.
  std::vector<SignedVote> promised(const GenesisHash&) const;
  // may_sign() must allow the vote.
  Result<SignedVote> vote(const GenesisHash&, const Vote&);

 private:
  KeyPair key_;
  std::shared_ptr<SignGuard> guard_;
};

}  // namespace aitbc
