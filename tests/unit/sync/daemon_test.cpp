#include "sync/daemon.hpp"

#include <catch2/catch.hpp>

#include "tests/support/log_texts.hpp"
#include "tests/support/node_in_process.hpp"

using namespace aitbc;
using test::ChainBuilder;
using test::eventually;
using test::NodeInProcess;

TEST_CASE("a node without an agent follows another through the daemon") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess leader(builder, {});
  NodeInProcess follower(builder, {});
  for (int i = 0; i < 3; ++i) builder.append();
  std::vector<CheckedBlock> branch;
  for (const Applied& applied : builder.blocks) branch.push_back(applied.block);
  REQUIRE(leader.ask().import(branch));

  test::LogTexts log;
  const bool poll_only = GENERATE(false, true);
  auto daemon =
      sync::Daemon::start({follower.url(), {leader.url()}, poll_only, limits::poll_interval}, log);
  REQUIRE(daemon);
  CHECK(eventually([&] { return follower.runner().status()->head == builder.head(); }));
  CHECK(eventually([&] { return log.has("local_head", "hash", hash_text(builder.head().id)); }));
  if (!poll_only) {
    const CheckedTx tx = builder.transfer(2, 3);
    REQUIRE(leader.ask().submit(tx));
    CHECK(eventually([&] { return follower.runner().status()->mempool_txs == 1; }));
  }
  CHECK(eventually([&] {
    const auto peers = (*daemon)->peers();
    return peers.size() == 1 && peers[0].state.kind == SyncState::Kind::in_sync;
  }));
}

TEST_CASE("a peer is not blamed for a request that the local node finds too large") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess leader(builder, {});
  NodeInProcess follower(builder, {.body_bytes_max = 100});
  builder.append();
  REQUIRE(leader.ask().import({builder.blocks[0].block}));
  NullLog log;
  auto daemon =
      sync::Daemon::start({follower.url(), {leader.url()}, false, limits::poll_interval}, log);
  REQUIRE(daemon);
  PeerStatus peer;
  CHECK(eventually([&] {
    const auto peers = (*daemon)->peers();
    if (!peers.empty()) peer = peers[0];
    return peer.last_error.find("bytes") != std::string::npos;
  }));
  INFO(peer.last_error);
  CHECK(peer.invalid == 0);
  CHECK(peer.state.kind == SyncState::Kind::ahead);
}

TEST_CASE("without the local node the daemon does not start") {
  NullLog log;
  const auto daemon =
      sync::Daemon::start({"http://127.0.0.1:1", {"http://127.0.0.1:2"}, false, {}}, log);
  REQUIRE_FALSE(daemon);
  CHECK(category(daemon.error().code) == Category::unreachable);
}
