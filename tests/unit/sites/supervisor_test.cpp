#include <catch2/catch.hpp>

#include <csignal>

#include "sites/command.hpp"
#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::must;

namespace {

// Nodes that serve nothing, so that they need no network.
struct Nodes {
  Nodes() : supervisor(clock) {}
  ~Nodes() { static_cast<void>(supervisor.kill_all_in(root())); }
  Nodes(const Nodes&) = delete;
  Nodes& operator=(const Nodes&) = delete;

  NodeSpec make(const std::string& id, const std::string& behaviour = {}) {
    test::write_text(root() / id / "behaviour", "silent " + behaviour);
    test::write_text(root() / id / "config.json", R"({"node_id":")" + id + R"("})");
    return {root() / id, AITBC_FAKE_NODE, node_arguments(root() / id / "config.json")};
  }
  // Until it has set up its signals.
  void start_and_wait(const NodeSpec& spec) {
    REQUIRE(supervisor.start(spec));
    REQUIRE(wait_until(clock, clock.now() + Duration{10'000}, "its first line",
                       [&] { return !supervisor.log_tail(spec, 1).empty(); }));
  }
  std::filesystem::path root() const { return std::filesystem::canonical(dir.path()) / "nodes"; }
  RunState state(const NodeSpec& spec) { return must(supervisor.state(spec)); }
  int pid(const NodeSpec& spec) { return must(supervisor.facts(spec)).value().pid; }

  aitbc::test::TempDir dir;
  SystemClock clock;
  ProcessSupervisor supervisor;
};

}  // namespace

TEST_CASE("a node is started, seen, stopped, and each only once") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1");
  CHECK(nodes.state(spec) == RunState::stopped);
  CHECK_FALSE(must(nodes.supervisor.facts(spec)));
  nodes.start_and_wait(spec);
  CHECK(nodes.state(spec) == RunState::running);
  const int pid = nodes.pid(spec);
  REQUIRE(nodes.supervisor.start(spec));
  CHECK(nodes.pid(spec) == pid);
  const auto facts = must(nodes.supervisor.facts(spec));
  CHECK(facts->rss_bytes > 0);
  CHECK(facts->uptime < Duration{60'000});
  CHECK(must(nodes.supervisor.stop(spec, Duration{5'000})) == Stopped::by_itself);
  CHECK(nodes.state(spec) == RunState::stopped);
  CHECK_FALSE(std::filesystem::exists(spec.folder / "node.pid"));
  CHECK(must(nodes.supervisor.stop(spec, Duration{5'000})) == Stopped::already);
}

TEST_CASE("a node that does not hear SIGTERM is killed after the patience, and it is said") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1", "deaf");
  nodes.start_and_wait(spec);
  CHECK(must(nodes.supervisor.stop(spec, Duration{100})) == Stopped::killed);
  CHECK(nodes.state(spec) == RunState::stopped);
}

TEST_CASE("a paused node is seen as paused, goes on when resumed, and can be stopped") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1");
  CHECK(nodes.supervisor.pause(spec).error().code == Errc::refused);
  REQUIRE(nodes.supervisor.start(spec));
  REQUIRE(nodes.supervisor.pause(spec));
  CHECK(nodes.state(spec) == RunState::paused);
  REQUIRE(nodes.supervisor.resume(spec));
  CHECK(nodes.state(spec) == RunState::running);
  REQUIRE(nodes.supervisor.pause(spec));
  CHECK(must(nodes.supervisor.stop(spec, Duration{5'000})) == Stopped::by_itself);
}

TEST_CASE("kill ends a node at once, whoever did it") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1", "deaf");
  REQUIRE(nodes.supervisor.start(spec));
  REQUIRE(nodes.supervisor.kill(spec));
  CHECK(nodes.state(spec) == RunState::stopped);
  REQUIRE(nodes.supervisor.start(spec));
  ::kill(nodes.pid(spec), SIGKILL);
  REQUIRE(wait_until(nodes.clock, nodes.clock.now() + Duration{5'000}, "its end",
                     [&] { return nodes.state(spec) == RunState::stopped; }));
  REQUIRE(nodes.supervisor.kill(spec));
}

TEST_CASE("a process that got a node's old number is never touched") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1");
  // Its number and even its start time are in the file, but it is not this node.
  const NodeSpec other = nodes.make("2");
  REQUIRE(nodes.supervisor.start(other));
  const std::string theirs = test::read_text(other.folder / "node.pid");
  test::write_text(spec.folder / "node.pid", theirs);
  CHECK(nodes.state(spec) == RunState::stopped);
  CHECK(must(nodes.supervisor.stop(spec, Duration{1'000})) == Stopped::already);
  CHECK(nodes.state(other) == RunState::running);

  // This node's command line, but another start: the number was used again.
  REQUIRE(nodes.supervisor.start(spec));
  const auto info = read_process(nodes.pid(spec));
  REQUIRE(info);
  ProcessInfo older = *info;
  --older.start_ticks;
  CHECK_FALSE(ProcessHandle::open(older));
  CHECK(ProcessHandle::open(*info));
}

TEST_CASE("a node whose number was never written down is found by its command line") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1");
  REQUIRE(nodes.supervisor.start(spec));
  const int pid = nodes.pid(spec);
  const auto file = spec.folder / "node.pid";
  for (const std::string lost : {"", "garbage", "99999999 1", "1 1"}) {
    std::filesystem::remove(file);
    if (!lost.empty()) test::write_text(file, lost);
    CHECK(nodes.pid(spec) == pid);
    CHECK(test::read_text(file).starts_with(std::to_string(pid) + " "));
  }
  std::filesystem::remove(file);
  CHECK(must(nodes.supervisor.stop(spec, Duration{5'000})) == Stopped::by_itself);
}

TEST_CASE("all nodes of a folder are killed, also with other options, and no others") {
  Nodes nodes;
  NodeSpec one = nodes.make("1"), two = nodes.make("2");
  two.arguments.push_back("--log-level=debug");
  REQUIRE(nodes.supervisor.start(one));
  REQUIRE(nodes.supervisor.start(two));
  CHECK(must(nodes.supervisor.kill_all_in(nodes.root() / "elsewhere")) == 0);
  CHECK(must(nodes.supervisor.kill_all_in(nodes.root() / "1")) == 1);
  CHECK(nodes.state(one) == RunState::stopped);
  CHECK(nodes.state(two) == RunState::running);
  CHECK(must(nodes.supervisor.kill_all_in(nodes.root())) == 1);
}

TEST_CASE("a program that cannot be started is named") {
  Nodes nodes;
  NodeSpec spec = nodes.make("1");
  spec.program = "/nowhere/aitbc";
  const auto started = nodes.supervisor.start(spec);
  REQUIRE_FALSE(started);
  CHECK_THAT(started.error().detail, Catch::Contains("/nowhere/aitbc"));
}

TEST_CASE("the end of a log is its last whole lines") {
  Nodes nodes;
  const NodeSpec spec = nodes.make("1");
  CHECK(nodes.supervisor.log_tail(spec, 3).empty());
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"a\n", "a\n"},
                                                       {"a\nb\n", "a\nb\n"},
                                                       {"a\nb\nc\n", "b\nc\n"},
                                                       {"a\nb\nc", "b\nc"},
                                                       {"\n\n\n\n", "\n\n"},
                                                       {"a", "a"}};
  for (const auto& [text, end] : cases) {
    test::write_text(spec.folder / "node.log", text);
    CHECK(nodes.supervisor.log_tail(spec, 2) == end);
  }
}
