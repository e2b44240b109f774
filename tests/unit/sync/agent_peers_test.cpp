// Peers that come and go while the agent is at work.

#include "tests/unit/sync/agent_bench.hpp"

using namespace aitbc;
using test::only;
using Bench = test::AgentBench;
using Urls = std::vector<std::string>;

namespace {

Urls urls_of(const Bench& bench) {
  Urls urls;
  for (const PeerStatus& peer : bench.agent.peers()) urls.push_back(peer.url);
  return urls;
}

Urls asked(const std::vector<sync::Send>& sends) {
  Urls urls;
  for (const sync::Send& send : sends) urls.push_back(send.to);
  return urls;
}

std::vector<TxId> ids_of(const std::vector<CheckedTx>& txs) {
  std::vector<TxId> ids;
  for (const CheckedTx& tx : txs) ids.push_back(tx.id());
  return ids;
}

}  // namespace

TEST_CASE("who stays is not asked anew, who comes is asked at once, who goes is forgotten") {
  Bench bench;
  const auto polls = bench.tick();
  bench.agent.set_peers(Urls{"peer2", "peer1"}, bench.now);
  CHECK(urls_of(bench) == Urls{"peer1", "peer2"});
  CHECK(asked(bench.tick()) == Urls{"peer2"});
  // Its answer comes late, whatever it says.
  bench.builder.append();
  CHECK(bench.hear(polls[0], bench.answer(bench.builder.head())).empty());
  CHECK(bench.reply(polls[0], error(Errc::bad_json, "no JSON")).empty());
  CHECK(bench.agent.peers()[0].invalid == 0);
  CHECK_FALSE(bench.agent.all_tried());
  CHECK(bench.hear(polls[1], bench.answer(bench.chain.head(), 7)).empty());
  CHECK(bench.agent.peers()[0].state.kind == SyncState::Kind::in_sync);
  CHECK(only<SyncQuery>(bench.tick(limits::poll_pause)).cursor == 7);
}

TEST_CASE("one that comes back begins anew, and what it was asked before is nobody's") {
  Bench bench(1);
  const auto before = bench.tick();
  bench.agent.set_peers(Urls{}, bench.now);
  CHECK_FALSE(bench.agent.has_peers());
  CHECK(bench.tick(Duration{60'000}).empty());
  CHECK_FALSE(bench.agent.next_wake());
  CHECK(bench.agent.state().kind == SyncState::Kind::in_sync);
  bench.agent.set_peers(Urls{"peer0", "peer0"}, bench.now);
  CHECK(urls_of(bench) == Urls{"peer0"});
  const auto after = bench.tick();
  CHECK(only<SyncQuery>(after).instance.empty());
  CHECK(bench.hear(before[0], bench.answer(bench.chain.head(), 5)).empty());
  CHECK(bench.tick(Duration{60'000}).empty());  // the second poll is still under way
  bench.hear(after[0], bench.answer(bench.chain.head(), 7));
  CHECK(only<SyncQuery>(bench.tick(limits::poll_pause)).cursor == 7);
}

TEST_CASE("the same list again changes nothing") {
  Bench bench;
  const auto polls = bench.tick();
  bench.agent.set_peers(Urls{"peer0", "peer1"}, bench.now);
  CHECK(bench.tick().empty());
  bench.hear(polls[0], bench.answer(bench.chain.head(), 7));
  CHECK(bench.agent.peers()[0].last_answer == bench.now);
}

TEST_CASE("a download goes on with who is left, whoever of it goes") {
  Bench bench(3);
  for (int i = 0; i < 3'000; ++i) bench.builder.append();
  const auto polls = bench.tick();
  auto sends = bench.hear(polls[0], bench.answer(bench.builder.head()));
  for (const std::size_t peer : {1U, 2U}) {
    CHECK(bench.hear(polls[peer], bench.answer(bench.builder.head())).empty());
  }
  const std::string gone = GENERATE("peer0", "peer1");  // the source, or who helps it
  Urls others;
  for (const char* url : {"peer0", "peer1", "peer2"}) {
    if (url != gone) others.emplace_back(url);
  }
  bool asked_for_part = false;
  while (!asked_for_part) {
    REQUIRE_FALSE(sends.empty());
    std::vector<sync::Send> more;
    for (const sync::Send& send : sends) {
      // It is taken away while it is asked, and others have brought what comes after that.
      if (send.to == gone && bench.chain.head().height > 0) {
        asked_for_part = true;
        continue;
      }
      const auto found = bench.blocks(std::get<sync::GetBlocks>(send.request));
      const auto next = bench.reply(send, sync::Reply(found));
      more.insert(more.end(), next.begin(), next.end());
    }
    sends = more;
  }
  const Height height = bench.chain.head().height;
  CHECK(height < bench.builder.head().height);
  bench.agent.set_peers(others, bench.now);
  auto again = sends;  // of the download that is over
  const auto fresh = bench.tick();
  again.insert(again.end(), fresh.begin(), fresh.end());
  for (const sync::Send& send : fresh) CHECK(send.to != gone);
  bench.serve(again);
  CHECK(bench.chain.head() == bench.builder.head());
  for (const PeerStatus& peer : bench.agent.peers()) CHECK(peer.invalid == 0);
}

TEST_CASE("a search for where chains part ends with its peer") {
  Bench bench(2);
  for (int i = 0; i < 40; ++i) bench.builder.append();
  bench.adopt();
  bench.builder.rewind_to(10);
  bench.builder.append({bench.builder.transfer(2, 3, 7)});
  while (bench.builder.blocks.size() < 60) bench.builder.append();
  const auto polls = bench.tick();
  const auto search = bench.hear(polls[0], bench.answer(bench.builder.head()));
  REQUIRE_FALSE(search.empty());
  bench.agent.set_peers(Urls{"peer1"}, bench.now);
  for (const sync::Send& send : search) {
    if (const auto* ask = std::get_if<sync::GetHeaders>(&send.request)) {
      CHECK(bench.reply(send, sync::Reply(bench.headers(*ask))).empty());
    }
  }
  bench.serve(bench.hear(polls[1], bench.answer(bench.builder.head())));
  CHECK(bench.chain.head() == bench.builder.head());
}

TEST_CASE("a transaction that a peer was asked for is asked of the others when that one goes") {
  Bench bench;
  const auto polls = bench.tick();
  const std::vector<CheckedTx> txs{bench.builder.transfer(0, 1), bench.builder.transfer(1, 2)};
  SyncAnswer names = bench.answer(bench.chain.head());
  names.txs = ids_of(txs);
  CHECK(only<sync::GetTxs>(bench.hear(polls[0], names)).ids == names.txs);
  CHECK(bench.hear(polls[1], names).empty());  // under way already
  bench.agent.set_peers(Urls{"peer1"}, bench.now);
  const auto again = bench.tick();
  CHECK(only<sync::GetTxs>(again).ids == names.txs);
  CHECK(asked(again) == Urls{"peer1"});
  bench.reply(again[0], sync::Reply(txs));
  CHECK(bench.chain.mempool().size() == 2);
}

TEST_CASE("who goes before it was sent anything is sent nothing") {
  Bench bench(3);
  const auto polls = bench.tick();
  SyncAnswer names = bench.answer(bench.chain.head());
  names.txs = {bench.builder.transfer(0, 1).id()};
  for (const sync::Send& poll : polls) bench.hear(poll, names);
  bench.agent.set_peers(Urls{"peer1", "peer2"}, bench.now);
  bench.agent.set_peers(Urls{"peer2"}, bench.now);
  CHECK(asked(bench.tick()) == Urls{"peer2"});
}

TEST_CASE("what was refused for now and brought by a peer that went is asked of the others") {
  Bench bench;
  const auto polls = bench.tick();
  const CheckedTx far = bench.builder.transfer(0, 1, 10, limits::nonce_gap_max + 1);
  SyncAnswer names = bench.answer(bench.chain.head());
  names.txs = {far.id()};
  const auto fetch = bench.hear(polls[0], names);
  REQUIRE(fetch.size() == 1);
  CHECK(bench.hear(polls[1], names).empty());
  bench.reply(fetch[0], sync::Reply(std::vector<CheckedTx>{far}));
  CHECK(bench.chain.mempool().size() == 0);
  bench.agent.set_peers(Urls{"peer1"}, bench.now);
  const auto again = bench.tick();
  CHECK(only<sync::GetTxs>(again).ids == names.txs);
  CHECK(asked(again) == Urls{"peer1"});
}
