// Which blocks the agent fetches, from whom, and what it makes of them.

#include "tests/unit/sync/agent_bench.hpp"

#include <algorithm>

using namespace aitbc;
using sync::Send;
using test::only;
using Bench = test::AgentBench;

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
  bench.adopt();
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

TEST_CASE(
    "what a quorum has committed is looked at though it is no better, and proves a conflict") {
  Bench bench(1);
  for (int i = 0; i < 14; ++i) bench.builder.append();
  bench.adopt();
  const auto vote = [&](const Vote& what, std::initializer_list<std::size_t> voters) {
    for (const std::size_t voter : voters) {
      const SignedVote signed_vote =
          sign(bench.builder.params().genesis_hash, what, bench.builder.ledger.authorities[voter]);
      REQUIRE(bench.chain.add_votes(std::span(&signed_vote, 1)));
    }
  };
  const auto block = [&](Height height) {
    return checkpoint_of(tip_of(bench.builder.blocks[height - 1].block.header()));
  };
  const Checkpoint genesis = checkpoint_of(genesis_tip(bench.builder.params()));
  vote(Vote::prepare(block(12), genesis), {0, 1});
  vote(Vote::commit(block(12)), {0, 1});
  vote(Vote::prepare(block(14), block(12)), {0, 1});
  REQUIRE(bench.chain.final().height == 12);
  REQUIRE(bench.chain.justified().height == 14);
  bench.builder.rewind_to(10);
  bench.builder.append({bench.builder.transfer(2, 3, 7)});
  for (int i = 0; i < 2; ++i) bench.builder.append();
  SyncAnswer theirs = bench.answer(bench.builder.head());
  theirs.justified = theirs.head;
  const bool committed = GENERATE(true, false);
  vote(Vote::commit(block(13)), {1});
  if (committed) vote(Vote::commit(block(13)), {2});
  CHECK_FALSE(bench.chain.finality_conflict());

  bench.serve(bench.hear(bench.tick().front(), theirs));
  CHECK(bench.chain.finality_conflict().has_value() == committed);
  CHECK(bench.state_of(0).text() == "diverged at 10");
  CHECK(bench.chain.final().height == 12);
  // Once is enough.
  CHECK_FALSE(bench.chain.committed_elsewhere()->has_value());
}

TEST_CASE("who forges a range is left alone, and the source is not blamed for it") {
  Bench bench(3);
  for (int i = 0; i < 1'200; ++i) bench.builder.append();
  const auto polls = bench.tick();
  auto sends = bench.hear(polls[0], bench.answer(bench.builder.head()));
  const std::size_t forger = GENERATE(0U, 1U);  // the source, or who helps it
  for (const std::size_t peer : {1U, 2U}) {
    CHECK(bench.hear(polls[peer], bench.answer(bench.builder.head())).empty());
  }
  std::size_t forged = 0;
  bench.serve(std::move(sends), [&](const Send& send, std::vector<CheckedBlock>& blocks) {
    if (send.to != "peer" + std::to_string(forger)) return;
    ++forged;
    blocks.back().sealed.header.state_root.data[0] ^= 1;
    blocks.back() = bench.builder.ledger.reseal(blocks.back());
  });
  CHECK(forged > 0);
  for (const std::size_t peer : {0U, 1U, 2U}) {
    CHECK(bench.agent.peers()[peer].invalid == (peer == forger ? 1 : 0));
  }
  CHECK(bench.chain.head() == bench.builder.head());
}

TEST_CASE("a fork is asked of its source alone: it is judged as a whole, and so is who brings it") {
  Bench bench(3);
  for (int i = 0; i < 40; ++i) bench.builder.append();
  bench.adopt();
  bench.builder.rewind_to(10);
  bench.builder.append({bench.builder.transfer(2, 3, 7)});
  while (bench.builder.blocks.size() < 1'200) bench.builder.append();
  const auto polls = bench.tick();
  auto sends = bench.hear(polls[0], bench.answer(bench.builder.head()));
  for (const std::size_t peer : {1U, 2U}) {
    bench.hear(polls[peer], bench.answer(bench.builder.head()));
  }
  std::vector<Height> helped;
  bench.serve(std::move(sends), [&](const Send& send, const std::vector<CheckedBlock>& blocks) {
    if (send.to != "peer0") helped.push_back(blocks.front().header().height);
  });
  CHECK(bench.chain.head() == bench.builder.head());
  // Once the fork is ours, what is left extends our head.
  REQUIRE_FALSE(helped.empty());
  CHECK(*std::min_element(helped.begin(), helped.end()) > 40);
}

TEST_CASE("blocks of slots to come are not fetched again until they are due") {
  Bench bench(1, false, 100);
  for (int i = 0; i < 5; ++i) bench.builder.append();
  bench.adopt();
  bench.builder.rewind_to(3);
  const bool fork_is_better = GENERATE(false, true);  // also without what is to come
  bench.builder.append({bench.builder.transfer(2, 3, 7)});
  if (fork_is_better) {
    for (int i = 0; i < 2; ++i) bench.builder.append();
  }
  bench.builder.ledger.slots_skipped = GENERATE(110U, 10'000U);  // the latter: nobody waits so long
  bench.builder.append();
  bench.builder.ledger.slots_skipped = 0;
  while (bench.builder.blocks.size() < 8) bench.builder.append();
  const Height early = fork_is_better ? 7 : 5;
  const Slot slot = bench.builder.blocks[early - 1].block.header().slot;
  const Time due = start_of(bench.builder.params(), slot - limits::slots_ahead_max);

  bench.serve(bench.hear(bench.tick().front(), bench.answer(bench.builder.head())));
  if (fork_is_better) CHECK(bench.chain.head().height == 6);
  CHECK_FALSE(bench.agent.downloading());
  CHECK(bench.agent.peers()[0].last_error.find("slot " + std::to_string(slot)) !=
        std::string::npos);
  CHECK(bench.agent.peers()[0].invalid == 0);
  only<SyncQuery>(bench.tick(limits::backoff_max));
  const Duration wait = std::min(due - bench.now, limits::future_wait_max - limits::backoff_max);
  CHECK(bench.agent.next_wake() == bench.now + wait);
  CHECK(bench.tick(wait - Duration{1}).empty());
  const auto fetch = bench.tick(Duration{1});
  REQUIRE(fetch.size() == 1);
  if (bench.now < due) return;
  bench.now = start_of(bench.builder.params(), bench.builder.head().slot);
  bench.serve(fetch);
  CHECK(bench.chain.head() == bench.builder.head());
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

TEST_CASE("a peer that fails with its blocks is asked ever more seldom, and in smaller ranges") {
  Bench bench(1);
  for (int i = 0; i < 600; ++i) bench.builder.append();
  auto fetch = bench.hear(bench.tick().front(), bench.answer(bench.builder.head()));
  const auto poll = bench.tick(limits::poll_pause);  // under way from now on
  const bool slow = GENERATE(false, true);
  Duration wait = limits::backoff_min;
  std::size_t range = limits::range_blocks_max;
  for (int failures = 0; failures < 12; ++failures) {
    CHECK(only<sync::GetBlocks>(fetch).limit == range);
    const auto failure = slow ? error(Errc::timeout, "late") : error(Errc::unreachable, "gone");
    bench.reply(fetch.front(), failure);
    CHECK(bench.agent.next_wake() == bench.now + wait);
    fetch = bench.tick(wait);
    wait = std::min(2 * wait, Duration{limits::backoff_max});
    if (slow) range = std::max<std::size_t>(range / 2, 1);
  }
  std::size_t most = 0;
  bench.serve(fetch, [&](const Send&, const std::vector<CheckedBlock>& blocks) {
    most = std::max(most, blocks.size());
  });
  CHECK(bench.chain.head() == bench.builder.head());
  CHECK(most >= limits::range_blocks_max / 2);

  bench.builder.append();  // it served: its failures are forgotten
  fetch = bench.hear(poll.front(), bench.answer(bench.builder.head(), 2));
  bench.reply(fetch.front(), error(Errc::timeout, "late"));
  CHECK(bench.tick(limits::poll_pause).size() == 1);
  CHECK(bench.agent.next_wake() == bench.now - limits::poll_pause + limits::backoff_min);
}

TEST_CASE("whatever a peer answers to a search, it is not our own store that failed") {
  Bench bench(1);
  for (int i = 0; i < 3; ++i) bench.builder.append();
  bench.adopt();
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
