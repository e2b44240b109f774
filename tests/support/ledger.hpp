#pragma once
// A chain's rules at work without a store: authorities, funded users, a state and the parent of the
// next block. Users and authorities have one key each; their balances start equal. One thread.

#include "chain/core/apply.hpp"
#include "tests/support/generators.hpp"

namespace aitbc::test {

struct LedgerShape {
  std::size_t authorities = 3;
  std::size_t users = 4;
  std::uint64_t balance = 1'000;
  std::uint64_t fee_min = 1;
  std::uint64_t reserve = 0;  // to be minted for receipts; with none there are no receipts
};

class Ledger {
 public:
  explicit Ledger(LedgerShape shape = {}, std::uint64_t seed = 1) : Ledger(shape, gen::Rng(seed)) {}

  Genesis genesis;
  std::vector<KeyPair> authorities;  // in the order of their turns
  std::vector<KeyPair> users;
  KeyPair coordinator;
  Params params;
  State state;
  Parent parent;
  Slot slots_skipped = 0;  // left out before each block

  static Address address(const KeyPair& key) {
    return address_of(Policy::single(key.public_key()));
  }
  Account account(const KeyPair& key) const { return state.at(address(key)); }

  struct Spend {
    std::uint64_t amount = 10;
    std::uint64_t fee = 1;
    std::optional<Nonce> nonce = std::nullopt;  // the next one of the state when not given
  };
  SignedTx signed_transfer(const KeyPair& from, const Address& to, Spend spend) const {
    return signed_tx(from, Transfer{to, Amount::from(spend.amount).value()}, spend);
  }
  SignedTx signed_tx(const KeyPair& from, const Payload& payload, Spend spend) const {
    Tx body;
    body.nonce = spend.nonce.value_or(account(from).nonce);
    body.fee = Amount::from(spend.fee).value();
    body.payload = payload;
    const KeyPair* const signer = &from;
    const auto made =
        sign(params.genesis_hash, body, Policy::single(from.public_key()), std::span(&signer, 1));
    AITBC_CHECK(made.has_value());
    return *made;
  }
  CheckedTx checked_tx(const KeyPair& from, const Payload& payload, Spend spend) const {
    auto checked = CheckedTx::check(params, signed_tx(from, payload, spend));
    AITBC_CHECK(checked.has_value());
    return *std::move(checked);
  }
  CheckedTx transfer(const KeyPair& from, const Address& to, Spend spend) const {
    return checked_tx(from, Transfer{to, Amount::from(spend.amount).value()}, spend);
  }
  CheckedTx transfer(const KeyPair& from, const KeyPair& to, Spend spend) const {
    return transfer(from, address(to), spend);
  }

  // What the coordinator signs about `units` of work, as canonical JSON.
  static std::string receipt(std::string_view id, std::string_view units,
                             std::string_view provider) {
    return R"({"job_id":"job","provider":")" + std::string(provider) + R"(","receipt_id":")" +
           std::string(id) + R"(","units":)" + std::string(units) + "}";
  }
  ReceiptClaim claim(std::string text) const {
    const Signature signature = coordinator.sign(as_bytes(text));
    return {std::move(text), coordinator.public_key(), signature};
  }
  ReceiptClaim claim(std::string_view id, std::string_view units, const KeyPair& miner) const {
    return claim(receipt(id, units, to_text(address(miner))));
  }

  const KeyPair& proposer(Slot slot) const { return authorities[slot % authorities.size()]; }
  // The next slot whose proposer is no recent signer.
  Slot next_slot() const {
    for (Slot slot = parent.tip.slot + 1 + slots_skipped;; ++slot) {
      if (!parent.is_recent_signer(proposer(slot).public_key(), authorities.size())) return slot;
    }
  }

  // A block of all of `txs`, sealed for the next slot; the state is left as it was.
  CheckedBlock make_block(const std::vector<CheckedTx>& txs) {
    const Slot slot = next_slot();
    auto built = build_block(params, parent, state, proposer(slot), slot, txs);
    AITBC_CHECK(built.has_value() && built->block.txs.size() == txs.size());
    state.undo(built->effects);
    return std::move(built->block);
  }
  // Seals the header anew after a test has changed it.
  CheckedBlock reseal(CheckedBlock block) const {
    const KeyPair& key = proposer(block.header().slot);
    block.sealed.seal = seal(params.genesis_hash, block.header(), key);
    return block;
  }

  Result<Effects> apply(const CheckedBlock& block) {
    auto effects = apply_block(params, parent, state, block);
    if (effects) parent.advance(block.header(), state.authorities().size());
    return effects;
  }

 private:
  Ledger(LedgerShape shape, gen::Rng rng)
      : genesis(),
        authorities(gen::keys(rng, shape.authorities)),
        users(gen::keys(rng, shape.users)),
        coordinator(gen::key(rng)),
        params(),
        state({}) {
    genesis.chain_id = "test";
    genesis.time = from_unix_ms(1'700'000'000'000);
    genesis.fee_min = Amount::from(shape.fee_min).value();
    genesis.devnet = true;
    if (shape.reserve > 0) {
      genesis.minting = {
          *Amount::from(1'000), 50'000, *Amount::from(shape.reserve), {coordinator.public_key()}};
    }
    genesis.authorities = gen::public_keys(authorities);
    for (const KeyPair& user : users) {
      genesis.allocations.push_back({address(user), Amount::from(shape.balance).value()});
    }
    std::sort(genesis.allocations.begin(), genesis.allocations.end(),
              [](const auto& a, const auto& b) { return a.address < b.address; });
    AITBC_CHECK(check_genesis(genesis).has_value());
    params = params_of(genesis);
    state = State::of(genesis);
    parent.tip = genesis_tip(params);
  }
};

}  // namespace aitbc::test
