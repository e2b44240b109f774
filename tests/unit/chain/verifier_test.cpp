#include "chain/verifier.hpp"

#include <catch2/catch.hpp>

#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

SignedTx spoiled(SignedTx tx) {
  tx.witness.parts.front().signature = Signature{};
  return tx;
}

}  // namespace

TEST_CASE("a transaction that somebody has is known again, wherever it comes from") {
  ChainBuilder builder;
  Verifier verifier(builder.params());
  const SignedTx tx = builder.transfer(0, 1).signed_tx();
  const auto first = verifier.tx(tx);
  REQUIRE(first);
  // A second check would have made another one.
  CHECK(&verifier.tx(tx)->signed_tx() == &first->signed_tx());
  builder.append({*first});
  const Block block = builder.blocks.back().block.block();
  CHECK(&verifier.block(block)->txs.front().signed_tx() == &first->signed_tx());
  CHECK(&verifier.blocks(std::vector{block})->front().txs.front().signed_tx() ==
        &first->signed_tx());
}

TEST_CASE("one that nobody has any more is checked like a new one") {
  ChainBuilder builder;
  Verifier verifier(builder.params());
  const SignedTx tx = builder.transfer(0, 1).signed_tx();
  REQUIRE(verifier.tx(tx));
  CHECK(verifier.tx(tx)->signed_tx() == tx);
  CHECK(verifier.tx(spoiled(tx)).error().code == Errc::bad_signature);
}

TEST_CASE("what nobody has any more takes no room once that is asked for") {
  ChainBuilder builder;
  Verifier verifier(builder.params());
  const auto held = verifier.tx(builder.transfer(0, 1).signed_tx());
  for (int i = 0; i < 10; ++i) REQUIRE(verifier.tx(builder.transfer(1, 0).signed_tx()));
  CHECK(verifier.forget_gone() == 1);
  CHECK(&verifier.tx(held->signed_tx())->signed_tx() == &held->signed_tx());
}

TEST_CASE("the same id with another signature is another transaction") {
  ChainBuilder builder;
  Verifier verifier(builder.params());
  const SignedTx good = builder.transfer(0, 1).signed_tx();
  const SignedTx bad = spoiled(good);
  const auto held = verifier.tx(good);
  REQUIRE(held);
  CHECK(verifier.tx(bad).error().code == Errc::bad_signature);
  CHECK(verifier.tx(bad).error().code == Errc::bad_signature);
  CHECK(&verifier.tx(good)->signed_tx() == &held->signed_tx());

  Block block = [&] {
    builder.append({*held});
    return builder.blocks.back().block.block();
  }();
  block.txs.front() = bad;
  CHECK_FALSE(verifier.block(block));
}

TEST_CASE("more bad ones than are remembered are all refused, and no good one is") {
  ChainBuilder builder({.users = 2, .balance = 1'000'000'000});
  Verifier verifier(builder.params());
  for (Nonce nonce = 0; nonce <= limits::refused_signatures_max; ++nonce) {
    const SignedTx tx = builder.transfer(0, 1, 1, nonce).signed_tx();
    for (int times = 0; times < 2; ++times) {
      REQUIRE(verifier.tx(spoiled(tx)).error().code == Errc::bad_signature);
    }
    REQUIRE(verifier.tx(tx));
  }
}
