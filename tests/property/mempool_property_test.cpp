// The pool against a model that keeps one list and searches it.

#include <catch2/catch.hpp>

#include "chain/core/mempool.hpp"
#include "tests/support/ledger.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;
using test::Ledger;

namespace {

constexpr Mempool::Limits few{.txs_max = 12, .gap_txs_max = 6, .nonce_gap_max = 4};

std::uint64_t cost(const CheckedTx& tx) { return cost_of(tx.body()).value().units(); }

class Model {
 public:
  std::vector<Mempool::Entry> entries;  // by sequence

  std::optional<Errc> check(const Accounts& accounts, const CheckedTx& tx) const {
    const Account account = accounts.at(tx.body().from);
    std::uint64_t pending = 0;
    bool taken = false;
    for (const auto& entry : entries) {
      if (entry.tx.id() == tx.id()) return Errc::duplicate;
      if (entry.tx.body().from != tx.body().from) continue;
      pending += cost(entry.tx);
      taken = taken || entry.tx.body().nonce == tx.body().nonce;
    }
    if (tx.body().nonce < account.nonce) return Errc::nonce_used;
    if (taken) return Errc::nonce_pending;
    if (tx.body().nonce > account.nonce + few.nonce_gap_max) return Errc::nonce_gap;
    if (entries.size() >= few.gap_txs_max &&
        tx.body().nonce != next_nonce(accounts, tx.body().from)) {
      return Errc::nonce_gap;
    }
    if (pending + cost(tx) > account.balance.units()) return Errc::insufficient_balance;
    if (entries.size() >= few.txs_max) return Errc::mempool_full;
    return std::nullopt;
  }

  void remove(const TxId& id) {
    std::erase_if(entries, [&](const auto& entry) { return entry.tx.id() == id; });
  }

  // Of those that fit now, again and again the best.
  std::vector<TxId> select(const Accounts& accounts, std::size_t most) const {
    std::map<Address, Account> senders;
    for (const auto& entry : entries) {
      senders.emplace(entry.tx.body().from, accounts.at(entry.tx.body().from));
    }
    std::vector<TxId> selected;
    while (selected.size() < most) {
      const Mempool::Entry* best = nullptr;
      for (const auto& entry : entries) {
        const Account& sender = senders.at(entry.tx.body().from);
        if (entry.tx.body().nonce != sender.nonce) continue;
        if (cost(entry.tx) > sender.balance.units()) continue;
        if (best == nullptr || entry.tx.body().fee > best->tx.body().fee) best = &entry;
      }
      if (best == nullptr) break;
      Account& sender = senders.at(best->tx.body().from);
      sender.nonce += 1;
      sender.balance = *Amount::from(sender.balance.units() - cost(best->tx));
      selected.push_back(best->tx.id());
    }
    return selected;
  }

  Nonce next_nonce(const Accounts& accounts, const Address& sender) const {
    Nonce next = accounts.at(sender).nonce;
    const auto waits = [&](const auto& entry) {
      return entry.tx.body().from == sender && entry.tx.body().nonce == next;
    };
    while (std::any_of(entries.begin(), entries.end(), waits)) ++next;
    return next;
  }
};

std::vector<TxId> ids_of(const std::vector<CheckedTx>& txs) {
  std::vector<TxId> ids;
  for (const CheckedTx& tx : txs) ids.push_back(tx.id());
  return ids;
}

struct World {
  Ledger ledger;
  Mempool mempool{few};
  Model model;

  explicit World(std::uint64_t seed) : ledger({.users = 3, .balance = 60}, seed) {}

  Address user(std::size_t i) const { return Ledger::address(ledger.users[i]); }

  void offer(gen::Rng& rng) {
    const KeyPair& from = ledger.users[rng.index(3)];
    const Nonce next = ledger.account(from).nonce;
    const Nonce nonce = next - std::min<Nonce>(next, rng.below(2)) + rng.below(7);
    const CheckedTx tx =
        ledger.transfer(from, ledger.users[rng.index(3)],
                        {.amount = 1 + rng.below(15), .fee = 1 + rng.below(4), .nonce = nonce});
    const Status status = mempool.check(ledger.state, tx);
    const std::optional<Errc> expected = model.check(ledger.state, tx);
    REQUIRE(status.has_value() == !expected);
    if (expected) {
      REQUIRE(status.error().code == *expected);
    } else {
      model.entries.push_back({tx, mempool.add(tx)});
    }
  }

  void remove(gen::Rng& rng) {
    if (model.entries.empty()) return;
    const TxId id = model.entries[rng.index(model.entries.size())].tx.id();
    mempool.remove(id);
    model.remove(id);
  }

  // A block came that used some nonces and moved some money.
  void advance(gen::Rng& rng) {
    const Address sender = user(rng.index(3));
    const Account account = ledger.state.at(sender);
    ledger.state.load(sender, {*Amount::from(rng.below(80)), account.nonce + rng.below(3)});
    const std::vector<Address> senders = {sender};
    for (const CheckedTx& tx : mempool.stale(ledger.state, senders)) {
      REQUIRE(tx.body().nonce < ledger.state.at(sender).nonce);
      mempool.remove(tx.id());
      model.remove(tx.id());
    }
    REQUIRE(mempool.stale(ledger.state, senders).empty());
  }

  void require_same(gen::Rng& rng) const {
    REQUIRE(mempool.size() == model.entries.size());
    const std::size_t most = rng.index(15);
    REQUIRE(ids_of(mempool.select(ledger.state, most)) == model.select(ledger.state, most));
    REQUIRE(mempool.has_includable(ledger.state) == !model.select(ledger.state, 1).empty());
    const auto since = mempool.since(0, 1'000);
    REQUIRE(since.size() == model.entries.size());
    for (std::size_t i = 0; i < since.size(); ++i) {
      REQUIRE(since[i].tx.id() == model.entries[i].tx.id());
      REQUIRE(since[i].sequence == model.entries[i].sequence);
    }
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(mempool.next_nonce(ledger.state, user(i)) == model.next_nonce(ledger.state, user(i)));
    }
  }
};

}  // namespace

TEST_CASE("the pool answers as the model does, whatever happens") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 15; ++round) {
    World world(rng.next());
    for (int step = 0; step < 120; ++step) {
      switch (rng.below(6)) {
        case 0:
          world.remove(rng);
          break;
        case 1:
          world.advance(rng);
          break;
        default:
          world.offer(rng);
          break;
      }
      world.require_same(rng);
    }
  }
}

TEST_CASE("what the pool selects, a block includes whole") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 15; ++round) {
    World world(rng.next());
    for (int step = 0; step < 30; ++step) world.offer(rng);
    const auto selected = world.mempool.select(world.ledger.state, 1'000);
    if (selected.empty()) continue;
    REQUIRE(world.ledger.make_block(selected).txs.size() == selected.size());
  }
}

TEST_CASE("the selection does not depend on the order of arrival but among equal fees") {
  gen::Rng rng = gen::suite_rng();
  Ledger ledger({.users = 8, .balance = 1'000}, rng.next());
  std::vector<CheckedTx> txs;
  for (std::size_t i = 0; i < 8; ++i) {
    txs.push_back(ledger.transfer(ledger.users[i], ledger.users[0], {.fee = 1 + i}));
  }
  std::vector<TxId> expected = ids_of(txs);
  std::reverse(expected.begin(), expected.end());
  for (int round = 0; round < 10; ++round) {
    rng.shuffle(txs);
    Mempool mempool;
    for (const CheckedTx& tx : txs) mempool.add(tx);
    REQUIRE(ids_of(mempool.select(ledger.state, 100)) == expected);
  }
}
