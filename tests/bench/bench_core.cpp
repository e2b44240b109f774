#include "tests/bench/bench.hpp"

#include "chain/core/apply.hpp"
#include "tests/support/chain_builder.hpp"

namespace aitbc::bench {

namespace {

void signature_check(benchmark::State& state) {
  const test::Ledger ledger;
  const KeyPair& key = ledger.users[0];
  const Buffer message(128, 7);
  const Signature signature = key.sign(message);
  for (auto _ : state) benchmark::DoNotOptimize(verify(key.public_key(), message, signature));
  report(state, state.iterations());
}
// The limits of all that checks signatures: of what one thread does by its own time, of what
// several do by the clock.
BENCHMARK(signature_check);
BENCHMARK(signature_check)->Name("signature_check_on_two")->Threads(2)->UseRealTime();

void form_check(benchmark::State& state) {
  const test::ChainBuilder builder;
  const SignedTx tx = builder.transfer(0, 1).signed_tx();
  for (auto _ : state) benchmark::DoNotOptimize(CheckedTx::check(builder.params(), tx));
  report(state, state.iterations());
}
BENCHMARK(form_check);

// Blocks of 500 transfers between spread accounts, without their signatures.
void apply_block_without_signatures(benchmark::State& state) {
  constexpr std::size_t senders = 500;
  test::ChainBuilder builder({.users = senders});
  gen::Rng rng(1);
  for (auto i = static_cast<std::int64_t>(senders); i < state.range(0); ++i) {
    builder.ledger.state.load(gen::any_address(rng), {*Amount::from(5), 0});
  }
  std::vector<CheckedTx> txs;
  for (std::size_t i = 0; i < senders; ++i) {
    txs.push_back(builder.ledger.transfer(builder.user(i), gen::any_address(rng), {}));
  }
  const CheckedBlock block = builder.ledger.make_block(txs);
  State& ledger_state = builder.ledger.state;
  for (auto _ : state) {
    const auto effects =
        apply_block(builder.ledger.params, builder.ledger.parent, ledger_state, block);
    AITBC_CHECK(effects.has_value());
    state.PauseTiming();
    ledger_state.undo(*effects);
    benchmark::DoNotOptimize(ledger_state.root());
    state.ResumeTiming();
  }
  report(state, state.iterations() * static_cast<std::int64_t>(senders));
}
BENCHMARK(apply_block_without_signatures)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Arg(5'000'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace aitbc::bench
