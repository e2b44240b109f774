#include "chain/core/invariants.hpp"

#include <catch2/catch.hpp>

#include "tests/support/aborts.hpp"
#include "tests/support/amounts.hpp"
#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::aborts;
using test::account;
using test::Ledger;

namespace {

struct PaidBlock {
  Ledger ledger;
  std::vector<CheckedTx> txs;
  Effects effects;  // user 0 pays 10 to somebody and 1 to the proposer

  PaidBlock() {
    txs = {ledger.transfer(ledger.users[0], ledger.users[1], {10, 1})};
    effects = ledger.apply(ledger.make_block(txs)).value();
  }
  Change& sender() {
    return *std::find_if(effects.changes.begin(), effects.changes.end(), [&](const Change& change) {
      return change.address == Ledger::address(ledger.users[0]);
    });
  }
  Change& other() {
    return &sender() == &effects.changes[0] ? effects.changes[1] : effects.changes[0];
  }
  bool stop() const {
    return aborts([&] { check_invariants(txs, effects); });
  }
};

}  // namespace

TEST_CASE("the effects of a block keep every invariant") {
  PaidBlock fixture;
  REQUIRE(fixture.effects.changes.size() == 3);
  CHECK_FALSE(fixture.stop());
}

TEST_CASE("money that appears or vanishes stops the process") {
  PaidBlock fixture;
  fixture.other().after = account(5'000, 0);
  CHECK(fixture.stop());
  fixture.other().after = account(0, 0);
  CHECK(fixture.stop());
}

TEST_CASE("a nonce that falls, stands still or jumps stops the process") {
  PaidBlock fixture;
  fixture.sender().after.nonce = 0;
  CHECK(fixture.stop());
  fixture.sender().after.nonce = 2;
  CHECK(fixture.stop());
  fixture.sender().before.nonce = 5;
  fixture.sender().after.nonce = 4;
  CHECK(fixture.stop());
}

TEST_CASE("a nonce that rises without a transaction stops the process") {
  PaidBlock fixture;
  fixture.other().after.nonce += 1;
  CHECK(fixture.stop());
}

TEST_CASE("a sender without a change stops the process") {
  PaidBlock fixture;
  fixture.txs.push_back(
      fixture.ledger.transfer(fixture.ledger.users[2], fixture.ledger.users[1], {}));
  CHECK(fixture.stop());
}

TEST_CASE("effects out of order, twice, or of nothing stop the process") {
  PaidBlock fixture;
  const Effects good = fixture.effects;
  std::swap(fixture.effects.changes[0], fixture.effects.changes[1]);
  CHECK(fixture.stop());
  fixture.effects = good;
  fixture.effects.changes.push_back(fixture.effects.changes.back());
  CHECK(fixture.stop());
  fixture.effects = good;
  Address last;
  last.data.fill(0xff);
  fixture.effects.changes.push_back({last, account(1, 1), account(1, 1)});
  CHECK(fixture.stop());
}

TEST_CASE("a marker or a reserve that is not as the claims say stops the process") {
  Ledger ledger({.reserve = 10'000});
  const std::vector<CheckedTx> txs = {
      ledger.checked_tx(ledger.users[0], ledger.claim("r", "1", ledger.users[1]), {})};
  const Effects good = ledger.apply(ledger.make_block(txs)).value();
  Effects effects = good;
  const auto stop = [&] { return aborts([&] { check_invariants(txs, effects); }); };
  const auto change = [&](const Address& address) -> Change& {
    return *std::find_if(effects.changes.begin(), effects.changes.end(),
                         [&](const Change& each) { return each.address == address; });
  };
  CHECK_FALSE(stop());
  effects.claims.clear();
  CHECK(stop());
  effects.claims = {0, 0};
  CHECK(stop());
  effects = good;
  change(marker_of("r")) = {marker_of("r"), account(0, 1), account(0, 2)};
  CHECK(stop());
  effects = good;
  // More is minted than the receipt says.
  change(reserve_address()).after = account(8'000, 0);
  change(Ledger::address(ledger.users[1])).after = account(1'000 + 1'950, 0);
  CHECK(stop());
}

TEST_CASE("no transactions and no effects keep every invariant") {
  CHECK_FALSE(aborts([] { check_invariants({}, {}); }));
}
