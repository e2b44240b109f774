// Seeded worlds: chaos first (nothing may become wrong), then healing (everything must become
// right). A failing seed is printed with the command that replays it, and joins regressions.txt.

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>

#include "chain/core/percentile.hpp"
#include "sync/sim/life.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::sim;

namespace {

// Worlds whose seed ends in 0 keep their chains in real files.
Life live_through(std::uint64_t seed) {
  const test::TempDir directory;
  Plan plan;
  plan.length = Duration{1};  // one round
  plan.faults = *parse_faults("all");
  if (seed % 10 == 0) plan.directory = directory.path();
  return live(plan, seed);
}

std::string problem(const Life& life) {
  return life.failure ? life.failure->invariant + ": " + life.failure->what : "";
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
  for (std::uint64_t i = 0; i < (count != nullptr ? std::stoull(count) : 30); ++i) {
    seeds.push_back(from + i);
  }
  return seeds;
}

LinkRule delayed(Duration delay) {
  LinkRule rule;
  rule.delay = delay;
  return rule;
}

Duration percentile_of_some(const std::vector<Duration>& ascending, std::size_t percent) {
  REQUIRE_FALSE(ascending.empty());
  return percentile(ascending, percent);
}

}  // namespace

TEST_CASE("every seeded world stays safe and heals") {
  for (const std::uint64_t seed : seeds()) {
    const Life life = live_through(seed);
    INFO("replay: AITBC_SIM_SEED=" << seed << " build/dev/sim 'every seeded world*'");
    CHECK(problem(life) == "");
  }
}

TEST_CASE("the same seed does the same") {
  for (const std::uint64_t seed : {3U, 10U}) {
    CHECK(live_through(seed).trace == live_through(seed).trace);
  }
  CHECK(live_through(4).trace != live_through(5).trace);
}

TEST_CASE(
    "slow links, three sites, steady traffic: no fork, and every payment is soon everywhere") {
  World world({.seed = 42, .links = delayed(Duration{300})});
  world.run_for(Duration{5'000});
  world.traffic(Duration{1'000}, world.now() + std::chrono::minutes(30));
  world.run_for(std::chrono::minutes(30) + Duration{20'000});
  CHECK(world.observer().acknowledged() > 1'500);
  CHECK(world.observer().orphans(world.replica(0).chain()) == 0);
  CHECK(world.reorgs() == 0);
  CHECK(world.differences() == "");
  CHECK(percentile_of_some(world.observer().times_to_all(), 95) <= Duration{2'500});
  CHECK(percentile_of_some(world.observer().times_to_final(Observer::On::one), 95) <=
        Duration{1'000});
  CHECK(percentile_of_some(world.observer().times_to_final(Observer::On::all), 95) <=
        Duration{1'000});
  world.check_safety();
  CHECK_FALSE(world.failure());
}

TEST_CASE("with polling alone everything still converges and nothing is lost") {
  World world({.seed = 43, .poll_only = true, .links = delayed(Duration{300})});
  world.traffic(Duration{1'000}, world.now() + std::chrono::minutes(10));
  world.run_for(std::chrono::minutes(12));
  CHECK(world.observer().acknowledged() > 400);
  CHECK(world.differences() == "");
  CHECK(percentile_of_some(world.observer().times_to_final(Observer::On::one), 50) <=
        Duration{20'000});
  CHECK(percentile_of_some(world.observer().times_to_final(Observer::On::one), 95) <=
        Duration{45'000});
  world.check_safety();
  CHECK_FALSE(world.failure());
}

TEST_CASE("a partition with traffic on both sides heals within two polls") {
  const std::size_t nodes = GENERATE(3U, 4U, 5U, 6U);
  World world({.seed = nodes, .nodes = nodes, .links = delayed(Duration{50})});
  const Time healed = world.now() + Duration{140'000};
  world.traffic(Duration{500}, healed);
  world.run_for(Duration{20'000});
  std::vector<int> sides(nodes, 0);
  for (std::size_t i = 0; i < nodes / 2; ++i) sides[i] = 1;
  world.partition(sides);
  world.run_for(Duration{120'000});
  world.heal();
  world.run_for(2 * limits::poll_interval);
  CHECK(world.differences() == "");
  CHECK(world.reorg_depth_max() <= nodes / 2);
  world.check_safety();
  CHECK_FALSE(world.failure());
}

TEST_CASE("an idle network does nothing but poll") {
  World world({.seed = 7});
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

namespace {

// Each node asks these of the others.
void let_ask(World& world, const std::vector<NodeIndex>& asked) {
  for (NodeIndex node = 0; node < world.size(); ++node) {
    std::vector<NodeIndex> peers;
    for (const NodeIndex peer : asked) {
      if (peer != node) peers.push_back(peer);
    }
    world.set_peers(node, peers);
  }
}

// Nodes leave the lists of all others and come back, under load, over bad links.
std::string trace_of_changing_peers(std::uint64_t seed) {
  World world({.seed = seed, .nodes = 5, .links = {.delay = Duration{50}, .loss_ppm = 20'000}});
  sync::Rng rng(seed);
  world.traffic(Duration{700}, world.now() + Duration{180'000});
  for (int change = 0; change < 30; ++change) {
    world.run_for(Duration{static_cast<std::int64_t>(rng.below(6'000))});
    std::vector<NodeIndex> asked;
    for (NodeIndex node = 0; node < world.size(); ++node) {
      if (rng.below(3) > 0) asked.push_back(node);
    }
    let_ask(world, asked);
  }
  let_ask(world, {4, 3, 2, 1, 0});
  world.set_links({});
  world.run_for(Duration{240'000});
  INFO("seed " << seed);
  CHECK(world.differences() == "");
  world.check_safety();
  CHECK_FALSE(world.failure());
  return world.trace();
}

}  // namespace

TEST_CASE("while peers come and go nothing is lost, and a seed tells the same story twice") {
  for (const std::uint64_t seed : {1U, 2U}) trace_of_changing_peers(seed);
  CHECK(trace_of_changing_peers(3) == trace_of_changing_peers(3));
}
