#include "chain/core/invariants.hpp"

#include <unordered_map>
#include <unordered_set>

namespace aitbc {

namespace {

// What the claims that minted say of the accounts that are nobody's.
struct Claimed {
  std::unordered_set<Address> markers;
  std::uint64_t reserve_in = 0;
  std::uint64_t reserve_out = 0;
};

Claimed read_claims(std::span<const CheckedTx> txs, const Effects& effects) {
  Claimed claimed;
  for (const CheckedTx& tx : txs) {
    const auto* transfer = std::get_if<Transfer>(&tx.body().payload);
    if (transfer != nullptr && transfer->to == reserve_address()) {
      claimed.reserve_in += transfer->amount.units();
    }
  }
  const std::uint32_t* previous = nullptr;
  for (const std::uint32_t& position : effects.claims) {
    AITBC_CHECK(position < txs.size());
    AITBC_CHECK(previous == nullptr || *previous < position);
    const auto& mint = txs[position].mint();
    AITBC_CHECK(mint.has_value());
    AITBC_CHECK(claimed.markers.insert(mint->marker).second);
    claimed.reserve_out += mint->total.units();
    if (mint->miner == reserve_address()) claimed.reserve_in += mint->to_miner.units();
    previous = &position;
  }
  return claimed;
}

}  // namespace

void check_invariants(std::span<const CheckedTx> txs, const Effects& effects) {
  std::unordered_map<Address, std::uint64_t> expected;
  for (const CheckedTx& tx : txs) ++expected[tx.body().from];
  Claimed claimed = read_claims(txs, effects);
  for (const Address& marker : claimed.markers) {
    AITBC_CHECK(expected.emplace(marker, 1).second);  // no sender has such an address
  }

  // Sums of two supplies stay below 2^64.
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const Change* previous = nullptr;
  for (const Change& change : effects.changes) {
    AITBC_CHECK(previous == nullptr || previous->address < change.address);
    AITBC_CHECK(change.before != change.after);
    AITBC_CHECK(change.after.nonce >= change.before.nonce);
    const auto own = expected.find(change.address);
    AITBC_CHECK(change.after.nonce - change.before.nonce ==
                (own == expected.end() ? 0 : own->second));
    if (own != expected.end()) expected.erase(own);
    if (claimed.markers.contains(change.address)) AITBC_CHECK(change.before.nonce == 0);
    if (change.address == reserve_address()) {
      claimed.reserve_in += change.before.balance.units();
      claimed.reserve_out += change.after.balance.units();
    }
    before += change.before.balance.units();
    after += change.after.balance.units();
    previous = &change;
  }
  AITBC_CHECK(expected.empty());  // every sender's nonce is a change, and every marker's
  AITBC_CHECK(before == after);
  AITBC_CHECK(claimed.reserve_in == claimed.reserve_out);
}

}  // namespace aitbc
