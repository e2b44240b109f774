#include "sites/chaos.hpp"

#include <catch2/catch.hpp>

#include <thread>

#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::Home;
using aitbc::test::manifest_of;
using aitbc::test::must;
using aitbc::test::own_address;

namespace {

// Nodes 1 and 2 at site a, node 3 at site c.
Manifest two_sites() {
  return manifest_of("network: net\nenvironments:\n  a:\n    bind: " + own_address(1) +
                     "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 9001}\n"
                     "      - {id: 2, rpc_port: 9002}\n  c:\n    bind: " +
                     own_address(1) + "\n    blockchain_nodes: [{id: 3, rpc_port: 9003}]\n");
}

// "1 out 3, in 3" for each node that is told something.
std::vector<std::string> told(const Manifest& manifest, const std::vector<NodeFault>& faults) {
  const auto ids = [&](const std::vector<std::string>& urls) {
    std::string text;
    for (const std::string& url : urls) {
      for (const char* id : {"1", "2", "3"}) {
        if (manifest.find(id)->url() == url) text += id;
      }
    }
    return text;
  };
  std::vector<std::string> all;
  for (const NodeFault& fault : faults) {
    const auto& link = std::get<LinkFault>(fault.kind);
    all.push_back(fault.node + " out " + ids(link.out) + ", in " + ids(link.in));
  }
  return all;
}

using Words = std::vector<std::string>;

Chaos::Order order(Duration lasts) { return {"fault-1", "for a test", lasts}; }

struct Struck {
  Home home;
  Network network = home.network();
  Chaos chaos{network, home.providers, home.clock};
  int healers = 0;

  Struck() { must(network.up(home.options())); }
  Status strike(Control control, Duration lasts) {
    return chaos.strike(order(lasts), control, "2", [&] {
      ++healers;
      return ok();
    });
  }
  RunState state() { return must(network.processes())[1].state; }
};

}  // namespace

TEST_CASE("a partition cuts every link between groups, in both directions") {
  const Manifest manifest = two_sites();
  const Words cut{"1 out 3, in 3", "2 out 3, in 3", "3 out 12, in 12"};
  CHECK(told(manifest, must(partition(manifest, {"1,2", "3"}))) == cut);
  CHECK(told(manifest, must(partition(manifest, {"a", "c"}))) == cut);
  CHECK(told(manifest, must(partition(manifest, {"1", "3"}))) == cut);  // 2 is with the first
  CHECK(told(manifest, must(partition(manifest, {"1", "2", "3"}))).size() == 3);
  CHECK(told(manifest, must(isolate(manifest, {"3"}))) == cut);
  CHECK(told(manifest, must(isolate(manifest, {"1", "3"}))) ==
        Words{"1 out 23, in 23", "2 out 13, in 13", "3 out 12, in 12"});
}

TEST_CASE("groups that make no partition are refused") {
  const Manifest manifest = two_sites();
  for (const Words& groups : {Words{}, Words{"1,2"}, Words{"1,2", "2,3"}, Words{"a,c", "a"}}) {
    CHECK(partition(manifest, groups).error().code == Errc::bad_config);
  }
  for (const Words& groups : {Words{"1", "9"}, Words{"1,", "3"}, Words{"", "3"}}) {
    CHECK(partition(manifest, groups).error().code == Errc::not_found);
  }
}

TEST_CASE("a directed link is known at both of its ends") {
  const Manifest manifest = two_sites();
  const LinkRule slow{.delay = Duration{300}};
  CHECK(told(manifest, must(on_links(manifest, slow, "1", "3"))) ==
        Words{"1 out 3, in ", "3 out , in 1"});
  CHECK(told(manifest, must(on_links(manifest, slow, "a", std::nullopt))) ==
        Words{"1 out 23, in 2", "2 out 13, in 1", "3 out , in 12"});
  CHECK(told(manifest, must(on_links(manifest, slow, std::nullopt, std::nullopt))) ==
        Words{"1 out 23, in 23", "2 out 13, in 13", "3 out 12, in 12"});
  CHECK(on_links(manifest, slow, "1", "1").error().code == Errc::bad_config);
}

TEST_CASE("a killed node comes back when its time is over, and a paused one") {
  Struck struck;
  for (const Control control : {Control::kill, Control::pause}) {
    const Time before = struck.home.clock.now();
    REQUIRE(struck.strike(control, Duration{200}));
    CHECK(struck.state() == (control == Control::kill ? RunState::stopped : RunState::paused));
    CHECK(struck.strike(control, Duration{200}).error().code == Errc::refused);
    REQUIRE(struck.chaos.heal_when_due("fault-1", struck.home.options()));
    CHECK(struck.home.clock.now() >= before + Duration{200});
    CHECK(struck.state() == RunState::running);
    REQUIRE(struck.chaos.heal_when_due("fault-1", struck.home.options()));  // it is over
  }
  CHECK(struck.healers == 2);
}

TEST_CASE("a late healer undoes nothing that somebody did since") {
  Struck struck;
  const auto healer_finds = [&] {
    REQUIRE(struck.chaos.heal_when_due("fault-1", struck.home.options()));
    return struck.state();
  };
  REQUIRE(struck.strike(Control::kill, Duration{60'000}));
  REQUIRE(struck.network.control(Control::stop, "2", struck.home.options()));
  CHECK(healer_finds() == RunState::stopped);

  must(struck.network.up(struck.home.options()));
  REQUIRE(struck.strike(Control::kill, Duration{60'000}));
  must(struck.network.stop());
  CHECK(healer_finds() == RunState::stopped);

  must(struck.network.up(struck.home.options()));
  REQUIRE(struck.strike(Control::pause, Duration{60'000}));
  REQUIRE(struck.network.control(Control::kill, "2", struck.home.options()));
  CHECK(healer_finds() == RunState::stopped);
}

TEST_CASE("a healer that comes to act after all is told that its fault is gone") {
  Struck struck;
  must(struck.network.stop());
  UpOptions options = struck.home.options();
  options.fault = "fault-1";
  CHECK(struck.network.control(Control::start, "2", options).error().code == Errc::not_found);
  CHECK(struck.state() == RunState::stopped);
}

TEST_CASE("nothing happens to a node whose healer cannot be started") {
  Struck struck;
  const Status failed = struck.chaos.strike(order(Duration{60'000}), Control::kill, "2",
                                            [] { return error(Errc::io, "no such program"); });
  CHECK(failed.error().code == Errc::io);
  CHECK(struck.state() == RunState::running);
  CHECK(Healings(struck.network.layout(), struck.home.providers.here().transport).all().empty());
}

TEST_CASE("a stopped node has the fault when it starts") {
  Struck struck;
  must(struck.network.stop());
  REQUIRE(struck.chaos.begin(order(Duration{60'000}),
                             must(partition(struck.network.manifest(), {"1,2", "3"}))));
  const auto listed = must(struck.chaos.list());
  REQUIRE(listed.faults.size() == 1);
  CHECK(listed.faults[0].nodes == Words{"1", "2", "3"});
  CHECK(listed.faults[0].kind == "link");
  CHECK(struck.chaos.heal({"other"}, {}).error().code == Errc::not_found);
  CHECK(must(struck.chaos.heal({}, {})) == Words{"fault-1"});
  CHECK(must(struck.chaos.list()).faults.empty());
}

TEST_CASE("only a devnet is broken on purpose") {
  Home home;
  Network network = home.network(test::three_nodes() + "genesis:\n  devnet: false\n");
  must(network.up(home.options()));
  Chaos chaos(network, home.providers, home.clock);
  const auto refused = [](const Status& status) { return status.error().code; };
  CHECK(refused(chaos.begin(order(Duration{1'000}), {{"1", DoubleSign{}}})) == Errc::not_devnet);
  CHECK(refused(chaos.strike(order(Duration{1'000}), Control::kill, "1", [] { return ok(); })) ==
        Errc::not_devnet);
  CHECK(refused(chaos.restart("1", home.options())) == Errc::not_devnet);
  CHECK(chaos.list().error().code == Errc::not_devnet);
}
