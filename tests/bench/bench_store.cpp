#include <array>
#include <thread>

#include "chain/chain.hpp"
#include "chain/sqlite.hpp"
#include "chain/sqlite_store.hpp"
#include "sync/queue.hpp"
#include "tests/bench/bench.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::bench {

namespace {

constexpr std::size_t txs_per_block = 500;

// A signed chain, made once.
const test::ChainBuilder& chain_of(std::size_t blocks) {
  static test::ChainBuilder builder({.users = 1'000, .balance = 1'000'000'000});
  while (builder.blocks.size() < blocks) {
    std::vector<CheckedTx> txs;
    const std::size_t offset = builder.blocks.size() % 2 * txs_per_block;
    for (std::size_t i = 0; i < txs_per_block; ++i) {
      txs.push_back(builder.transfer(offset + i, (offset + 7 * i + 1) % 1'000));
    }
    builder.append(txs);
  }
  return builder;
}

// What SQLite alone takes as the node opens it: rows of a transaction's size with an index on a
// random key, in durable commits of a block. The limit of what is stored.
void sqlite_rows(benchmark::State& state) {
  const test::TempDir directory;
  auto database = Database::open(directory.file("rows.db"), Database::Role::writer);
  AITBC_CHECK(database.has_value());
  AITBC_CHECK(database
                  ->execute("CREATE TABLE txs(pos INTEGER PRIMARY KEY, key INTEGER NOT NULL, "
                            "body BLOB NOT NULL) STRICT")
                  .has_value());
  AITBC_CHECK(database->execute("CREATE INDEX txs_key ON txs(key)").has_value());
  Statement insert(*database, "INSERT INTO txs(pos, key, body) VALUES(?, ?, ?)");
  const Buffer body = encode(test::ChainBuilder().transfer(0, 1).signed_tx());
  gen::Rng rng(1);
  std::int64_t rows = 0;
  for (auto _ : state) {
    auto transaction = Transaction::begin(*database);
    AITBC_CHECK(transaction.has_value());
    for (std::size_t i = 0; i < txs_per_block; ++i) {
      const auto key = static_cast<std::int64_t>(rng.next() >> 1);
      AITBC_CHECK(Query(insert, ++rows, key, ByteView(body)).run().has_value());
    }
    AITBC_CHECK(transaction->commit().has_value());
  }
  report(state, rows);
}
BENCHMARK(sqlite_rows)->UseRealTime()->Unit(benchmark::kMillisecond);

// As from two peers: ranges are decoded and checked on two threads, imported in order on a third.
void import_blocks(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t range = 20;
  const test::ChainBuilder& builder = chain_of(count);
  std::vector<Buffer> encoded;
  for (std::size_t from = 0; from < count; from += range) {
    std::vector<Block> blocks;
    for (std::size_t i = from; i < std::min(from + range, count); ++i) {
      blocks.push_back(builder.blocks[i].block.block());
    }
    encoded.push_back(encode(blocks));
  }
  const Time now = start_of(builder.params(), 1'000'000);
  for (auto _ : state) {
    state.PauseTiming();
    const test::TempDir directory;
    auto chain = Chain::open(builder.genesis(), *open_sqlite_store(directory.file("chain.db")));
    AITBC_CHECK(chain.has_value());
    state.ResumeTiming();

    using Lane = sync::BoundedQueue<std::vector<CheckedBlock>>;
    std::array<Lane, 2> lanes{Lane(count), Lane(count)};
    std::vector<std::jthread> checkers;
    for (std::size_t lane = 0; lane < lanes.size(); ++lane) {
      checkers.emplace_back([&, lane] {
        for (std::size_t i = lane; i < encoded.size(); i += lanes.size()) {
          const auto blocks = decode_blocks(encoded[i], range);
          lanes[lane].push_always(*check_blocks(builder.params(), *blocks));
        }
      });
    }
    std::vector<std::deque<std::vector<CheckedBlock>>> arrived(lanes.size());
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      auto& ready = arrived[i % lanes.size()];
      while (ready.empty()) {
        auto some = lanes[i % lanes.size()].take_all(Duration{60'000});
        std::move(some.begin(), some.end(), std::back_inserter(ready));
      }
      AITBC_CHECK(chain->import(ready.front(), now).has_value());
      ready.pop_front();
    }
  }
  report(state, state.iterations() * static_cast<std::int64_t>(count * txs_per_block));
}
BENCHMARK(import_blocks)
    ->Arg(1'000)
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace aitbc::bench
