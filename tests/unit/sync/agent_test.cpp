// Polls, transactions and the standing of peers.

#include "tests/unit/sync/agent_bench.hpp"

using namespace aitbc;
using test::only;
using Bench = test::AgentBench;

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

TEST_CASE("a transaction that is refused for now is tried again, however it came") {
  Bench bench;
  const CheckedTx funding = bench.builder.transfer(0, 1, 900'000);
  bench.builder.append({funding});
  const CheckedTx poor = bench.builder.transfer(1, 2, 1'500'000);  // but for the block we lack
  const auto polls = bench.tick();
  SyncAnswer naming = bench.answer(bench.chain.head());
  naming.txs.push_back(poor.id());
  if (GENERATE(false, true)) {
    CHECK(bench.reply(polls[0], sync::Reply(sync::Heard{naming, {poor}, {}})).empty());
  } else {
    const auto fetch = bench.hear(polls[0], naming);
    CHECK(only<sync::GetTxs>(fetch).ids == std::vector{poor.id()});
    CHECK(bench.reply(fetch.front(), sync::Reply(std::vector{poor})).empty());
  }
  CHECK(bench.chain.mempool().size() == 0);
  CHECK(bench.hear(polls[1], naming).empty());  // refused for now, whoever has it

  SECTION("when the head moves") {
    const auto again = bench.tick(limits::poll_pause);
    sync::Heard heard{bench.answer(bench.builder.head(), 2), {}, {bench.builder.blocks[0].block}};
    const auto fetch = bench.reply(again[0], sync::Reply(std::move(heard)));
    CHECK(only<sync::GetTxs>(fetch).ids == std::vector{poor.id()});
    CHECK(bench.reply(fetch.front(), sync::Reply(std::vector{poor})).empty());
    CHECK(bench.chain.mempool().find(poor.id()) != nullptr);
    CHECK(bench.tick(limits::refused_retry_time).size() <= 1);  // a poll, and no fetch
  }
  SECTION("after a while") {
    const auto again = bench.tick(limits::poll_pause);
    REQUIRE(again.size() == 2);
    CHECK(bench.agent.next_wake() == bench.now - limits::poll_pause + limits::refused_retry_time);
    CHECK(bench.tick(limits::refused_retry_time - limits::poll_pause - Duration{1}).empty());
    CHECK(only<sync::GetTxs>(bench.tick(Duration{1})).ids == std::vector{poor.id()});
  }
}

TEST_CASE("a transaction that is refused for good is not asked for again") {
  Bench bench(1);
  bench.builder.append({bench.builder.transfer(0, 1)});
  bench.adopt();
  bench.builder.rewind_to(0);
  const CheckedTx used = bench.builder.transfer(0, 2);  // its nonce is
  SyncAnswer naming = bench.answer(bench.chain.head());
  naming.txs.push_back(used.id());
  const auto fetch = bench.hear(bench.tick().front(), naming);
  bench.reply(fetch.front(), sync::Reply(std::vector{used}));
  only<SyncQuery>(bench.tick(limits::refused_retry_time));
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
