#pragma once
// A chain executed again from its genesis, block by block, and held against every invariant that
// can be told from the blocks alone. The invariants are written a second time here, apart from the
// rules that seal and import blocks: a rule that is broken in the node must not hide itself. Memory
// is that of the accounts. One thread per object.

#include <deque>

#include "chain/core/apply.hpp"

namespace aitbc {

// An invariant that does not hold, of one chain at one height.
struct Broken {
  std::string_view invariant;  // see invariants()
  Height height = 0;
  std::string expected, seen;
  Errc code = Errc::broken_branch;  // the rule that a block breaks
};

// What an invariant may ask about a block before it is executed.
struct NextBlock {
  const Params& params;
  const State& state;  // before the block
  const Parent& parent;
  const std::deque<PublicKey>& proposers;  // of the blocks before, newest last
  const Block& block;
};

struct Invariant {
  std::string_view name;
  std::string_view sentence;
  // Null where a block alone cannot tell.
  std::optional<Broken> (*judge)(const NextBlock&);
};
// The one list: what the simulator, the tests and `aitbc check` hold every chain against.
std::span<const Invariant> invariants();

class Replay {
 public:
  explicit Replay(const Genesis& genesis);

  // Takes the block after head(), or says what is broken and stays where it is.
  std::optional<Broken> add(const Block& block);
  // What add() would say of the block's own form and signatures, wherever it stands.
  std::optional<Broken> check_form(const Block& block) const;

  const Params& params() const { return params_; }
  const Tip& head() const { return parent_.tip; }
  const State& state() const { return state_; }
  // The authorities in whose turn head() was sealed: those whose votes make it final.
  std::span<const PublicKey> voters() const { return voters_; }
  // bad_certificate unless a quorum of voters() signed it.
  Status check(const Certificate&) const;
  std::uint64_t txs() const { return txs_; }

  // Blocks added from here on are taken back by leave_branch().
  void enter_branch();
  void leave_branch();

 private:
  struct Undo {
    Effects effects;
    Parent parent;
    std::uint64_t txs;
    std::deque<PublicKey> proposers;
    std::vector<PublicKey> voters;
  };

  Params params_;
  State state_;
  Parent parent_;
  std::deque<PublicKey> proposers_;
  std::vector<PublicKey> voters_;
  std::uint64_t txs_ = 0;
  bool on_branch_ = false;
  std::vector<Undo> undo_;
};

}  // namespace aitbc
