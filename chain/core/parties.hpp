#pragma once
// The addresses in whose history a transaction appears: its sender and whoever it pays, each once.
// Pure; used by the stores, and by what reads accounts before a block is applied.

#include <array>

#include "chain/core/tx.hpp"

namespace aitbc {

class Parties {
 public:
  explicit Parties(const Tx& tx) : addresses_{tx.from, {}} {
    // One overload per type of payload: a new type does not compile until it says whom it touches.
    std::visit([this](const auto& payload) { add(payload); }, tx.payload);
  }
  const Address* begin() const { return addresses_.data(); }
  const Address* end() const { return addresses_.data() + count_; }

 private:
  void add(const Transfer& transfer) {
    if (transfer.to != addresses_[0]) addresses_[count_++] = transfer.to;
  }
  void add(const Ballot&) {}
  // Whom it pays is told by the list of receipts: of a claim that minted nothing it would be false.
  void add(const ReceiptClaim&) {}

  std::array<Address, 2> addresses_;
  std::size_t count_ = 1;
};

}  // namespace aitbc
