// Another node as the agent's ledger, over HTTP.

#include "sync/http_ledger.hpp"

#include <catch2/catch.hpp>

#include "tests/support/node_in_process.hpp"

using namespace aitbc;
using test::ChainBuilder;
using test::NodeInProcess;

namespace {

std::vector<CheckedBlock> blocks_above(const ChainBuilder& builder, Height height) {
  std::vector<CheckedBlock> branch;
  for (std::size_t i = height; i < builder.blocks.size(); ++i) {
    branch.push_back(builder.blocks[i].block);
  }
  return branch;
}

// Of a request with so many blocks of one transfer each.
std::size_t bytes_of(const ChainBuilder& builder, std::size_t blocks) {
  const std::vector<Block> some(blocks, builder.blocks.front().block.block());
  return encode(some).size();
}

}  // namespace

TEST_CASE("a branch is offered in requests that the other node takes") {
  ChainBuilder builder = test::live_builder();
  for (int i = 0; i < 5; ++i) builder.append();
  const std::size_t bytes_max = bytes_of(builder, 3);
  NodeInProcess node(builder, {.body_bytes_max = bytes_max});
  auto ledger = std::move(*sync::HttpLedger::open(node.url(), {}, bytes_max));
  const auto ours = ledger->import(blocks_above(builder, 0), {});
  REQUIRE(ours);
  CHECK(ours->head == builder.head());
  CHECK(ours->appended == 5);
  CHECK(ledger->head() == builder.head());
  CHECK(node.runner().status()->head == builder.head());
  const Tip before = builder.head();

  SECTION("a fork whose first part is better already") {
    builder.rewind_to(3);
    builder.append({builder.transfer(2, 3)});
    while (builder.blocks.size() < 10) builder.append();
    const auto theirs = ledger->import(blocks_above(builder, 3), {});
    REQUIRE(theirs);
    CHECK(theirs->kind == Imported::Kind::reorganised);
    CHECK(theirs->rewound == 2);
    CHECK(theirs->appended == 7);
    CHECK(node.runner().status()->head == builder.head());
  }
  SECTION("a fork that is better only as a whole is refused: it would be judged in parts") {
    builder.rewind_to(1);
    builder.append({builder.transfer(2, 3)});
    while (builder.blocks.size() < 6) builder.append();
    const auto theirs = ledger->import(blocks_above(builder, 1), {});
    REQUIRE_FALSE(theirs);
    CHECK(theirs.error().code == Errc::too_large);
    CHECK(theirs.error().detail.find("one request") != std::string::npos);
    CHECK(node.runner().status()->head == before);
  }
}

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
