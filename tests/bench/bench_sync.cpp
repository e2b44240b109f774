// A node that has nothing catches up from one that has all, over loopback: fetched, checked whole,
// executed, durable and final. Both share the processors.

#include "tests/bench/bench.hpp"
#include "tests/support/node_in_process.hpp"

namespace aitbc::bench {

namespace {

constexpr std::size_t users = 1'000;
constexpr std::size_t import_blocks = 100;  // handed to the first node at once

test::ChainBuilder signed_chain(std::size_t blocks, std::size_t txs_per_block) {
  test::ChainBuilder builder({.users = users, .balance = 1'000'000'000});
  Genesis& genesis = builder.ledger.genesis;
  genesis.slot = Duration{100};
  genesis.tail_guard = Duration{25};
  genesis.time = sync::time_of_day() - genesis.slot * static_cast<std::int64_t>(2 * blocks + 100);
  builder.ledger.params = params_of(genesis);
  builder.ledger.parent.tip = genesis_tip(builder.ledger.params);
  std::size_t paid = 0;
  while (builder.blocks.size() < blocks) {
    std::vector<CheckedTx> txs;
    for (std::size_t i = 0; i < txs_per_block; ++i, ++paid) {
      txs.push_back(builder.transfer(paid % users, (7 * paid + 1) % users));
    }
    builder.append(txs);
  }
  return builder;
}

std::vector<SignedVote> votes_for(const test::ChainBuilder& builder) {
  std::vector<SignedVote> votes;
  for (const KeyPair& key : builder.ledger.authorities) {
    const Vote commit = Vote::commit(checkpoint_of(builder.head()));
    votes.push_back(sign(builder.params().genesis_hash, commit, key));
  }
  return votes;
}

void fill(const test::Asking& node, const test::ChainBuilder& builder) {
  std::vector<CheckedBlock> branch;
  for (const Applied& applied : builder.blocks) {
    branch.push_back(applied.block);
    if (branch.size() < import_blocks && &applied != &builder.blocks.back()) continue;
    AITBC_CHECK(node.import(std::exchange(branch, {})).has_value());
  }
  AITBC_CHECK(node.add_votes(votes_for(builder)).has_value());
}

void catch_up(benchmark::State& state) {
  const auto blocks = static_cast<std::size_t>(state.range(0));
  const auto txs_per_block = static_cast<std::size_t>(state.range(1));
  const test::ChainBuilder builder = signed_chain(blocks, txs_per_block);
  test::NodeInProcess full(builder, {});
  fill(full.ask(), builder);
  for (auto _ : state) {
    state.PauseTiming();
    test::NodeInProcess empty(builder, {.starts = false});
    state.ResumeTiming();
    empty.start({full.url()});
    AITBC_CHECK(test::eventually([&] { return empty.runner().status()->final == builder.head(); },
                                 std::chrono::minutes(5)));
    state.PauseTiming();
    empty.runner().stop();
    state.ResumeTiming();
  }
  const auto items = [&](std::size_t each) {
    return static_cast<double>(state.iterations()) * static_cast<double>(each);
  };
  using benchmark::Counter;
  state.counters["blocks_per_s"] = Counter(items(blocks), Counter::kIsRate);
  state.counters["txs_per_s"] = Counter(items(blocks * txs_per_block), Counter::kIsRate);
  // A block's seal is a signature, too.
  report(state, state.iterations() * static_cast<std::int64_t>(blocks * (txs_per_block + 1)));
}
BENCHMARK(catch_up)
    ->Args({20'000, 1})
    ->Args({400, 500})
    ->Iterations(1)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace aitbc::bench
