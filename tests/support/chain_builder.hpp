#pragma once
// A chain as it grows: blocks with their effects, ready for a store or an importer, and the way
// back to any earlier height to build another branch from there. One thread.

#include "chain/store.hpp"
#include "tests/support/ledger.hpp"

namespace aitbc::test {

class ChainBuilder {
 public:
  explicit ChainBuilder(LedgerShape shape = {}, std::uint64_t seed = 1) : ledger(shape, seed) {}

  Ledger ledger;
  std::vector<Applied> blocks;  // block h at h - 1

  const Genesis& genesis() const { return ledger.genesis; }
  const Params& params() const { return ledger.params; }
  const Tip& head() const { return ledger.parent.tip; }
  const KeyPair& user(std::size_t index) const { return ledger.users[index]; }
  Address address(std::size_t user) const { return Ledger::address(ledger.users[user]); }

  // With the sender's next nonce, or that plus `ahead` where several go into one block.
  CheckedTx transfer(std::size_t from, std::size_t to, std::uint64_t amount = 10,
                     Nonce ahead = 0) const {
    Ledger::Spend spend;
    spend.amount = amount;
    spend.nonce = ledger.account(user(from)).nonce + ahead;
    return ledger.transfer(user(from), user(to), spend);
  }

  const Applied& append(const std::vector<CheckedTx>& txs) {
    parents_.push_back(ledger.parent);
    CheckedBlock block = ledger.make_block(txs);
    auto effects = ledger.apply(block);
    AITBC_CHECK(effects.has_value());
    blocks.push_back({std::move(block), std::move(effects).value()});
    return blocks.back();
  }
  // A block of one small transfer between the first two users.
  const Applied& append() { return append({transfer(0, 1, 1)}); }

  // The blocks that were above `height`, lowest first; the next one follows the block there.
  std::vector<Applied> rewind_to(Height height) {
    const auto first = blocks.begin() + static_cast<std::ptrdiff_t>(height);
    std::vector<Applied> rewound(first, blocks.end());
    while (blocks.size() > height) {
      ledger.state.undo(blocks.back().effects);
      ledger.parent = parents_.back();
      blocks.pop_back();
      parents_.pop_back();
    }
    return rewound;
  }

 private:
  std::vector<Parent> parents_;  // of each block
};

}  // namespace aitbc::test
