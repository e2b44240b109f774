// Another node as the agent's ledger, over HTTP.

#include "sync/http_ledger.hpp"

#include <catch2/catch.hpp>

#include "tests/support/node_in_process.hpp"

using namespace aitbc;
using test::ChainBuilder;
using test::NodeInProcess;

TEST_CASE("a transaction that the other node refuses for now is wanted again") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {});
  auto ledger = std::move(*sync::HttpLedger::open(node.url()));
  const CheckedTx good = builder.transfer(2, 3);
  const CheckedTx twin = builder.transfer(2, 3, 11);  // of the same nonce
  builder.append({builder.transfer(0, 1, 900)});
  const CheckedTx poor = builder.transfer(1, 2, 1'500);  // but for the block that it lacks
  const std::vector txs{good, twin, poor};
  CHECK(ledger->submit(txs).value() == std::vector{poor.id()});
  CHECK_FALSE(ledger->wants(good.id()));
  CHECK_FALSE(ledger->wants(twin.id()));
  CHECK(ledger->wants(poor.id()));

  REQUIRE(ledger->import(std::span(&builder.blocks[0].block, 1), {}));
  CHECK(ledger->submit(std::span(&poor, 1)).value().empty());
  CHECK_FALSE(ledger->wants(poor.id()));
}
