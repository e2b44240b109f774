#pragma once
// Random values of the domain from a seed. Those named `any_` have the right shape and need not be
// valid: they are for encodings. The others hold every rule that needs no state.

#include <string>
#include <utility>
#include <vector>

#include "chain/core/crypto.hpp"
#include "chain/core/genesis.hpp"
#include "chain/core/limits.hpp"
#include "chain/core/state.hpp"
#include "tests/support/rng.hpp"

namespace aitbc::gen {

inline KeyPair key(Rng& rng) {
  std::array<Byte, 32> seed{};
  rng.fill(seed);
  return KeyPair(Seed(seed));
}

inline std::vector<KeyPair> keys(Rng& rng, std::size_t count) {
  std::vector<KeyPair> made;
  for (std::size_t i = 0; i < count; ++i) made.push_back(key(rng));
  return made;
}

inline std::vector<PublicKey> public_keys(const std::vector<KeyPair>& keys) {
  std::vector<PublicKey> found;
  for (const KeyPair& key : keys) found.push_back(key.public_key());
  return found;
}

inline Address any_address(Rng& rng) { return rng.fixed<Address>(); }

// Small, large and extreme ones are equally likely.
inline std::uint64_t any_below_supply(Rng& rng) {
  switch (rng.below(4)) {
    case 0:
      return rng.below(10);
    case 1:
      return limits::supply_max - rng.below(10);
    case 2:
      return rng.below(1'000'000);
    default:
      return rng.next() & limits::supply_max;
  }
}
inline Amount any_amount(Rng& rng) { return *Amount::from(any_below_supply(rng)); }

inline Policy any_policy(Rng& rng) {
  Policy policy;
  policy.threshold = static_cast<std::uint8_t>(rng.below(256));
  const std::size_t count = rng.index(limits::policy_keys_max + 1);
  for (std::size_t i = 0; i < count; ++i) policy.keys.push_back(rng.fixed<PublicKey>());
  return policy;
}

inline SignedTx any_signed_tx(Rng& rng) {
  SignedTx tx;
  tx.witness.policy = any_policy(rng);
  if (tx.witness.policy.keys.empty()) tx.witness.policy.keys.push_back(rng.fixed<PublicKey>());
  tx.body.from = address_of(tx.witness.policy);
  tx.body.nonce = any_below_supply(rng);
  tx.body.fee = any_amount(rng);
  tx.body.payload = Transfer{any_address(rng), any_amount(rng)};
  for (std::uint8_t i = 0; i < tx.witness.policy.keys.size(); ++i) {
    if (rng.one_in(2)) tx.witness.parts.push_back({i, rng.fixed<Signature>()});
  }
  // A block counts on the smallest transaction holding one signature.
  if (tx.witness.parts.empty()) tx.witness.parts.push_back({0, rng.fixed<Signature>()});
  return tx;
}

inline SealedHeader any_sealed_header(Rng& rng) {
  SealedHeader sealed;
  sealed.header.height = any_below_supply(rng);
  sealed.header.slot = any_below_supply(rng);
  sealed.header.parent = rng.fixed<BlockId>();
  sealed.header.txs_root = rng.fixed<Hash>();
  sealed.header.state_root = rng.fixed<Hash>();
  sealed.header.proposer = rng.fixed<PublicKey>();
  sealed.header.tx_count = static_cast<std::uint32_t>(rng.next());
  sealed.seal = rng.fixed<Signature>();
  return sealed;
}

inline Block any_block(Rng& rng, std::size_t txs_max) {
  Block block;
  block.sealed = any_sealed_header(rng);
  const std::size_t txs = rng.index(txs_max + 1);
  for (std::size_t i = 0; i < txs; ++i) block.txs.push_back(any_signed_tx(rng));
  block.sealed.header.tx_count = static_cast<std::uint32_t>(txs);
  return block;
}

inline Effects any_effects(Rng& rng, std::size_t changes_max) {
  Effects effects;
  const std::size_t changes = rng.index(changes_max + 1);
  for (std::size_t i = 0; i < changes; ++i) {
    effects.changes.push_back({any_address(rng),
                               {any_amount(rng), any_below_supply(rng)},
                               {any_amount(rng), any_below_supply(rng)}});
  }
  return effects;
}

inline Genesis genesis(Rng& rng) {
  Genesis made;
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-._";
  const std::size_t length = 1 + rng.index(limits::chain_id_bytes_max);
  for (std::size_t i = 0; i < length; ++i) made.chain_id += letters[rng.index(letters.size())];
  made.time = from_unix_ms(static_cast<std::int64_t>(rng.below(4'000'000'000'000)));
  made.slot = Duration{static_cast<std::int64_t>(100 + rng.below(599'901))};
  made.tail_guard =
      Duration{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(made.slot.count())))};
  made.fee_min = any_amount(rng);
  made.quorum = rng.one_in(2) ? Quorum::majority : Quorum::bft;
  made.depth_max = 1 + rng.below(limits::depth_max_max);
  made.devnet = rng.one_in(2);
  made.authorities = public_keys(keys(rng, 1 + rng.index(5)));
  const std::size_t accounts = rng.index(20);
  for (std::size_t i = 0; i < accounts; ++i) {
    made.allocations.push_back({any_address(rng), *Amount::from(1 + rng.below(1'000'000))});
  }
  std::sort(made.allocations.begin(), made.allocations.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return made;
}

}  // namespace aitbc::gen
