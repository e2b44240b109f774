#pragma once
// What an authority's key has signed last, durable by itself: the file lies beside the key, outside
// the database and its snapshots, so that no restored data directory makes the key sign twice.

#include <memory>
#include <string>

#include <vector>

#include "chain/core/crypto.hpp"
#include "chain/core/vote.hpp"

namespace aitbc {

// What else is known of a key where it is used.
struct KeyNotes {
  std::string origin;                // KeyClaim::origin of who used it last; empty: nobody did
  std::vector<EvidenceId> unlocked;  // evidence that its operator has set aside, the latest last
  bool operator==(const KeyNotes&) const = default;
};

// Used by one thread.
class SignGuard {
 public:
  virtual ~SignGuard() = default;
  virtual const Watermarks& marks() const = 0;
  // Durable on return. Marks are never lowered: the caller raises what marks() said.
  virtual Status raise(const Watermarks&) = 0;
  virtual const KeyNotes& notes() const = 0;
  virtual Status note(KeyNotes) = 0;  // durable on return
  // Whether it is certain that the process of notes() has ended: it held the very lock that is held
  // now. False for the first process ever, for a copy, and after the machine was started again.
  virtual bool in_place() const = 0;
};

// Remembers as long as it lives. Whoever makes it vouches that nobody else uses the key, as if it
// had been used here before.
class MemorySignGuard final : public SignGuard {
 public:
  const Watermarks& marks() const override { return marks_; }
  Status raise(const Watermarks& marks) override {
    marks_ = marks;
    return ok();
  }
  const KeyNotes& notes() const override { return notes_; }
  Status note(KeyNotes notes) override {
    notes_ = std::move(notes);
    return ok();
  }
  bool in_place() const override { return true; }

 private:
  Watermarks marks_;
  KeyNotes notes_{"memory", {}};
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
  // Raises the marks by votes of this key that are known to have been signed, if not here: a copy
  // of the guard may be older than what the key has signed since.
  Status learn(std::span<const SignedVote>);

  // KeyClaim::origin of the processes that used the key here before this one, if it is certain that
  // the last of them has ended.
  std::optional<std::string> origin() const {
    return guard_->in_place() ? std::optional(guard_->notes().origin) : std::nullopt;
  }
  // A process of this origin uses the key from now on.
  Status begin(const std::string& origin);
  bool has_unlocked(const EvidenceId&) const;
  Status unlock(std::span<const EvidenceId>);

 private:
  KeyPair key_;
  std::shared_ptr<SignGuard> guard_;
};

}  // namespace aitbc
