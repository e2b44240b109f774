// What is made of what was seen of a chain, and which finding follows from which.

#include "tests/unit/sites/diagnosis_world.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::SeenNetwork;
using Kind = SyncState::Kind;

// ---- faults on purpose --------------------------------------------------------------------------

TEST_CASE("what somebody breaks on purpose explains what comes of it, and nothing else") {
  SeenNetwork seen;
  SECTION("a link") {
    seen.add_fault(1, LinkFault{});
    seen.add_fault(3, LinkFault{});
    seen.hears_not(3, 1);
    seen.node(3).report.state = {Kind::diverged, 0, ""};
    CHECK(seen.said() == "fault_on_purpose 1 3 | peer_unreachable 3 <1 | diverged 3 <1");
    CHECK(seen.found()[0].about == "f1");
    CHECK(seen.found()[0].cure.ends_with("aitbc chaos heal f1"));
  }
  SECTION("a clock, which cuts no link") {
    seen.add_fault(3, ClockFault{Duration{3'000}, 0});
    seen.answer(3).clock_offset = Duration{3'000};
    seen.hears_not(1, 3);
    CHECK(seen.said() == "fault_on_purpose 3 | clock_off 3 <1 | peer_unreachable 1");
  }
  SECTION("a kill") {
    seen.kill(2);
    seen.kill(3);
    seen.symptoms.healings = {{"k", "kill 3", "3", Healing::How::start, Time{}}};
    CHECK(seen.said() ==
          "fault_on_purpose 3 | node_killed 2 | node_killed 3 <1 | no_quorum 2 3 <2");
  }
  SECTION("a pause") {
    seen.node(3).report.process = RunState::paused;
    seen.node(3).report.answer.reset();
    seen.symptoms.healings = {{"k", "pause 3", "3", Healing::How::resume, Time{}}};
    CHECK(seen.said() == "fault_on_purpose 3 | node_paused 3 <1");
  }
}

// ---- the chain ----------------------------------------------------------------------------------

TEST_CASE("dead nodes explain a lost quorum, which explains a stall") {
  SeenNetwork seen;
  seen.wait(1, 4);
  CHECK(seen.said() == "stalled 1");
  seen.kill(2);
  CHECK(seen.said() == "node_killed 2 | stalled 1");  // two of three go on: that is not why
  seen.kill(3);
  CHECK(seen.said() == "node_killed 2 | node_killed 3 | no_quorum 2 3 <1 | stalled 1 <3");
  const std::string missing = "1 of 3 authorities are there, 2 are needed; missing: 2, 3";
  CHECK(seen.found()[2].cause == missing);
  // That the one left waits for the others makes it no part of the cause.
  seen.pause_itself(1, "no quorum 1/3 since 12:00:00");
  CHECK(seen.found()[2].cause == missing);
  seen.kill(1);
  seen.symptoms.best.reset();
  CHECK(seen.said() == "node_killed 1 | node_killed 2 | node_killed 3 | no_quorum 1 2 3 <1");
}

TEST_CASE("a quorum of votes may need more than blocks do, and followers do not count") {
  SeenNetwork seen;
  seen.symptoms.quorum = Quorum::bft;
  seen.kill(3);
  CHECK(seen.said() == "node_killed 3 | no_quorum 3 <1");
  seen.symptoms.quorum = Quorum::majority;
  seen.node(2).report.authority = false;  // by the file; the chain has it
  CHECK(seen.said() == "node_killed 3");
}

TEST_CASE("a node that hears too few says so, and is not the cause of others") {
  SeenNetwork seen;
  seen.pause_itself(3, "no quorum 1/3 since 12:00:00");
  CHECK(seen.said() == "no_quorum 3");
  seen.hears_not(3, 1);
  CHECK(seen.said() == "peer_unreachable 3 | no_quorum 3 <1");
}

TEST_CASE("a branch of its own is told with who has what final") {
  SeenNetwork seen;
  seen.symptoms.best = Tip{20, 20, {}};
  for (const std::size_t each : {1U, 2U}) seen.answer(each).head = *seen.symptoms.best;
  seen.answer(1).final.height = 18;
  seen.answer(3).head = {15, 15, {}};
  seen.node(3).report.state = {Kind::diverged, 12, ""};
  CHECK(seen.said() == "diverged 3");
  CHECK(seen.found()[0].cause ==
        "since block 12 it has 3 blocks of its own (not final), nodes 1, 2 have 8 (final up to "
        "18)");
}

TEST_CASE("a node that lacks blocks is told with whom it hears") {
  SeenNetwork seen;
  seen.node(3).report.state = {Kind::behind, 5, ""};
  seen.symptoms.poll_only = true;
  CHECK(seen.said() == "behind 3");
  CHECK(seen.found()[0].cause ==
        "it lacks 5 blocks, and gets none; it hears 2 of 2 peers; it asks at intervals alone "
        "(poll_only)");
  seen.hears_not(3, 1);
  CHECK(seen.said() == "peer_unreachable 3 | behind 3 <1");
}

TEST_CASE("a transaction that can never be next is stuck, and stalls nobody") {
  SeenNetwork seen;
  seen.wait(1, 6);
  seen.wait(2, 6);
  CHECK(seen.said() == "tx_stuck 1 2");
  CHECK(seen.found()[0].cause ==
        "2 of ait1alice wait: the lowest nonce is 6, the account's next 4");
  CHECK(seen.found()[0].cure.ends_with("--nonce 4"));
  seen.symptoms.waiting.clear();
  seen.wait(1, 4, 120);
  CHECK(seen.said() == "tx_stuck 1");
  CHECK(seen.found()[0].cure.ends_with("aitbc faucet ait1alice 20"));
  seen.symptoms.waiting.clear();
  seen.wait(1, 4, 100);
  CHECK(seen.said() == "stalled 1");
}

TEST_CASE("what may pass by itself is told when it was there before") {
  SeenNetwork before, now;
  CHECK_FALSE(is_doubtful(before.found()));
  before.wait(1, 4);
  now.wait(2, 4);
  now.wait(1, 4);
  CHECK(is_doubtful(before.found()));
  CHECK(persisting(before.found(), now.found()).size() == 1);  // others have heard of it
  now.symptoms.best->height = 1;
  now.symptoms.best->id.data[0] = 1;  // a block came
  CHECK(persisting(before.found(), now.found()).empty());
  CHECK(persisting({}, now.found()).empty());

  // With its cause it needs no second look, and without it, it goes.
  SeenNetwork known;
  known.kill(2);
  known.kill(3);
  known.wait(1, 4);
  CHECK_FALSE(is_doubtful(known.found()));
  CHECK(persisting({}, known.found()).size() == 4);
  SeenNetwork orphan;
  orphan.pause_itself(1, "asking the peers");
  orphan.pause_itself(2, "asking the peers");
  orphan.wait(3, 4);
  CHECK(orphan.said() == "no_quorum 1 2 | stalled 3 <1");
  CHECK(persisting({}, orphan.found()).empty());
}
