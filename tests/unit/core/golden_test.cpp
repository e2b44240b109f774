// The encodings, hashes and texts that every node and every client must agree on for ever.

#include <catch2/catch.hpp>

#include "tests/support/golden.hpp"
#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::Ledger;

namespace {

test::GoldenValues actual_values() {
  Ledger ledger({.authorities = 2, .users = 2, .balance = 1'000, .fee_min = 1});
  test::GoldenValues values;
  values["genesis.encoding"] = to_hex(encode(ledger.genesis));
  values["genesis.hash"] = ledger.params.genesis_hash.hex();
  values["genesis.state_root"] = ledger.state.root().hex();
  values["genesis.accounts_root"] = ledger.state.accounts_root().hex();
  values["genesis.authorities_hash"] = ledger.state.authorities_hash().hex();

  const KeyPair& user = ledger.users[0];
  values["user.public_key"] = user.public_key().hex();
  values["user.address"] = Ledger::address(user).hex();
  values["user.address_text"] = to_text(Ledger::address(user));
  const Policy shared = make_policy(2, {user.public_key(), ledger.users[1].public_key()}).value();
  values["shared.address_text"] = to_text(address_of(shared));

  const CheckedTx tx = ledger.transfer(user, address_of(shared), {.amount = 40, .fee = 3});
  values["tx.encoding"] = to_hex(encode(tx.signed_tx()));
  values["tx.id"] = tx.id().hex();
  values["tx.full_hash"] = full_hash(tx.signed_tx()).hex();

  const CheckedBlock block = ledger.make_block({tx});
  values["block.encoding"] = to_hex(encode(block.block()));
  values["block.id"] = id_of(block.header()).hex();
  values["block.seal"] = block.sealed.seal.hex();
  values["block.txs_root"] = block.header().txs_root.hex();
  values["block.state_root"] = block.header().state_root.hex();

  const Effects effects = ledger.apply(block).value();
  Encoder out;
  encode(out, effects);
  values["effects.encoding"] = to_hex(out.bytes());
  return values;
}

}  // namespace

TEST_CASE("encodings, hashes and texts are what they always were") {
  const test::GoldenValues actual = actual_values();
  const test::GoldenValues expected = test::expected_golden("encodings.txt", actual);
  for (const auto& [name, value] : actual) {
    INFO(name);
    const auto found = expected.find(name);
    REQUIRE(found != expected.end());
    CHECK(found->second == value);
  }
  CHECK(expected.size() == actual.size());
}
