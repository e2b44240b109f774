#include "chain/core/invariants.hpp"

#include <unordered_map>

namespace aitbc {

void check_invariants(std::span<const CheckedTx> txs, const Effects& effects) {
  std::unordered_map<Address, std::uint64_t> sent;
  for (const CheckedTx& tx : txs) ++sent[tx.body().from];

  // Sums of two supplies stay below 2^64.
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const Change* previous = nullptr;
  for (const Change& change : effects.changes) {
    AITBC_CHECK(previous == nullptr || previous->address < change.address);
    AITBC_CHECK(change.before != change.after);
    AITBC_CHECK(change.after.nonce >= change.before.nonce);
    const auto own = sent.find(change.address);
    const std::uint64_t expected = own == sent.end() ? 0 : own->second;
    AITBC_CHECK(change.after.nonce - change.before.nonce == expected);
    if (own != sent.end()) sent.erase(own);
    before += change.before.balance.units();
    after += change.after.balance.units();
    previous = &change;
  }
  AITBC_CHECK(sent.empty());  // every sender's nonce is a change
  AITBC_CHECK(before == after);
}

}  // namespace aitbc
