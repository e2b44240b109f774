#include "chain/core/state.hpp"

#include <catch2/catch.hpp>

#include "chain/core/crypto.hpp"
#include "tests/support/aborts.hpp"
#include "tests/support/amounts.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;
using test::account;

namespace {

Address numbered_address(Byte number) {
  Address address;
  address.data[0] = number;
  return address;
}

State some_state() {
  gen::Rng rng(1);
  State state({gen::public_keys(gen::keys(rng, 3)), {}, {}});
  state.load(numbered_address(1), account(100));
  state.load(numbered_address(2), account(200, 7));
  return state;
}

const Effects transfer{{{numbered_address(1), account(100), account(60, 1)},
                        {numbered_address(3), account(0), account(40)}}};

}  // namespace

TEST_CASE("a state starts with the allocations of the genesis") {
  gen::Rng rng(2);
  const Genesis genesis = gen::genesis(rng);
  const State state = State::of(genesis);
  CHECK(state.accounts() == genesis.allocations.size());
  for (const auto& [address, balance] : genesis.allocations) {
    CHECK(state.at(address) == Account{balance, 0});
  }
  CHECK(state.at(gen::any_address(rng)) == Account{});
  CHECK(std::equal(state.authorities().begin(), state.authorities().end(),
                   genesis.authorities.begin(), genesis.authorities.end()));
}

TEST_CASE("effects are taken and taken back") {
  State state = some_state();
  const Hash before = state.root();
  state.redo(transfer);
  CHECK(state.at(numbered_address(1)) == account(60, 1));
  CHECK(state.at(numbered_address(3)) == account(40));
  CHECK(state.at(numbered_address(2)) == account(200, 7));
  CHECK(state.accounts() == 3);
  CHECK(state.root() != before);
  state.undo(transfer);
  CHECK(state.accounts() == 2);
  CHECK(state.root() == before);
}

TEST_CASE("effects that do not fit the state stop the process") {
  CHECK_FALSE(test::aborts([] { some_state().redo(transfer); }));
  CHECK(test::aborts([] { some_state().undo(transfer); }));
  CHECK(test::aborts([] {
    State state = some_state();
    state.redo(transfer);
    state.redo(transfer);
  }));
}

TEST_CASE("the state root covers the accounts and the authorities in their order") {
  State state = some_state();
  CHECK(state.root() == state_root_of(state.accounts_root(), state.authorities_hash()));
  std::vector<PublicKey> keys(state.authorities().begin(), state.authorities().end());
  std::swap(keys[0], keys[1]);
  State reordered({keys, {}, {}});
  reordered.load(numbered_address(1), account(100));
  reordered.load(numbered_address(2), account(200, 7));
  CHECK(reordered.accounts_root() == state.accounts_root());
  CHECK(reordered.authorities_hash() != state.authorities_hash());
  CHECK(reordered.root() != state.root());
}

TEST_CASE("effects change the authorities and give them back") {
  State state = some_state();
  const Governance before = state.governance();
  Governance after = before;
  after.open = {{AuthorityChange::Kind::remove, before.authorities[0]}, 9, {}};
  const Effects effects{{}, GovernanceChange{before, after}};
  const Hash root = state.root();
  state.redo(effects);
  CHECK(state.governance() == after);
  CHECK(state.root() != root);
  state.undo(effects);
  CHECK(state.governance() == before);
  CHECK(state.root() == root);
  CHECK(test::aborts([&] { some_state().undo(effects); }));
  Encoder out;
  encode(out, effects);
  CHECK(decode_effects(out.bytes()).value() == effects);
}

TEST_CASE("the hash of the authorities is over their keys and the change under way") {
  const State state = some_state();
  Encoder out;
  encode(out, state.governance());
  CHECK(state.authorities_hash() == hash("aitbc/authorities/1", {out.bytes()}));
}

TEST_CASE("a state proves its accounts") {
  const State state = some_state();
  const Hash root = state.accounts_root();
  CHECK(check_proof(state.prove(numbered_address(2)), numbered_address(2), root) ==
        account(200, 7));
  CHECK(check_proof(state.prove(numbered_address(9)), numbered_address(9), root) == Account{});
}

TEST_CASE("an overlay shows its changes and leaves what is below alone") {
  const State state = some_state();
  Overlay overlay(state);
  CHECK(overlay.at(numbered_address(1)) == account(100));
  overlay.set(numbered_address(1), account(90));
  overlay.set(numbered_address(1), account(60, 1));
  overlay.set(numbered_address(3), account(40));
  CHECK(overlay.at(numbered_address(1)) == account(60, 1));
  CHECK(overlay.at(numbered_address(3)) == account(40));
  CHECK(overlay.at(numbered_address(2)) == account(200, 7));
  CHECK(state.at(numbered_address(1)) == account(100));
  CHECK(state.at(numbered_address(3)) == Account{});
  CHECK(overlay.effects() == transfer);
}

TEST_CASE("what an overlay read ahead is what it would read, and no effect") {
  const State state = some_state();
  Overlay overlay(state);
  overlay.set(numbered_address(1), account(60, 1));
  const std::array named = {numbered_address(1), numbered_address(2), numbered_address(3)};
  overlay.load(named);
  CHECK(overlay.at(numbered_address(1)) == account(60, 1));
  CHECK(overlay.at(numbered_address(2)) == account(200, 7));
  CHECK(overlay.at(numbered_address(3)) == Account{});
  CHECK(overlay.effects().changes.size() == 1);
}

TEST_CASE("what an overlay set back is no effect") {
  const State state = some_state();
  Overlay overlay(state);
  CHECK(overlay.effects().changes.empty());
  overlay.set(numbered_address(1), account(1));
  overlay.set(numbered_address(5), account(1));
  overlay.set(numbered_address(1), account(100));
  overlay.set(numbered_address(5), Account{});
  CHECK(overlay.effects().changes.empty());
}

TEST_CASE("effects of an overlay are ascending by address") {
  const State state = some_state();
  Overlay overlay(state);
  for (int number = 255; number >= 100; --number) {
    overlay.set(numbered_address(static_cast<Byte>(number)), account(5));
  }
  const Effects effects = overlay.effects();
  CHECK(effects.changes.size() == 156);
  CHECK(std::is_sorted(effects.changes.begin(), effects.changes.end(),
                       [](const Change& a, const Change& b) { return a.address < b.address; }));
}

TEST_CASE("effects are read back as they were written") {
  Encoder out;
  encode(out, transfer);
  CHECK(decode_effects(out.bytes()).value() == transfer);
  CHECK(out.size() == 4 + 2 * 64 + 1 + 4);
  for (std::size_t size = 0; size < out.size(); ++size) {
    CHECK(decode_effects(ByteView(out.bytes()).first(size)).error().code == Errc::bad_encoding);
  }
  Buffer bad = out.bytes();
  bad[4 + 32] = 1;  // a balance over the supply
  CHECK(decode_effects(bad).error().code == Errc::bad_encoding);
}

TEST_CASE("more effects than a block can have are refused") {
  const std::size_t most = 4 * limits::block_txs_max + 2;
  Effects effects;
  effects.changes.resize(most);
  Encoder out;
  encode(out, effects);
  CHECK(decode_effects(out.bytes()));
  effects.changes.resize(most + 1);
  Encoder more;
  encode(more, effects);
  CHECK(decode_effects(more.bytes()).error().code == Errc::bad_encoding);
  Effects claims;
  claims.claims.resize(limits::block_txs_max);
  Encoder all;
  encode(all, claims);
  CHECK(decode_effects(all.bytes()).value() == claims);
  claims.claims.push_back(0);
  Encoder over;
  encode(over, claims);
  CHECK(decode_effects(over.bytes()).error().code == Errc::bad_encoding);
}
