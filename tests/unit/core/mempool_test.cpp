#include "chain/core/mempool.hpp"

#include <catch2/catch.hpp>

#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::Ledger;

namespace {

std::optional<Errc> code_of(const Status& status) {
  return status ? std::optional<Errc>() : status.error().code;
}

std::vector<TxId> ids_of(const std::vector<CheckedTx>& txs) {
  std::vector<TxId> ids;
  for (const CheckedTx& tx : txs) ids.push_back(tx.id());
  return ids;
}

struct Pool {
  Ledger ledger;
  Mempool mempool;

  explicit Pool(Mempool::Limits limits = {}) : mempool(limits) {}
  CheckedTx tx(std::size_t user, Ledger::Spend spend) const {
    return ledger.transfer(ledger.users[user], ledger.users[(user + 1) % 4], spend);
  }
  CheckedTx added(std::size_t user, Ledger::Spend spend) {
    CheckedTx made = tx(user, spend);
    AITBC_CHECK(mempool.check(ledger.state, made).has_value());
    mempool.add(made);
    return made;
  }
  std::optional<Errc> check(const CheckedTx& newcomer) const {
    return code_of(mempool.check(ledger.state, newcomer));
  }
};

}  // namespace

TEST_CASE("a newcomer waits once") {
  Pool pool;
  const CheckedTx tx = pool.tx(0, {});
  CHECK_FALSE(pool.check(tx));
  CHECK(pool.mempool.size() == 0);  // checking adds nothing
  CHECK(pool.mempool.add(tx) == 1);
  CHECK(pool.mempool.size() == 1);
  CHECK(pool.check(tx) == Errc::duplicate);
  REQUIRE(pool.mempool.find(tx.id()) != nullptr);
  CHECK(pool.mempool.find(tx.id())->sequence == 1);
  CHECK(pool.mempool.find(tx.body().from, 0) == pool.mempool.find(tx.id()));
  CHECK(pool.mempool.find(tx.body().from, 1) == nullptr);
  CHECK(pool.mempool.find(Address{}, 0) == nullptr);
  CHECK(pool.mempool.find(TxId{}) == nullptr);
}

TEST_CASE("each nonce of a sender waits once, used ones never") {
  Pool pool;
  pool.ledger.state.load(Ledger::address(pool.ledger.users[0]), {*Amount::from(1'000), 5});
  pool.added(0, {.amount = 10, .nonce = 5});
  CHECK(pool.check(pool.tx(0, {.amount = 11, .nonce = 5})) == Errc::nonce_pending);
  CHECK(pool.check(pool.tx(0, {.nonce = 4})) == Errc::nonce_used);
  CHECK_FALSE(pool.check(pool.tx(0, {.nonce = 6})));
}

TEST_CASE("a nonce may be ahead, but not too far") {
  Pool pool({.txs_max = 100, .nonce_gap_max = 3});
  CHECK_FALSE(pool.check(pool.tx(0, {.nonce = 3})));
  CHECK(pool.check(pool.tx(0, {.nonce = 4})) == Errc::nonce_gap);
  CHECK(pool.check(pool.tx(0, {.nonce = limits::supply_max - 1})) == Errc::nonce_gap);
}

TEST_CASE("over half of the pool is for those that need not wait for another") {
  Pool pool({.txs_max = 6, .gap_txs_max = 3, .nonce_gap_max = 10});
  pool.added(0, {.nonce = 5});
  pool.added(1, {.nonce = 0});
  CHECK_FALSE(pool.check(pool.tx(2, {.nonce = 1})));
  const CheckedTx third = pool.added(1, {.nonce = 2});

  CHECK(pool.check(pool.tx(2, {.nonce = 1})) == Errc::nonce_gap);
  CHECK(pool.check(pool.tx(0, {.nonce = 6})) == Errc::nonce_gap);  // a run that nothing leads to
  CHECK(pool.check(pool.tx(1, {.nonce = 3})) == Errc::nonce_gap);
  pool.added(1, {.nonce = 1});  // closes a gap,
  pool.added(1, {.nonce = 3});  // so that this one follows
  CHECK_FALSE(pool.check(pool.tx(2, {.nonce = 0})));

  for (const Nonce nonce : {Nonce{3}, Nonce{1}}) {
    pool.mempool.remove(pool.mempool.find(third.body().from, nonce)->tx.id());
  }
  pool.mempool.remove(third.id());
  CHECK_FALSE(pool.check(pool.tx(2, {.nonce = 1})));
}

TEST_CASE("a sender's balance covers all that it has waiting") {
  Pool pool;
  pool.added(0, {.amount = 500, .fee = 100, .nonce = 0});
  CHECK(pool.check(pool.tx(0, {.amount = 400, .fee = 1, .nonce = 1})) ==
        Errc::insufficient_balance);
  pool.added(0, {.amount = 399, .fee = 1, .nonce = 1});
  CHECK(pool.check(pool.tx(0, {.amount = 1, .fee = 1, .nonce = 2})) == Errc::insufficient_balance);
  CHECK_FALSE(pool.check(pool.tx(1, {.amount = 999, .fee = 1})));
  CHECK(pool.check(pool.tx(1, {.amount = 1'000, .fee = 1})) == Errc::insufficient_balance);

  pool.mempool.remove(pool.mempool.find(Ledger::address(pool.ledger.users[0]), 0)->tx.id());
  CHECK_FALSE(pool.check(pool.tx(0, {.amount = 599, .fee = 1, .nonce = 0})));
}

TEST_CASE("a full pool takes nobody, until one leaves") {
  Pool pool({.txs_max = 2, .nonce_gap_max = 10});
  const CheckedTx first = pool.added(0, {});
  pool.added(1, {});
  const CheckedTx third = pool.tx(2, {});
  CHECK(pool.check(third) == Errc::mempool_full);
  CHECK(pool.check(first) == Errc::duplicate);  // not a matter of space
  pool.mempool.remove(first.id());
  CHECK_FALSE(pool.check(third));
}

TEST_CASE("what comes back from a rewound block may exceed the limits") {
  Pool pool({.txs_max = 1, .nonce_gap_max = 0});
  pool.added(0, {});
  pool.mempool.add(pool.tx(1, {}));
  pool.mempool.add(pool.tx(1, {.nonce = 1}));
  CHECK(pool.mempool.size() == 3);
}

TEST_CASE("one that comes back after its nonce was taken gives way") {
  Pool pool;
  const CheckedTx waiting = pool.added(0, {.amount = 10});
  const CheckedTx rewound = pool.tx(0, {.amount = 11});
  pool.mempool.add(rewound);
  CHECK(pool.mempool.size() == 1);
  CHECK(pool.mempool.find(waiting.id()) != nullptr);
  CHECK(pool.mempool.find(rewound.id()) == nullptr);
  pool.mempool.remove(rewound.id());
  CHECK(pool.mempool.size() == 1);
  // The cost of the one that gave way is not counted.
  CHECK_FALSE(pool.check(pool.tx(0, {.amount = 988, .fee = 1, .nonce = 1})));
}

TEST_CASE("removing forgets all about a transaction") {
  Pool pool;
  const CheckedTx tx = pool.added(0, {});
  pool.mempool.remove(TxId{});
  CHECK(pool.mempool.size() == 1);
  pool.mempool.remove(tx.id());
  CHECK(pool.mempool.size() == 0);
  CHECK(pool.mempool.find(tx.id()) == nullptr);
  CHECK(pool.mempool.find(tx.body().from, 0) == nullptr);
  CHECK(pool.mempool.since(0, 10).empty());
  CHECK(pool.mempool.select(pool.ledger.state, 10).empty());
  CHECK_FALSE(pool.check(tx));
}

TEST_CASE("at rest there is room for those alone that wait") {
  Pool pool;
  constexpr std::uint64_t count = 500;
  std::vector<CheckedTx> txs;
  for (std::uint64_t nonce = 0; nonce < count; ++nonce) {
    txs.push_back(pool.added(nonce % 4, {1, 1, nonce / 4}));
  }
  CHECK(pool.mempool.shrink() > count);
  for (std::size_t i = 1; i < count; ++i) pool.mempool.remove(txs[i].id());
  CHECK(pool.mempool.shrink() < 10);
  CHECK(pool.mempool.find(txs[0].id()) != nullptr);
  CHECK(pool.mempool.find(txs[0].body().from, 0) == pool.mempool.find(txs[0].id()));
  CHECK(ids_of(pool.mempool.select(pool.ledger.state, 10)) == std::vector{txs[0].id()});
}

TEST_CASE("the next nonce counts an unbroken run of waiting ones") {
  Pool pool;
  const Address sender = Ledger::address(pool.ledger.users[0]);
  CHECK(pool.mempool.next_nonce(pool.ledger.state, sender) == 0);
  pool.added(0, {.nonce = 0});
  pool.added(0, {.nonce = 1});
  pool.added(0, {.nonce = 3});
  CHECK(pool.mempool.next_nonce(pool.ledger.state, sender) == 2);
  pool.ledger.state.load(sender, {*Amount::from(1'000), 1});  // and the first is used by now
  CHECK(pool.mempool.next_nonce(pool.ledger.state, sender) == 2);
  pool.added(0, {.nonce = 2});
  CHECK(pool.mempool.next_nonce(pool.ledger.state, sender) == 4);
  pool.ledger.state.load(sender, {*Amount::from(1'000), 9});
  CHECK(pool.mempool.next_nonce(pool.ledger.state, sender) == 9);
}

TEST_CASE("higher fees go first, older ones among equals, each sender's in order") {
  Pool pool;
  const CheckedTx a0 = pool.added(0, {.fee = 1, .nonce = 0});
  const CheckedTx a1 = pool.added(0, {.fee = 9, .nonce = 1});
  const CheckedTx b0 = pool.added(1, {.fee = 5, .nonce = 0});
  const CheckedTx c0 = pool.added(2, {.fee = 5, .nonce = 0});
  const CheckedTx d0 = pool.added(3, {.fee = 1, .nonce = 0});
  const std::vector<TxId> expected = {b0.id(), c0.id(), a0.id(), a1.id(), d0.id()};
  CHECK(ids_of(pool.mempool.select(pool.ledger.state, 10)) == expected);
  CHECK(ids_of(pool.mempool.select(pool.ledger.state, 2)) ==
        std::vector<TxId>(expected.begin(), expected.begin() + 2));
  CHECK(pool.mempool.select(pool.ledger.state, 0).empty());
}

TEST_CASE("what waits for a nonce or can no longer be paid is not selected") {
  Pool pool;
  pool.added(0, {.nonce = 1});
  const CheckedTx b0 = pool.added(1, {.amount = 400, .nonce = 0});
  pool.added(1, {.amount = 500, .nonce = 1});
  CHECK(pool.mempool.select(pool.ledger.state, 10).size() == 2);
  pool.ledger.state.load(Ledger::address(pool.ledger.users[1]), {*Amount::from(500), 0});
  CHECK(ids_of(pool.mempool.select(pool.ledger.state, 10)) == std::vector{b0.id()});
}

TEST_CASE("there is something to include exactly when something would be selected") {
  Pool pool;
  CHECK_FALSE(pool.mempool.has_includable(pool.ledger.state));
  pool.added(0, {.nonce = 1});
  CHECK_FALSE(pool.mempool.has_includable(pool.ledger.state));
  pool.added(1, {.amount = 900, .nonce = 0});
  CHECK(pool.mempool.has_includable(pool.ledger.state));
  pool.ledger.state.load(Ledger::address(pool.ledger.users[1]), {*Amount::from(900), 0});
  CHECK_FALSE(pool.mempool.has_includable(pool.ledger.state));
  pool.added(0, {.nonce = 0});
  CHECK(pool.mempool.has_includable(pool.ledger.state));
}

TEST_CASE("the sequence may advance without an addition") {
  Pool pool;
  pool.mempool.advance();
  CHECK(pool.mempool.last_sequence() == 1);
  CHECK(pool.mempool.add(pool.tx(0, {})) == 2);
}

TEST_CASE("those whose nonce was used meanwhile are stale") {
  Pool pool;
  const Address a = Ledger::address(pool.ledger.users[0]);
  const Address b = Ledger::address(pool.ledger.users[1]);
  const CheckedTx a0 = pool.added(0, {.nonce = 0});
  const CheckedTx a1 = pool.added(0, {.nonce = 1});
  pool.added(0, {.nonce = 2});
  pool.added(1, {.nonce = 0});
  pool.ledger.state.load(a, {*Amount::from(1'000), 2});
  const std::vector<Address> both = {a, b, Address{}};
  CHECK(ids_of(pool.mempool.stale(pool.ledger.state, both)) == std::vector{a0.id(), a1.id()});
  CHECK(pool.mempool.stale(pool.ledger.state, std::span(both).last(2)).empty());
}

TEST_CASE("additions are told in their order") {
  Pool pool;
  const CheckedTx first = pool.added(3, {});
  const CheckedTx second = pool.added(0, {});
  const CheckedTx third = pool.added(2, {});
  CHECK(pool.mempool.last_sequence() == 3);
  const auto ids_since = [&](Mempool::Sequence after, std::size_t limit) {
    std::vector<TxId> ids;
    for (const auto& entry : pool.mempool.since(after, limit)) ids.push_back(entry.tx.id());
    return ids;
  };
  CHECK(ids_since(0, 10) == std::vector{first.id(), second.id(), third.id()});
  CHECK(ids_since(0, 2) == std::vector{first.id(), second.id()});
  CHECK(ids_since(1, 10) == std::vector{second.id(), third.id()});
  CHECK(ids_since(3, 10).empty());
  CHECK(ids_since(~Mempool::Sequence{0}, 10).empty());
  pool.mempool.remove(second.id());
  CHECK(ids_since(0, 10) == std::vector{first.id(), third.id()});
  CHECK(pool.mempool.last_sequence() == 3);  // never falls
}

TEST_CASE("restored entries keep their sequences, and newcomers come after them") {
  Pool pool;
  const CheckedTx late = pool.tx(0, {});
  const CheckedTx early = pool.tx(1, {});
  pool.mempool.restore(late, 9);
  pool.mempool.restore(early, 4);
  CHECK(pool.mempool.last_sequence() == 9);
  CHECK(pool.mempool.since(0, 10)[0].tx.id() == early.id());
  CHECK(pool.mempool.find(late.id())->sequence == 9);
  CHECK(pool.mempool.add(pool.tx(2, {})) == 10);
}
