// That each kind of fault really happens, that lives are told in order, and that a recording goes
// on from where it was made.

#include <catch2/catch.hpp>

#include "sync/sim/campaign.hpp"

using namespace aitbc;
using namespace aitbc::sim;

namespace {

Plan plan_of(const FaultKinds& faults) {
  Plan plan;
  plan.length = Duration{1};  // one round
  plan.faults = faults;
  plan.nodes = 4;
  return plan;
}

}  // namespace

TEST_CASE("faults are named as they are typed") {
  CHECK(parse_faults("none")->empty());
  CHECK(parse_faults("all")->size() == fault_kinds);
  CHECK(*parse_faults("loss,disk-full") == FaultKinds{FaultKind::loss, FaultKind::disk_full});
  const FaultKinds all = *parse_faults("all");
  for (const FaultKind fault : all) CHECK(*parse_faults(name(fault)) == FaultKinds{fault});
  for (const char* wrong : {"", "fire", "loss,", "loss,,crash", "all,loss", "Loss"}) {
    CHECK_FALSE(parse_faults(wrong));
  }
}

TEST_CASE("each kind of fault happens, and is healed") {
  const FaultKinds all = *parse_faults("all");
  for (const FaultKind fault : all) {
    INFO(name(fault));
    Plan plan = plan_of({fault});
    if (fault == FaultKind::clone) plan.clones = 1;
    const Life life = live(plan, 5);
    CHECK(life.faults.at(fault) > 0);
    CHECK_FALSE(life.failure);
    if (fault == FaultKind::loss || fault == FaultKind::partition) CHECK(life.lost > 0);
  }
  const Life calm = live(plan_of({}), 5);
  CHECK(calm.faults.empty());
  CHECK(calm.lost == 0);
  CHECK(calm.reorgs == 0);
  CHECK_FALSE(calm.failure);
}

TEST_CASE("a full disk refuses, a slow one delays, a clock is wrong, a pause is a silence") {
  World world({.seed = 11});
  world.run_for(Duration{3'000});
  world.machine(0).full = true;
  CHECK_FALSE(world.pay(0, 0));
  CHECK(world.machine(0).refused > 0);
  world.machine(0).full = false;
  CHECK(world.pay(0, 0));

  world.machine(1).commit_time = Duration{400};
  CHECK(world.pay(1, 1));
  CHECK_FALSE(world.pay(1, 1));  // it is still writing
  world.machine(1).commit_time = Duration{0};
  world.run_for(Duration{20'000});
  CHECK(world.differences() == "");

  world.set_clock(2, Duration{700}, 0);
  world.run_for(Duration{60'000});
  const auto peers = world.replica(0).status().peers;
  CHECK(peers[1].clock_offset >= Duration{600});
  world.set_clock(2, Duration{0}, 0);

  world.pause(2, Duration{30'000});
  CHECK_FALSE(world.pay(2, 2));
  const Tip before = world.replica(2).chain().head();
  CHECK(world.pay(0, 0));
  world.run_for(Duration{15'000});
  CHECK(world.replica(2).chain().head() == before);
  CHECK(world.replica(0).chain().head() != before);
  world.run_for(Duration{60'000});
  CHECK(world.differences() == "");
  world.check_safety();
  CHECK_FALSE(world.failure());
}

TEST_CASE("a restored node forgets its chain and not what it signed") {
  World world({.seed = 12});
  world.run_for(Duration{3'000});
  world.take_snapshot(0);
  CHECK(world.pay(1, 1));
  world.run_for(Duration{20'000});
  REQUIRE(world.replica(0).chain().final().height > 0);
  const Watermarks marks = world.machine(0).marks;
  world.partition({0, 1, 1});
  REQUIRE(world.restore_snapshot(0));
  CHECK(world.replica(0).chain().head().height == 0);
  CHECK(world.machine(0).marks == marks);
  world.heal();
  world.run_for(Duration{60'000});
  CHECK(world.differences() == "");
  world.check_safety();
  CHECK_FALSE(world.failure());
}

TEST_CASE("more cloned keys than are tolerated may end in two histories, and never silently") {
  std::uint64_t apart = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    Plan plan = plan_of(*parse_faults("clone,partition,delay"));
    plan.nodes = 3;
    plan.clones = 2;
    plan.quorum = Quorum::majority;
    const Life life = live(plan, seed);
    INFO("seed " << seed << (life.failure ? " " + life.failure->what : ""));
    CHECK_FALSE(life.failure);
    apart += life.conflict ? 1 : 0;
  }
  CHECK(apart > 0);
}

TEST_CASE("lives are told in the order of their seeds, whoever lives them") {
  Campaign campaign;
  campaign.plan = plan_of(*parse_faults("crash,loss"));
  campaign.first = 20;
  campaign.count = 6;
  std::vector<std::string> traces[2];
  for (const std::size_t threads : {1U, 3U}) {
    campaign.threads = threads;
    std::uint64_t next = campaign.first;
    live_all(campaign, [&](const Life& life) {
      CHECK(life.seed == next++);
      traces[threads == 1 ? 0 : 1].push_back(life.trace);
    });
    CHECK(next == campaign.first + campaign.count);
  }
  CHECK(traces[0] == traces[1]);
}

TEST_CASE("a recording goes on from where it was made") {
  World world({.seed = 13});
  world.traffic(Duration{500}, world.now() + Duration{40'000});
  world.run_for(Duration{20'000});
  world.partition({0, 0, 1});
  world.run_for(Duration{20'000});
  const Recording recording = world.record();
  REQUIRE(recording.nodes.size() == 3);
  CHECK(recording.nodes[0].blocks != recording.nodes[2].blocks);

  const Life life = replay(recording, plan_of({}), 1);
  CHECK_FALSE(life.failure);
  CHECK(life.blocks == 0);  // nobody seals
  CHECK(life.head == world.replica(0).chain().head());
  CHECK_FALSE(replay(recording, plan_of(*parse_faults("all")), 2).failure);
  CHECK(replay(recording, plan_of({}), 1).trace == life.trace);

  Recording forged = recording;
  forged.nodes[1].blocks.back().sealed.seal.data[0] ^= Byte{1};
  const Life broken = replay(forged, plan_of({}), 1);
  REQUIRE(broken.failure);
  CHECK(broken.failure->invariant == "recording");
  CHECK(broken.failure->what.find("node 2") == 0);
}
