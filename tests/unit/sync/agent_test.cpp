#include "sync/agent.hpp"

#include <catch2/catch.hpp>

#include "chain/memory_store.hpp"
#include "sync/chain_ledger.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using sync::Agent;
using sync::Send;
using test::ChainBuilder;

namespace {

// An agent over a real chain; the test plays its peers.
struct Bench {
  ChainBuilder builder{{.balance = 1'000'000}};
  Chain chain;
  sync::ChainLedger ledger{chain};
  Time now;
  Agent agent;

  explicit Bench(std::size_t peers = 2, bool poll_only = false)
      : chain(std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()))),
        now(start_of(builder.params(), 1'000)),
        agent(options(peers, poll_only), ledger, now) {}

  static Agent::Options options(std::size_t peers, bool poll_only) {
    Agent::Options options;
    for (std::size_t i = 0; i < peers; ++i) options.peers.push_back("peer" + std::to_string(i));
    options.poll_only = poll_only;
    return options;
  }

  std::vector<Send> tick(Duration later = Duration{0}) {
    now += later;
    auto sends = agent.tick(now);
    REQUIRE(sends);
    return *sends;
  }
  std::vector<Send> reply(const Send& send, Result<sync::Reply> what) {
    auto sends = agent.on_reply(send.id, std::move(what), now);
    REQUIRE(sends);
    return *sends;
  }
  SyncAnswer answer(const Tip& head, std::uint64_t cursor = 1) const {
    SyncAnswer answer;
    answer.chain_id = builder.params().chain_id;
    answer.genesis_hash = builder.params().genesis_hash;
    answer.head = head;
    answer.node_id = "peer";
    answer.instance = "a";
    answer.node_time = now;
    answer.cursor = cursor;
    return answer;
  }
  std::vector<Send> hear(const Send& poll, SyncAnswer what) {
    return reply(poll, sync::Reply(sync::Heard{std::move(what), {}, {}}));
  }
  SyncState state_of(std::size_t peer) const { return agent.peers()[peer].state; }

  std::vector<SealedHeader> headers(const sync::GetHeaders& asked) const {
    std::vector<SealedHeader> found;
    for (std::size_t i = 0; i < asked.limit; ++i) {
      found.push_back(builder.blocks[asked.from - 1 + i].block.sealed);
    }
    return found;
  }
  std::vector<CheckedBlock> blocks(const sync::GetBlocks& asked) const {
    std::vector<CheckedBlock> found;
    for (Height height = asked.from; height <= builder.blocks.size() && found.size() < asked.limit;
         ++height) {
      found.push_back(builder.blocks[height - 1].block);
    }
    return found;
  }
  // Serves what the agent asks for blocks until it asks for nothing but polls.
  void serve(std::vector<Send> sends) {
    while (!sends.empty()) {
      const Send send = sends.back();
      sends.pop_back();
      std::vector<Send> more;
      if (const auto* ask = std::get_if<sync::GetHeaders>(&send.request)) {
        more = reply(send, sync::Reply(headers(*ask)));
      } else if (const auto* get = std::get_if<sync::GetBlocks>(&send.request)) {
        more = reply(send, sync::Reply(blocks(*get)));
      }
      sends.insert(sends.end(), more.begin(), more.end());
    }
  }
};

template <class Asked>
const Asked& only(const std::vector<Send>& sends) {
  REQUIRE(sends.size() == 1);
  REQUIRE(std::holds_alternative<Asked>(sends.front().request));
  return std::get<Asked>(sends.front().request);
}

}  // namespace

TEST_CASE("one poll a peer is kept open, and follows its cursor") {
  Bench bench;
  auto polls = bench.tick();
  REQUIRE(polls.size() == 2);
  CHECK(std::get<SyncQuery>(polls[0].request).wait == limits::poll_interval);
  CHECK(bench.tick(Duration{60'000}).empty());  // both are under way
  CHECK(bench.hear(polls[0], bench.answer(bench.chain.head(), 7)).empty());
  CHECK(bench.agent.next_wake() == bench.now + limits::poll_pause);
  const auto again = bench.tick(limits::poll_pause);
  const auto& query = only<SyncQuery>(again);
  CHECK(query.cursor == 7);
  CHECK(query.instance == "a");
  CHECK(again.front().to == 0);
}

TEST_CASE(
    "early answers without news do not make a busy loop, and more news is asked for at once") {
  Bench bench(1);
  bench.hear(bench.tick().front(), bench.answer(bench.chain.head(), 7));
  const auto second = bench.tick(limits::poll_pause);
  bench.hear(second.front(), bench.answer(bench.chain.head(), 7));
  CHECK(bench.agent.next_wake() == bench.now + limits::backoff_min);
  const auto third = bench.tick(limits::backoff_min);
  SyncAnswer more = bench.answer(bench.chain.head(), 9);
  more.more = true;
  bench.hear(third.front(), more);
  CHECK(bench.agent.next_wake() == bench.now);
}

TEST_CASE("poll-only asks once an interval and never waits") {
  Bench bench(1, true);
  const auto polls = bench.tick();
  CHECK(only<SyncQuery>(polls).wait == Duration{0});
  bench.hear(polls.front(), bench.answer(bench.chain.head()));
  CHECK(bench.agent.next_wake() == bench.now + limits::poll_interval);
}

TEST_CASE("a silent peer is unreachable, and asked ever more seldom up to a bound") {
  Bench bench(1);
  Duration last{0};
  for (int failures = 1; failures <= 12; ++failures) {
    const auto polls = bench.tick(last);
    REQUIRE(polls.size() == 1);
    bench.reply(polls.front(), error(Errc::unreachable, "refused"));
    CHECK(bench.state_of(0).kind == SyncState::Kind::unreachable);
    last = *bench.agent.next_wake() - bench.now;
    CHECK(last <= limits::backoff_max);
  }
  CHECK(last >= limits::backoff_max / 2);
  CHECK(bench.agent.state().kind == SyncState::Kind::unreachable);
  bench.hear(bench.tick(last).front(), bench.answer(bench.chain.head()));
  CHECK(bench.state_of(0).kind == SyncState::Kind::in_sync);
  CHECK(bench.agent.state().kind == SyncState::Kind::in_sync);
}

TEST_CASE("peers are unreachable once all were asked in vain, not before") {
  Bench bench(2);
  CHECK(bench.agent.state().kind == SyncState::Kind::in_sync);
  const auto polls = bench.tick();
  REQUIRE(polls.size() == 2);
  CHECK(bench.agent.state().kind == SyncState::Kind::in_sync);
  bench.reply(polls[0], error(Errc::unreachable, "refused"));
  CHECK(bench.agent.state().kind == SyncState::Kind::in_sync);
  bench.reply(polls[1], error(Errc::timeout, "no answer"));
  CHECK(bench.agent.state().kind == SyncState::Kind::unreachable);
}

TEST_CASE("a peer of another genesis is named so, and nothing of it is taken") {
  Bench bench(1);
  bench.builder.append();
  SyncAnswer foreign = bench.answer(bench.builder.head());
  foreign.genesis_hash.data[0] ^= 1;
  foreign.txs.push_back(TxId{});
  CHECK(bench.hear(bench.tick().front(), foreign).empty());
  CHECK(bench.state_of(0).kind == SyncState::Kind::wrong_genesis);
  CHECK(bench.agent.state().kind == SyncState::Kind::wrong_genesis);
  CHECK(bench.chain.head().height == 0);
}

TEST_CASE("a transaction that two peers name is fetched once, from the other if the first fails") {
  Bench bench;
  const CheckedTx tx = bench.builder.transfer(0, 1);
  const auto polls = bench.tick();
  SyncAnswer naming = bench.answer(bench.chain.head());
  naming.txs.push_back(tx.id());
  const auto fetch = bench.hear(polls[0], naming);
  CHECK(only<sync::GetTxs>(fetch).ids == std::vector{tx.id()});
  CHECK(bench.hear(polls[1], naming).empty());

  SECTION("the first delivers") {
    CHECK(bench.reply(fetch.front(), sync::Reply(std::vector{tx})).empty());
    CHECK(bench.chain.mempool().find(tx.id()) != nullptr);
  }
  SECTION("the first fails") {
    bench.reply(fetch.front(), error(Errc::timeout, "late"));
    const auto poll_again = bench.tick(limits::poll_pause);
    REQUIRE(poll_again.size() == 2);
    const auto second = bench.hear(poll_again[1], bench.answer(bench.chain.head(), 2));
    CHECK(only<sync::GetTxs>(second).ids == std::vector{tx.id()});
    CHECK(second.front().to == poll_again[1].to);
    bench.reply(second.front(), sync::Reply(std::vector{tx}));
    CHECK(bench.chain.mempool().find(tx.id()) != nullptr);
  }
}

TEST_CASE("what breaks a rule is counted, and its sender is left alone for a while") {
  Bench bench(1);
  bench.reply(bench.tick().front(), error(Errc::bad_signature, "forged"));
  CHECK(bench.agent.peers()[0].invalid == 1);
  CHECK(bench.agent.peers()[0].last_error == "forged");
  CHECK(bench.tick(limits::distrust_time - Duration{1}).empty());
  CHECK(bench.tick(Duration{1}).size() == 1);
}

TEST_CASE("clock offset and round trip are measured without the time a poll was held") {
  Bench bench(1);
  const auto polls = bench.tick();
  bench.now += Duration{5'100};
  SyncAnswer answer = bench.answer(bench.chain.head());
  answer.held = Duration{5'000};
  answer.node_time = bench.now + Duration{250};
  bench.hear(polls.front(), answer);
  const PeerStatus peer = bench.agent.peers()[0];
  CHECK(peer.round_trip == Duration{100});
  CHECK(peer.clock_offset == Duration{300});
}

TEST_CASE("a peer that is ahead is followed, over many ranges") {
  Bench bench;
  for (int i = 0; i < 600; ++i) bench.builder.append();
  const auto polls = bench.tick();
  const auto fetch = bench.hear(polls[0], bench.answer(bench.builder.head()));
  CHECK(bench.state_of(0).text() == "ahead 600");
  CHECK(bench.agent.state().text() == "behind 600");
  bench.serve(fetch);
  CHECK(bench.chain.head() == bench.builder.head());
  CHECK_FALSE(bench.agent.downloading());
  CHECK(bench.state_of(0).text() == "in_sync");
  bench.hear(polls[1], bench.answer(tip_of(bench.builder.blocks[589].block.header())));
  CHECK(bench.state_of(1).text() == "behind 10");
}

TEST_CASE("a fork is followed back to the common block and resolved for the better branch") {
  Bench bench;
  for (int i = 0; i < 40; ++i) bench.builder.append();
  std::vector<CheckedBlock> ours;
  for (const Applied& applied : bench.builder.blocks) ours.push_back(applied.block);
  REQUIRE(bench.chain.import(ours, bench.now));
  bench.builder.rewind_to(10);
  const std::size_t theirs = GENERATE(31U, 40U, 20U);  // more, as many, fewer blocks in all
  bench.builder.append({bench.builder.transfer(2, 3, 7)});
  while (bench.builder.blocks.size() < theirs) bench.builder.append();
  const Tip other = bench.builder.head();
  const bool wins = better(other, bench.chain.head());
  const Tip before = bench.chain.head();

  const auto polls = bench.tick();
  bench.serve(bench.hear(polls[0], bench.answer(other)));
  CHECK(bench.chain.head() == (wins ? other : before));
  CHECK(bench.state_of(0).text() == (wins ? "in_sync" : "diverged at 10"));
  CHECK(bench.agent.reorgs() == (wins ? 1 : 0));
  if (wins) CHECK(bench.agent.reorg_depth_max() == 30);
}

TEST_CASE("a peer that claims blocks it does not have is tried again later, others at once") {
  Bench bench;
  for (int i = 0; i < 3; ++i) bench.builder.append();
  const auto polls = bench.tick();
  Tip claimed = bench.builder.head();
  claimed.height += 100;
  const auto fetch = bench.hear(polls[0], bench.answer(claimed));
  CHECK(only<sync::GetBlocks>(fetch).from == 1);
  CHECK(bench.reply(fetch.front(), sync::Reply(std::vector<CheckedBlock>())).empty());
  CHECK_FALSE(bench.agent.downloading());
  bench.serve(bench.hear(polls[1], bench.answer(bench.builder.head())));
  CHECK(bench.chain.head() == bench.builder.head());
  CHECK(bench.agent.next_wake() <= bench.now + limits::backoff_min);
}

TEST_CASE("whatever a peer answers to a search, it is not our own store that failed") {
  Bench bench(1);
  for (int i = 0; i < 3; ++i) bench.builder.append();
  std::vector<CheckedBlock> ours;
  for (const Applied& applied : bench.builder.blocks) ours.push_back(applied.block);
  REQUIRE(bench.chain.import(ours, bench.now));
  Tip losing = bench.chain.head();
  losing.slot += 1;
  losing.id.data[0] ^= 1;
  const auto search = bench.hear(bench.tick().front(), bench.answer(losing));
  only<sync::GetHeaders>(search);
  bench.reply(search.front(), error(Errc::storage, "its disk"));
  CHECK(bench.agent.peers()[0].last_error == "its disk");
}

TEST_CASE("a mere claim of more blocks does not stop the sealing") {
  Bench bench(1);
  Tip claimed = bench.chain.head();
  claimed.height = 1'000'000;
  claimed.slot = 900;
  claimed.id.data[0] ^= 1;
  only<sync::GetBlocks>(bench.hear(bench.tick().front(), bench.answer(claimed)));
  CHECK_FALSE(bench.agent.downloading());
}

TEST_CASE("a block that comes with the answer needs no fetch") {
  Bench bench(1);
  bench.builder.append();
  const auto polls = bench.tick();
  sync::Heard heard{bench.answer(bench.builder.head()), {}, {bench.builder.blocks[0].block}};
  CHECK(bench.reply(polls.front(), sync::Reply(std::move(heard))).empty());
  CHECK(bench.chain.head() == bench.builder.head());
  CHECK(bench.state_of(0).text() == "in_sync");
}
