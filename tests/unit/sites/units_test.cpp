// Nodes as units of a systemd: what it is told, and what becomes of the files.

#include "sites/units.hpp"

#include <csignal>

#include "sites/export/export.hpp"
#include "tests/unit/sites/systemd_fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::must;
using Catch::Contains;

namespace {

constexpr Duration ten_seconds{10'000};

// Nodes that serve nothing, so that they need no network.
struct UnitMachine {
  ~UnitMachine() { static_cast<void>(nodes.kill_all_in(root())); }

  NodeSpec make(const std::string& id, const std::string& network = "net") {
    const auto folder = root() / network / "nodes" / id;
    test::write_text(folder / "behaviour", "silent");
    test::write_text(folder / "config.json", R"({"node_id":")" + id + R"("})");
    NodeSpec spec{folder, AITBC_FAKE_NODE, node_arguments(folder / "config.json"), {}};
    std::string text = unit_header(folder, network) + "[Service]\nExecStart=" + spec.program;
    for (const std::string& word : spec.arguments) text += " " + word;
    text += "\nStandardOutput=append:" + (folder / "node.log").string() + "\nRestart=on-failure\n";
    spec.unit = Unit{unit_name(network, id), text};
    return spec;
  }
  NodeSpec started(const std::string& id, const std::string& network = "net") {
    const NodeSpec spec = make(id, network);
    if (const Status status = nodes.start(spec); !status) FAIL(status.error().detail);
    REQUIRE(wait_until(clock, clock.now() + ten_seconds, "its first line",
                       [&] { return !nodes.log_tail(spec, 1).empty(); }));
    return spec;
  }
  std::string drift(const NodeSpec& spec) { return must(nodes.drift(spec)); }
  RunState state(const NodeSpec& spec) { return must(nodes.state(spec)); }
  std::filesystem::path root() const { return std::filesystem::canonical(dir.path()); }

  test::TempDir dir;
  test::FakeSystemd systemd;
  SystemClock clock;
  UnitSupervisor nodes{systemd.units(), clock};
};

}  // namespace

TEST_CASE("a unit is written, enabled and started once, and known as a process") {
  UnitMachine machine;
  const NodeSpec spec = machine.started("1");
  CHECK(test::read_text(machine.systemd.unit("1")) == spec.unit->text);
  CHECK(machine.systemd.is_enabled("1"));
  CHECK(machine.state(spec) == RunState::running);
  CHECK(machine.drift(spec).empty());
  machine.systemd.told();
  REQUIRE(machine.nodes.start(spec));
  CHECK(machine.systemd.told().empty());

  REQUIRE(machine.nodes.pause(spec));
  CHECK(machine.state(spec) == RunState::paused);
  REQUIRE(machine.nodes.resume(spec));
  CHECK(machine.state(spec) == RunState::running);
}

TEST_CASE("a node that a command ended stays down, and keeps its unit") {
  UnitMachine machine;
  const NodeSpec spec = machine.started("1");
  machine.systemd.told();
  const bool killed = GENERATE(false, true);
  if (killed) {
    REQUIRE(machine.nodes.kill(spec));
  } else {
    CHECK(must(machine.nodes.stop(spec, ten_seconds)) == Stopped::by_itself);
  }
  CHECK(machine.state(spec) == RunState::stopped);
  CHECK_FALSE(machine.systemd.is_enabled("1"));
  CHECK(std::filesystem::exists(machine.systemd.unit("1")));
  // Not before the machine may not bring it back, and not left to wait for its next attempt.
  const std::string unit = spec.unit->name + "\n";
  CHECK(machine.systemd.told() ==
        "disable --no-reload " + unit + "stop " + unit + "reset-failed " + unit);
  CHECK(machine.drift(spec).empty());
  REQUIRE(machine.nodes.start(spec));
  CHECK(machine.systemd.is_enabled("1"));
  CHECK(machine.state(spec) == RunState::running);
}

TEST_CASE("what was changed by hand is named, and undone by the next start") {
  UnitMachine machine;
  const NodeSpec spec = machine.started("1");
  const std::string unit = spec.unit->name;
  const auto file = machine.systemd.unit("1");
  std::string wrong = spec.unit->text;
  wrong.replace(wrong.find("on-failure"), 10, "no");
  const auto mended = [&] {
    must(machine.nodes.stop(spec, ten_seconds));
    REQUIRE(machine.nodes.start(spec));
    return machine.drift(spec);
  };

  SECTION("a line") {
    test::write_text(file, wrong);
    CHECK(machine.drift(spec) == "unit " + unit + ": 'Restart=no' -> 'Restart=on-failure'");
  }
  SECTION("a line at the end") {
    test::write_text(file, spec.unit->text + "Nice=5\n");
    CHECK(machine.drift(spec) == "unit " + unit + ": 'Nice=5' -> ''");
  }
  SECTION("a drop-in") {
    test::write_text(file.string() + ".d/override.conf", "[Service]\nNice=5\n");
    CHECK(machine.drift(spec) == "unit " + unit + ".d adds to it");
  }
  SECTION("no unit") {
    std::filesystem::remove(file);
    CHECK(machine.drift(spec) == "unit " + unit + " is missing");
  }
  SECTION("not enabled") {
    std::filesystem::remove(machine.systemd.root() / "wants" / unit);
    CHECK(machine.drift(spec) == "unit " + unit + " is disabled");
  }
  SECTION("a process of its own") {
    must(machine.nodes.stop(spec, ten_seconds));
    ProcessSupervisor by_hand(machine.clock);
    REQUIRE(by_hand.start(spec));
    CHECK(machine.drift(spec) == "it runs outside of unit " + unit);
  }
  machine.systemd.told();
  CHECK(mended().empty());
  CHECK(test::read_text(file) == spec.unit->text);
  CHECK_FALSE(std::filesystem::exists(file.string() + ".d"));
}

TEST_CASE("a unit that was written and not read again is read before the node starts") {
  UnitMachine machine;
  NodeSpec spec = machine.started("1");
  must(machine.nodes.stop(spec, ten_seconds));
  spec.unit->text += "# changed\n";
  test::write_text(machine.systemd.unit("1"), spec.unit->text);
  machine.systemd.told();
  REQUIRE(machine.nodes.start(spec));
  CHECK_THAT(machine.systemd.told(), Contains("daemon-reload\n"));
}

TEST_CASE("a unit of somebody else is never touched") {
  UnitMachine machine;
  const NodeSpec spec = machine.make("1");
  const auto file = machine.systemd.unit("1");
  // Of the same name: another program's, and that of a network of this name in another home.
  const std::string theirs =
      GENERATE(as<std::string>(), "[Service]\nExecStart=/bin/true\n",
               unit_header("/elsewhere/networks/net/nodes/1", "net") + "[Service]\n");
  test::write_text(file, theirs);
  for (const Status& outcome :
       {machine.nodes.start(spec), Status(machine.nodes.drift(spec).error())}) {
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == Errc::in_use);
    CHECK_THAT(outcome.error().detail, Contains(file.string()) && Contains("service: none"));
  }
  must(machine.nodes.stop(spec, ten_seconds));
  REQUIRE(machine.nodes.kill(spec));
  must(machine.nodes.kill_all_in(machine.root()));
  CHECK(test::read_text(file) == theirs);
  CHECK(machine.systemd.told().empty());
}

TEST_CASE("a node that shall have no unit loses it when it is stopped") {
  UnitMachine machine;
  NodeSpec spec = machine.started("1");
  const NodeSpec other = machine.started("2");
  test::write_text(machine.systemd.unit("1").string() + ".d/override.conf", "[Service]\n");
  spec.unit.reset();
  CHECK(machine.drift(spec) == "it has the unit aitbc-net-1.service");
  must(machine.nodes.stop(spec, ten_seconds));
  CHECK_FALSE(std::filesystem::exists(machine.systemd.unit("1")));
  CHECK_FALSE(std::filesystem::exists(machine.systemd.unit("1").string() + ".d"));
  CHECK_FALSE(machine.systemd.is_enabled("1"));
  CHECK_THAT(machine.systemd.told(), Contains("daemon-reload\n"));
  CHECK(machine.state(other) == RunState::running);
  REQUIRE(machine.nodes.start(spec));
  CHECK(machine.drift(spec).empty());
  CHECK(machine.state(spec) == RunState::running);
}

TEST_CASE("units go with their network, and with no other") {
  UnitMachine machine;
  machine.started("1");
  const NodeSpec other = machine.started("1", "net-2");
  CHECK(must(machine.nodes.kill_all_in(machine.root() / "net")) == 1);
  CHECK_FALSE(std::filesystem::exists(machine.systemd.unit("1")));
  CHECK_FALSE(machine.systemd.is_enabled("1"));
  CHECK(machine.state(other) == RunState::running);
  CHECK(machine.drift(other).empty());
  // Also one that does not run.
  must(machine.nodes.stop(other, ten_seconds));
  CHECK(must(machine.nodes.kill_all_in(machine.root() / "net-2")) == 0);
  CHECK_FALSE(machine.systemd.has_units());
}

TEST_CASE("units that systemd has given up are known, with its word for it") {
  UnitMachine machine;
  const NodeSpec spec = machine.started("1");
  const NodeSpec other = machine.started("2");
  const std::vector<std::string> both{spec.unit->name, other.unit->name};
  CHECK(given_up_of(both, machine.systemd.units(), machine.clock).empty());
  machine.systemd.give_up("2", "oom-kill");
  const auto found = given_up_of(both, machine.systemd.units(), machine.clock);
  CHECK(found == std::vector<GivenUpUnit>{{other.unit->name, "oom-kill"}});
  CHECK(given_up_of(both, {}, machine.clock).empty());
  machine.systemd.set_fuse(0);
  CHECK(given_up_of(both, machine.systemd.units(), machine.clock).empty());
}

TEST_CASE("what systemd refuses is said in its words, and where there is none it is said") {
  UnitMachine machine;
  const NodeSpec spec = machine.make("1");
  machine.systemd.set_fuse(0);
  const Status failed = machine.nodes.start(spec);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::refused);
  CHECK_THAT(failed.error().detail, Contains("'systemctl show "));

  UnitSupervisor without({}, machine.clock);
  CHECK(without.start(spec).error().code == Errc::refused);
  NodeSpec plain = spec;
  plain.unit.reset();
  REQUIRE(without.start(plain));
  CHECK(must(without.drift(plain)).empty());
  CHECK(must(without.stop(plain, ten_seconds)) != Stopped::already);
}
