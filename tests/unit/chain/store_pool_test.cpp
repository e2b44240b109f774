// What a store keeps beside the chain: pending transactions, verdicts, losing blocks, the last
// sealed slot. Both stores give the same answers: every case runs on both.

#include "chain/store.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using namespace aitbc::test;

TEST_CASE("pending transactions keep their order and their numbers over a restart") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  std::vector<CheckedTx> txs;
  for (std::uint64_t i = 0; i < 6; ++i) txs.push_back(chain.transfer(0, 1, 1, i));
  {
    const auto store = disk.create(chain.genesis());
    Batch batch;
    for (std::size_t i = 0; i < 5; ++i) batch.pool_add.push_back({txs[i], 10 + i});
    commit(*store, batch);
    Batch second;
    second.pool_remove = {txs[1].id(), txs[3].id(), txs[5].id()};  // the last one is not there
    second.pool_add = {{txs[5], 20}, {txs[3], 21}};                // removals come first
    commit(*store, second);
  }
  const auto store = disk.open();
  const auto loaded = load(*store, chain.params());
  const std::vector<std::pair<std::size_t, Mempool::Sequence>> expected{
      {0, 10}, {2, 12}, {4, 14}, {5, 20}, {3, 21}};
  REQUIRE(loaded.mempool.size() == expected.size());
  const auto view = must(store->reader().snapshot());
  const auto pending = must(view->pending(0, 100));
  REQUIRE(pending.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto [index, sequence] = expected[i];
    CHECK(loaded.mempool[i].tx.id() == txs[index].id());
    CHECK(loaded.mempool[i].sequence == sequence);
    CHECK(pending[i] == txs[index].signed_tx());
  }
  CHECK(must(view->pending_count()) == 5);
  CHECK(must(view->pending(1, 2))[1] == txs[4].signed_tx());
  CHECK(must(view->pending(5, 2)).empty());
  CHECK(must(view->pending_tx(txs[5].id())) == txs[5].signed_tx());
  CHECK_FALSE(must(view->pending_tx(txs[1].id())).has_value());
}

TEST_CASE("who reads goes on finding what has stopped to be pending since") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  std::vector<CheckedTx> txs;
  for (std::uint64_t i = 0; i < 3; ++i) txs.push_back(chain.transfer(0, 1, 1, i));
  const auto pending_in = [&](Snapshot& view) {
    std::vector<bool> found;
    for (const CheckedTx& tx : txs) found.push_back(must(view.pending_tx(tx.id())).has_value());
    return found;
  };
  const auto change = [&](std::vector<TxId> remove, std::vector<Mempool::Entry> add) {
    Batch batch;
    batch.pool_remove = std::move(remove);
    batch.pool_add = std::move(add);
    commit(*store, batch);
    return must(store->reader().snapshot());
  };
  const auto none = must(store->reader().snapshot());
  auto first = change({}, {{txs[0], 1}, {txs[1], 2}});
  const auto second = change({txs[0].id()}, {{txs[2], 3}});
  const auto third = change({txs[1].id(), txs[2].id()}, {{txs[0], 4}});
  const auto fourth = change({txs[0].id()}, {});
  using Found = std::vector<bool>;
  CHECK(pending_in(*none) == Found{false, false, false});
  CHECK(pending_in(*first) == Found{true, true, false});
  CHECK(pending_in(*second) == Found{false, true, true});
  CHECK(pending_in(*third) == Found{true, false, false});
  CHECK(pending_in(*fourth) == Found{false, false, false});
  first.reset();
  CHECK(pending_in(*second) == Found{false, true, true});
  CHECK(pending_in(*third) == Found{true, false, false});
}

TEST_CASE("losing blocks are bounded, and the oldest arrival goes first") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  const CheckedBlock pattern = chain.append().block;
  const auto lost = [&](Height height) {
    CheckedBlock block = pattern;
    block.sealed.header.height = height;
    return block;
  };
  Batch batch;
  const Height most = limits::side_blocks_max;
  batch.side = {lost(most + 50), lost(most + 50)};  // the same twice is one
  for (Height height = 1; height <= most; ++height) batch.side.push_back(lost(height));
  commit(*store, batch);
  auto side = must(must(store->reader().snapshot())->side_blocks(2 * most));
  CHECK(side.size() == most);
  CHECK(side.front().sealed.header.height == most);
  CHECK(side.back().sealed.header.height == 1);

  Batch again;
  again.side = {lost(1), lost(most + 1)};  // the first one is known: its arrival stays
  commit(*store, again);
  side = must(must(store->reader().snapshot())->side_blocks(2 * most));
  CHECK(side.size() == most);
  CHECK(side.front().sealed.header.height == most + 1);
  CHECK(side.back().sealed.header.height == 2);
}

TEST_CASE("a replaced transaction that a reorg brings to the chain after all is replaced no more") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  const CheckedTx late = chain.transfer(0, 1);
  const CheckedTx other = chain.transfer(2, 3);
  Batch batch;
  batch.replaced = {{late.id(), TxId{}, 1}, {other.id(), TxId{}, 1}};
  commit(*store, batch);
  chain.append({late});
  commit(*store, appending(chain.blocks));
  const auto view = must(store->reader().snapshot());
  CHECK_FALSE(must(view->replaced(late.id())).has_value());
  CHECK(must(view->replaced(other.id())).has_value());
}

TEST_CASE("verdicts on replaced transactions are bounded, and the oldest goes first") {
  const Disk disk(any_kind());
  ChainBuilder chain;
  const auto store = disk.create(chain.genesis());
  const auto id = [](std::uint64_t number) {
    TxId made;
    std::memcpy(made.data.data(), &number, sizeof number);
    return made;
  };
  const std::uint64_t most = limits::replaced_txs_max;
  Batch batch;
  for (std::uint64_t i = 0; i <= most; ++i) batch.replaced.push_back({id(i), id(i + most), i});
  commit(*store, batch);
  const auto find = [&](std::uint64_t number) {
    return must(must(store->reader().snapshot())->replaced(id(number)));
  };
  CHECK_FALSE(find(0).has_value());
  CHECK(find(1)->by == id(1 + most));
  CHECK(find(1)->id == id(1));
  CHECK(find(most)->height == most);

  Batch again;
  again.replaced = {{id(1), id(5), 99}};  // a new verdict: the newest, and none is too many
  commit(*store, again);
  CHECK(find(1)->by == id(5));
  CHECK(find(2).has_value());
  again.replaced = {{id(most + 1), id(6), 100}};
  commit(*store, again);
  CHECK_FALSE(find(2).has_value());
  CHECK(find(1)->height == 99);
}
