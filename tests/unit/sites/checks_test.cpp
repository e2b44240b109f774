#include <catch2/catch.hpp>

#include "sites/checks.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using Kind = SyncState::Kind;

namespace {

// Chains that share their first `fork` blocks; above, a block's id tells whose it is.
struct Chain {
  Height height = 0;
  Height fork = 0;
  Byte branch = 0;

  BlockId at(Height where) const {
    BlockId id;
    id.data[0] = where > fork ? branch : Byte{0};
    id.data[31] = static_cast<Byte>(where);
    id.data[30] = static_cast<Byte>(where >> 8);
    return id;
  }
};

const GenesisHash genesis{};

NodeReport report(const std::string& name, const Chain& chain) {
  NodeReport node;
  node.node = name;
  node.process = RunState::running;
  node.genesis_hash = genesis;
  node.answer.emplace();
  node.answer->state.kind = Kind::in_sync;
  node.answer->head = {chain.height, chain.height, chain.at(chain.height)};
  return node;
}

struct World {
  std::vector<Chain> chains;
  NetworkStatus status;
  std::size_t questions = 0;

  explicit World(std::vector<Chain> all) : chains(std::move(all)) {
    status.genesis_hash = genesis;
    for (std::size_t i = 0; i < chains.size(); ++i) {
      status.nodes.push_back(report(std::to_string(i), chains[i]));
    }
  }
  void run() {
    judge(status, [this](const NodeReport& node, Height height) -> Result<BlockId> {
      ++questions;
      const Chain& chain = chains[std::stoul(node.node)];
      if (height > chain.height) return error(Errc::not_found, "no such block");
      return chain.at(height);
    });
  }
  std::string state(std::size_t node) const { return status.nodes[node].state.text(); }
};

}  // namespace

TEST_CASE("nodes with one head are in sync, and nobody is asked for more") {
  World world({{7, 7, 0}, {7, 7, 0}, {7, 7, 0}});
  world.run();
  CHECK(world.status.all_in_sync());
  CHECK(world.status.best->height == 7);
  CHECK(world.questions == 0);
}

TEST_CASE("a node whose head is in the best chain is behind, also on an empty chain") {
  World world({{4, 9, 0}, {9, 9, 0}, {0, 9, 0}});
  world.run();
  CHECK(world.state(0) == "behind 5");
  CHECK(world.state(1) == "in_sync");
  CHECK(world.state(2) == "behind 9");
  CHECK_FALSE(world.status.all_in_sync());
}

TEST_CASE("a node on a branch of its own has diverged, at the last common block") {
  for (Height fork = 0; fork < 300; fork += 7) {
    World world({{300, 300, 0}, {299, fork, 2}});
    world.run();
    CHECK(world.state(1) == "diverged at " + std::to_string(fork));
    CHECK(world.questions <= 20);
  }
}

TEST_CASE("equal heights are not enough: of two heads at one height the better is the truth") {
  World world({{8, 3, 9}, {8, 3, 1}});
  world.run();
  CHECK(world.state(0) == "diverged at 3");
  CHECK(world.state(1) == "in_sync");
  CHECK(world.status.best->id == world.chains[1].at(8));
}

TEST_CASE("what votes have justified is the truth, however long a branch without them is") {
  World world({{9, 6, 1}, {7, 6, 2}, {7, 6, 2}});
  world.status.nodes[0].answer->justified.height = 6;
  for (const std::size_t voted : {std::size_t{1}, std::size_t{2}}) {
    world.status.nodes[voted].answer->justified.height = 7;
  }
  world.run();
  CHECK(world.status.best->height == 7);
  CHECK(world.state(0) == "diverged at 6");
  CHECK(world.state(1) == "in_sync");
}

TEST_CASE("a node that does not take part gets its own word and does not become the truth") {
  World world({{5, 5, 0}, {9, 9, 0}, {9, 9, 0}, {9, 9, 0}, {9, 9, 0}});
  world.status.nodes[1].process = RunState::stopped;
  world.status.nodes[2].process = RunState::paused;
  world.status.nodes[3].answer.reset();
  world.status.nodes[4].genesis_hash->data[0] = 1;
  world.run();
  CHECK(world.state(0) == "in_sync");
  CHECK(world.state(1) == "stopped");
  CHECK(world.state(2) == "paused: stopped by SIGSTOP");
  CHECK(world.state(3) == "unreachable");
  CHECK(world.state(4) == "wrong_genesis");
  CHECK(world.status.best->height == 5);
}

TEST_CASE("a node's own pause is shown if it has the chain, otherwise what it lacks") {
  World world({{9, 9, 0}, {9, 9, 0}, {5, 9, 0}});
  for (const std::size_t node : {1U, 2U}) {
    world.status.nodes[node].answer->state = {Kind::paused, 0, "no quorum"};
  }
  world.run();
  CHECK(world.state(1) == "paused: no quorum");
  CHECK(world.state(2) == "behind 4");
}

TEST_CASE("of two final chains each node says so, whichever of them is the better") {
  World world({{8, 3, 9}, {8, 3, 1}});
  for (sites::NodeReport& report : world.status.nodes) {
    report.answer->finality_conflict = true;
    report.answer->state = {Kind::paused, 0, "finality_conflict"};
  }
  SECTION("until it is unlocked") {
    world.run();
    CHECK(world.state(0) == "paused: finality_conflict");
    CHECK(world.state(1) == "paused: finality_conflict");
  }
  SECTION("afterwards the one that was given up has diverged") {
    world.status.nodes[0].answer->state = {Kind::in_sync, 0, ""};
    world.run();
    CHECK(world.state(0) == "diverged at 3");
  }
}

TEST_CASE("a node that stops answering while it is compared is unreachable") {
  World world({{9, 9, 0}, {9, 2, 3}});
  judge(world.status, [](const NodeReport&, Height) -> Result<BlockId> {
    return error(Errc::timeout, "no answer");
  });
  CHECK(world.state(1) == "unreachable");
  CHECK(world.status.nodes[1].detail == "no answer");
}

TEST_CASE("without any answer there is no best head") {
  World world({{9, 9, 0}});
  world.status.nodes[0].answer.reset();
  world.run();
  CHECK_FALSE(world.status.best);
  CHECK_FALSE(NetworkStatus{}.all_in_sync());
}

TEST_CASE("a chain goes on when enough blocks come, or when nothing waits for a while") {
  const Duration slot{1'000};
  const auto at = [](int ms) { return Time{Duration{ms}}; };
  ChainWatch watch(2, 3, slot);
  SECTION("blocks") {
    CHECK_FALSE(watch.goes_on({at(0), 7, 9}));
    // One that could be sealed by the last authority that still can.
    CHECK_FALSE(watch.goes_on({at(100), 8, 9}));
    CHECK(watch.goes_on({at(200), 9, 9}));
  }
  SECTION("nothing that did not wait before") {
    CHECK_FALSE(watch.goes_on({at(0), 7, 2}));
    CHECK_FALSE(watch.goes_on({at(999), 7, 2}));
    CHECK(watch.goes_on({at(1'000), 7, 2}));
  }
  SECTION("something, after all") {
    CHECK_FALSE(watch.goes_on({at(0), 7, 0}));
    CHECK_FALSE(watch.goes_on({at(900), 7, 3}));
    CHECK_FALSE(watch.goes_on({at(1'100), 7, 0}));
    CHECK_FALSE(watch.goes_on({at(2'000), 7, 0}));
    CHECK(watch.goes_on({at(2'100), 7, 0}));
  }
}
