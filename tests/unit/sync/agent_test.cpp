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
  CHECK(again.front().to == "peer0");
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

TEST_CASE("a poll that was held in vain is followed by the next one at once") {
  Bench bench(1);
  bench.hear(bench.tick().front(), bench.answer(bench.chain.head(), 7));
  const auto second = bench.tick(limits::poll_pause);
  bench.now += limits::poll_interval;
  SyncAnswer silence = bench.answer(bench.chain.head(), 7);
  silence.since = 7;
  silence.held = limits::poll_interval;
  bench.hear(second.front(), silence);
  CHECK(only<SyncQuery>(bench.tick()).cursor == 7);
}

namespace {

// One peer, 600 ms there and back.
struct FarBench : Bench {
  FarBench() : Bench(1, false, 10'000, "me") {
    const auto first = tick();
    now += Duration{600};
    hear(first.front(), answer(chain.head(), 7));
  }
  SyncAnswer answer_from(std::uint64_t since, std::uint64_t cursor) const {
    SyncAnswer what = answer(chain.head(), cursor);
    what.since = since;
    return what;
  }
};

}  // namespace

TEST_CASE("of a peer far away several polls are held open, and their answers follow on") {
  FarBench bench;
  const auto polls = bench.tick(limits::poll_pause);
  REQUIRE(polls.size() == limits::polls_held_max);
  for (const auto& poll : polls) {
    CHECK(std::get<SyncQuery>(poll.request).cursor == 7);
    CHECK(std::get<SyncQuery>(poll.request).asker == "me");
  }
  bench.now += Duration{600};
  SECTION("in order") {
    bench.hear(polls[0], bench.answer_from(7, 8));
    bench.hear(polls[1], bench.answer_from(8, 11));
    const auto next = bench.tick(limits::poll_pause);
    REQUIRE(next.size() == 2);
    CHECK(std::get<SyncQuery>(next[0].request).cursor == 11);
    CHECK(std::get<SyncQuery>(next[0].request).asker == "me");
  }
  SECTION("what overtook another answer does not hide it") {
    bench.hear(polls[1], bench.answer_from(8, 11));
    CHECK(only<SyncQuery>(bench.tick(limits::poll_pause)).cursor == 7);
    bench.hear(polls[0], bench.answer_from(7, 8));
    CHECK(std::get<SyncQuery>(bench.tick(limits::poll_pause).at(0).request).cursor == 8);
  }
  SECTION("what was lost is asked for without a name: then all of it is said") {
    bench.reply(polls[0], error(Errc::timeout, "lost"));
    bench.hear(polls[1], bench.answer_from(8, 11));
    const auto next = bench.tick(limits::poll_pause);
    REQUIRE(next.size() == 2);
    CHECK(std::get<SyncQuery>(next[0].request).cursor == 7);
    CHECK(std::get<SyncQuery>(next[0].request).asker.empty());
    // The peer may still hold what was lost, and would answer that first.
    CHECK(std::get<SyncQuery>(next[1].request).asker == "me.1");
  }
  SECTION("one that others overtook is lost, and no more") {
    bench.hear(polls[1], bench.answer_from(7, 8));
    bench.reply(polls[0], error(Errc::timeout, "lost"));
    CHECK(bench.state_of(0).kind == SyncState::Kind::in_sync);
    CHECK(bench.tick(limits::poll_pause).size() == 2);
  }
  SECTION("they fail together, and that counts once") {
    for (const auto& poll : polls) bench.reply(poll, error(Errc::unreachable, "gone"));
    CHECK(bench.agent.next_wake() <= bench.now + limits::backoff_min);
    CHECK(only<SyncQuery>(bench.tick(limits::backoff_min)).asker.empty());
  }
}

TEST_CASE("who claims what is justified, and has no other block than ours, is not asked for any") {
  Bench bench(1);
  bench.builder.append();
  bench.adopt();
  SyncAnswer boast = bench.answer(bench.chain.head());
  boast.justified = {1'000'000, 1'000'000, BlockId{{1}}};
  CHECK(bench.hear(bench.tick().front(), boast).empty());
  CHECK(bench.agent.next_wake() > bench.now);
}

TEST_CASE("keys that are no authority's do not fill the room for those that are") {
  Bench bench(1);
  gen::Rng rng(5);
  SyncAnswer answer = bench.answer(bench.chain.head());
  for (const KeyPair& key : gen::keys(rng, limits::authorities_max)) {
    KeyClaim claim{{}, "n", "i", bench.now, "i", false, bench.now, {}};
    sign(bench.builder.params().genesis_hash, claim, key);
    answer.sightings.push_back({claim, "http://host:1", Duration{0}});
  }
  KeyClaim claim{{}, "n", "i", bench.now, "i", false, bench.now, {}};
  sign(bench.builder.params().genesis_hash, claim, bench.builder.ledger.authorities[1]);
  answer.sightings.push_back({claim, "http://host:1", Duration{0}});
  bench.hear(bench.tick().front(), answer);
  CHECK(bench.agent.roster().sightings(bench.now).size() == 1);
}

TEST_CASE("a peer that is down is not asked in a loop when the clock has stepped back") {
  Bench bench(1);
  bench.reply(bench.tick().front(), error(Errc::unreachable, "refused"));
  bench.now -= std::chrono::hours(1);
  for (int i = 0; i < 3; ++i) {
    bench.now = std::max(bench.now, *bench.agent.next_wake());
    for (const auto& poll : bench.tick()) bench.reply(poll, error(Errc::unreachable, "refused"));
    CHECK(bench.agent.next_wake() >= bench.now + limits::backoff_min / 2);
  }
}

TEST_CASE("poll-only asks once an interval and never waits") {
  Bench bench(1, true);
  const auto polls = bench.tick();
  CHECK(only<SyncQuery>(polls).wait == Duration{0});
  bench.hear(polls.front(), bench.answer(bench.chain.head()));
  // Not quite, or nodes that were started together would always ask together.
  CHECK(bench.agent.next_wake() <= bench.now + limits::poll_interval);
  CHECK(bench.agent.next_wake() >= bench.now + limits::poll_interval * 3 / 4);
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

TEST_CASE(
    "a peer that claims another block at height 0 is left alone, and nothing of it is taken") {
  Bench bench(1);
  const CheckedTx tx = bench.builder.transfer(0, 1);
  SyncAnswer false_head = bench.answer(Tip{});
  false_head.head.id.data[0] ^= 1;
  false_head.txs.push_back(tx.id());
  CHECK(bench.reply(bench.tick().front(), sync::Reply(sync::Heard{false_head, {tx}, {}})).empty());
  const PeerStatus peer = bench.agent.peers()[0];
  CHECK(peer.invalid == 1);
  CHECK_FALSE(peer.head);
  CHECK(peer.last_error.find("height 0") != std::string::npos);
  CHECK(bench.chain.mempool().size() == 0);
  CHECK(bench.tick(limits::distrust_time - Duration{1}).empty());
  const auto poll = bench.tick(Duration{1});
  bench.hear(poll.front(), bench.answer(genesis_tip(bench.builder.params())));
  CHECK(bench.state_of(0).kind == SyncState::Kind::in_sync);
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

TEST_CASE("a peer is known by its own word, for as long as it answers") {
  Bench bench(2);
  const auto polls = bench.tick();
  bench.now += Duration{40};
  SyncAnswer answer = bench.answer(bench.chain.head());
  answer.final = bench.chain.head();
  answer.site = "far";
  answer.links = {{"other", Duration{70}}, {"third", {}}};
  const KeyPair& key = bench.builder.ledger.authorities[1];
  const GenesisHash& chain = bench.builder.params().genesis_hash;
  KeyClaim claim{{}, "peer", "a", bench.now, "a", false, bench.now, {}};
  sign(chain, claim, key);
  answer.runs = claim;
  bench.hear(polls[0], answer);
  PeerStatus peer = bench.agent.peers()[0];
  CHECK(peer.site == "far");
  CHECK(peer.final == answer.final);
  CHECK(peer.authority == key.public_key());
  CHECK(peer.links == answer.links);
  // Whoever never answered has no name to be told by.
  CHECK(bench.agent.links() == std::vector<PeerLink>{{"peer", Duration{40}}});

  SECTION("of a key that nobody votes with it says nothing that is believed") {
    sign(chain, claim, bench.builder.user(0));
    answer.runs = claim;
    bench.hear(bench.tick(limits::poll_pause).front(), answer);
    CHECK_FALSE(bench.agent.peers()[0].authority);
  }
  SECTION("silent, it is where it was, and no more is known") {
    const auto again = bench.tick(limits::poll_pause);
    bench.reply(again.front(), error(Errc::timeout, "no answer"));
    peer = bench.agent.peers()[0];
    CHECK(peer.site == "far");
    CHECK_FALSE(peer.final);
    CHECK(peer.links.empty());
    CHECK(bench.agent.links() == std::vector<PeerLink>{{"peer", {}}});
  }
}

TEST_CASE("the best sample of a peer's clock is kept for a while only") {
  Bench bench(1);
  const auto measure = [&](Duration round_trip, Duration offset) {
    const auto poll = bench.tick(std::max(Duration{0}, *bench.agent.next_wake() - bench.now));
    bench.now += round_trip;
    SyncAnswer answer = bench.answer(bench.chain.head());
    answer.node_time = bench.now - round_trip / 2 + offset;
    bench.hear(poll.front(), answer);
    return *bench.agent.peers()[0].clock_offset;
  };
  const Time first = bench.now;
  CHECK(measure(Duration{10}, Duration{5}) == Duration{5});
  CHECK(measure(Duration{100}, Duration{70}) == Duration{5});
  SECTION("a slower sample takes its place") {
    bench.now = first + limits::clock_sample_time + Duration{10};
    CHECK(measure(Duration{100}, Duration{70}) == Duration{70});
    CHECK(measure(Duration{20}, Duration{8}) == Duration{8});
  }
  SECTION("our own clock steps back: it says nothing any more") {
    bench.now -= std::chrono::hours(1);
    bench.tick();
    bench.now += limits::backoff_min;
    CHECK(measure(Duration{100}, Duration{3'600'000}) == Duration{3'600'000});
  }
}

TEST_CASE("a clock that steps back makes nobody wait for longer than it would have waited") {
  Bench bench(1);
  const auto polls = bench.tick();
  Duration most = limits::backoff_max;
  SECTION("for the next poll") { bench.reply(polls[0], error(Errc::unreachable, "refused")); }
  SECTION("for one that broke a rule") {
    bench.reply(polls[0], error(Errc::bad_signature, "forged"));
    most = limits::distrust_time;
  }
  bench.now -= std::chrono::hours(1);
  CHECK(bench.tick().empty());
  CHECK(bench.agent.next_wake() <= bench.now + most);
  bench.now = *bench.agent.next_wake();
  only<SyncQuery>(bench.tick());
  CHECK_FALSE(bench.agent.next_wake());
}

TEST_CASE("a clock that steps back does not put off blocks or transactions either") {
  Bench bench(1);
  bench.builder.append({bench.builder.transfer(0, 1, 900'000)});
  const CheckedTx poor = bench.builder.transfer(1, 2, 1'500'000);
  const auto polls = bench.tick();
  SECTION("blocks") {
    const auto fetch = bench.hear(polls[0], bench.answer(bench.builder.head()));
    bench.reply(fetch.front(), error(Errc::unreachable, "refused"));
  }
  SECTION("transactions") {
    bench.reply(polls[0], sync::Reply(sync::Heard{bench.answer(bench.chain.head()), {poor}, {}}));
  }
  bench.tick(limits::poll_pause);  // only the wait in question is left
  bench.now -= std::chrono::hours(1);
  CHECK(bench.tick().empty());
  CHECK(bench.agent.next_wake() <= bench.now + limits::future_wait_max);
  CHECK(bench.tick(limits::future_wait_max).size() == 1);
}

TEST_CASE("with other authorities everything is named again: other votes count") {
  Bench bench(1);
  bench.builder.append();
  bench.adopt();
  bench.hear(bench.tick().front(), bench.answer(bench.chain.head(), 7));
  const auto same = bench.tick(limits::poll_pause);
  CHECK(only<SyncQuery>(same).instance == "a");
  bench.hear(same.front(), bench.answer(bench.chain.head(), 8));

  const PublicKey proposer = bench.chain.state().authorities()[bench.chain.head().slot % 3];
  const auto& keys = bench.builder.ledger.authorities;
  const auto voter = std::find_if(keys.begin(), keys.end(), [&](const KeyPair& key) {
    return key.public_key() == proposer;  // it has earned a fee
  });
  const Ballot ballot{{AuthorityChange::Kind::remove, proposer}, true};
  bench.builder.append({bench.builder.ledger.checked_tx(*voter, ballot, {})});
  bench.adopt();
  const auto anew = bench.tick(limits::backoff_max);
  CHECK(only<SyncQuery>(anew).instance.empty());
  bench.hear(anew.front(), bench.answer(bench.chain.head(), 9));
  CHECK(only<SyncQuery>(bench.tick(limits::backoff_max)).instance == "a");
}
