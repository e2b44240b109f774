#pragma once
// A chain checked from its genesis: every block is executed again and must lead to the state root
// that its header claims. Memory is that of the accounts. One thread per object.

#include "chain/core/apply.hpp"

namespace aitbc::cli {

class Verifier {
 public:
  explicit Verifier(const Genesis& genesis);

  // Blocks from height 1 on, in order; the error names the height and the broken rule.
  Status add(const Block& block);

  const Tip& head() const { return parent_.tip; }
  Hash state_root() const { return state_.root(); }
  std::uint64_t txs() const { return txs_; }
  std::size_t accounts() const { return state_.accounts(); }

 private:
  Params params_;
  State state_;
  Parent parent_;
  std::uint64_t txs_ = 0;
};

}  // namespace aitbc::cli
