// Seeded worlds: chaos first (nothing may become wrong), then healing (everything must become
// right). A failing seed is printed with the command that replays it, and joins regressions.txt.

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

#include "tests/sim/world.hpp"

using namespace aitbc;
using namespace aitbc::sim;

namespace {

struct Outcome {
  std::string trace;
  std::string problem;  // empty: safe and healed
};

void random_fault(World& world) {
  sync::Rng& rng = world.rng();
  const auto node = static_cast<NodeIndex>(rng.below(world.size()));
  switch (rng.below(4)) {
    case 0:
      world.crash(node);
      break;
    case 1:
      world.restart(node);
      break;
    case 2: {
      std::vector<int> groups;
      for (NodeIndex i = 0; i < world.size(); ++i) groups.push_back(static_cast<int>(rng.below(2)));
      world.partition(groups);
      break;
    }
    default:
      world.heal();
  }
}

Outcome live_through(std::uint64_t seed) {
  sync::Rng shape(seed ^ 0x5eed);
  Setup setup;
  setup.seed = seed;
  setup.nodes = 1 + shape.below(7);
  setup.users = 2 + shape.below(8);
  setup.poll_only = shape.below(4) == 0;
  setup.sqlite = seed % 10 == 0;
  setup.faults.loss_percent = static_cast<unsigned>(shape.below(30));
  setup.faults.duplicate_percent = static_cast<unsigned>(shape.below(20));
  setup.faults.delay_min = Duration{1 + static_cast<std::int64_t>(shape.below(200))};
  setup.faults.delay_spread = Duration{static_cast<std::int64_t>(shape.below(600))};
  setup.faults.skew_max = Duration{static_cast<std::int64_t>(shape.below(400))};

  Outcome outcome;
  try {
    World world(setup);
    const Duration chaos{120'000};
    world.traffic(Duration{200 + static_cast<std::int64_t>(shape.below(2'000))},
                  world.now() + chaos);
    for (int step = 0; step < 24; ++step) {
      world.run_for(chaos / 24);
      random_fault(world);
    }
    world.check_safety();
    world.set_faults({0, 0, Duration{5}, Duration{10}, setup.faults.skew_max});
    world.heal();
    for (NodeIndex i = 0; i < world.size(); ++i) world.restart(i);
    for (int patience = 0; patience < 60 && !world.all_agree(); ++patience) {
      world.run_for(Duration{5'000});
    }
    world.check_safety();
    if (!world.all_agree()) outcome.problem = "did not heal: " + world.differences();
    outcome.trace = world.trace();
  } catch (const std::exception& failure) {
    outcome.problem = failure.what();
  }
  return outcome;
}

std::vector<std::uint64_t> seeds() {
  std::vector<std::uint64_t> seeds;
  if (const char* one = std::getenv("AITBC_SIM_SEED")) return {std::stoull(one)};
  std::ifstream regressions("tests/sim/regressions.txt");
  for (std::string line; std::getline(regressions, line);) {
    if (!line.empty() && line[0] != '#') seeds.push_back(std::stoull(line));
  }
  const char* first = std::getenv("AITBC_SIM_FIRST");
  const char* count = std::getenv("AITBC_SIM_COUNT");
  const std::uint64_t from = first != nullptr ? std::stoull(first) : 1;
  for (std::uint64_t i = 0; i < (count != nullptr ? std::stoull(count) : 100); ++i) {
    seeds.push_back(from + i);
  }
  return seeds;
}

// Of sorted times.
Duration percentile(const std::vector<Duration>& times, int percent) {
  REQUIRE_FALSE(times.empty());
  const auto at = times.size() * static_cast<std::size_t>(percent) / 100;
  return times[std::min(at, times.size() - 1)];
}

}  // namespace

TEST_CASE("every seeded world stays safe and heals") {
  for (const std::uint64_t seed : seeds()) {
    const Outcome outcome = live_through(seed);
    INFO("replay: AITBC_SIM_SEED=" << seed << " build/dev/sim 'every seeded world*'");
    CHECK(outcome.problem == "");
  }
}

TEST_CASE("the same seed does the same") {
  for (const std::uint64_t seed : {3U, 10U, 77U}) {
    CHECK(live_through(seed).trace == live_through(seed).trace);
  }
  CHECK(live_through(4).trace != live_through(5).trace);
}

TEST_CASE(
    "slow links, three sites, steady traffic: no fork, and every payment is soon everywhere") {
  World world({.seed = 42, .faults = {.delay_min = Duration{300}}});
  world.run_for(Duration{5'000});
  world.traffic(Duration{1'000}, world.now() + std::chrono::minutes(30));
  world.run_for(std::chrono::minutes(30) + Duration{20'000});
  CHECK(world.acknowledged() > 1'500);
  CHECK(world.orphans() == 0);
  CHECK(world.reorgs() == 0);
  CHECK(world.differences() == "");
  CHECK(percentile(world.times_to_all(), 95) <= Duration{3'000});
  CHECK(percentile(world.times_to_final(World::On::one), 95) <= Duration{1'250});
  CHECK(percentile(world.times_to_final(World::On::all), 95) <= Duration{2'000});
  world.check_safety();
}

TEST_CASE("with polling alone everything still converges and nothing is lost") {
  World world({.seed = 43, .poll_only = true, .faults = {.delay_min = Duration{300}}});
  world.traffic(Duration{1'000}, world.now() + std::chrono::minutes(10));
  world.run_for(std::chrono::minutes(12));
  CHECK(world.acknowledged() > 400);
  CHECK(world.differences() == "");
  CHECK(percentile(world.times_to_final(World::On::one), 50) <= Duration{25'000});
  CHECK(percentile(world.times_to_final(World::On::one), 95) <= Duration{45'000});
  world.check_safety();
}

TEST_CASE("a partition with traffic on both sides heals within two polls") {
  const std::size_t nodes = GENERATE(3U, 4U, 5U, 6U);
  World world({.seed = nodes, .nodes = nodes, .faults = {.delay_min = Duration{50}}});
  const Time end = world.now() + Duration{180'000};
  world.traffic(Duration{500}, end);
  world.run_for(Duration{20'000});
  std::vector<int> sides(nodes, 0);
  for (std::size_t i = 0; i < nodes / 2; ++i) sides[i] = 1;
  world.partition(sides);
  world.run_for(Duration{120'000});
  world.heal();
  world.run_for(2 * limits::poll_interval);
  for (NodeIndex i = 1; i < nodes; ++i) {
    CHECK(world.replica(i).chain().head().height + 1 >= world.replica(0).chain().head().height);
  }
  world.run_for(Duration{60'000});
  CHECK(world.differences() == "");
  CHECK(world.reorg_depth_max() <= nodes / 2);
  world.check_safety();
}

TEST_CASE("an idle network does nothing but poll") {
  World world({.seed = 7, .faults = {}});
  world.run_for(Duration{30'000});
  const std::string before = world.trace();
  CHECK(world.replica(0).chain().head().height == 0);
  world.pay(0, 0);
  world.run_for(Duration{10'000});
  const Tip head = world.replica(2).chain().head();
  CHECK(head.height == 1);
  CHECK(world.replica(2).chain().final() == head);
  const auto silent_since = world.replica(1).chain().mempool().last_sequence();
  world.run_for(Duration{600'000});
  CHECK(world.replica(2).chain().head() == head);
  CHECK(world.replica(1).chain().mempool().last_sequence() == silent_since);
  CHECK(before != world.trace());
}
