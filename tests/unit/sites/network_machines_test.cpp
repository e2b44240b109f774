// Machines of a network: made, off, changed by somebody else meanwhile, gone for good.

#include "sites/lock.hpp"
#include "tests/unit/sites/boxes.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using test::Boxed;
using test::Boxes;
using test::must;
using test::one_here;
using test::one_in_a_box;

TEST_CASE("machines are planned, made, found, and leave with the file or the network") {
  test::Home home;
  const test::TempDir far;
  Boxes boxes(far.path(), home.clock);
  const auto network = [&](const std::string& yaml) {
    return must(Network::make(home.dir.path(), test::manifest_of(yaml), boxes, home.clock));
  };
  Network net = network(one_here() + one_in_a_box("box"));
  const Plan before = must(net.plan());
  REQUIRE(before.machines.size() == 1);
  CHECK(before.machines[0].site == "box");
  CHECK(before.machines[0].what == "create box");
  REQUIRE(before.steps.size() == 2);
  CHECK(before.steps[1].node == "box");
  CHECK(before.steps[1].action == Step::Action::create);
  CHECK(before.changes() == 3);
  CHECK(boxes.there.empty());

  CHECK(must(net.up(home.options())).changes() == 3);
  CHECK(boxes.there.count("box") == 1);
  CHECK(must(net.plan()).changes() == 0);

  // Another file, without it: nodes, files and the machine go; what another network has stays.
  Network without = network(one_here());
  CHECK(must(without.plan()).steps.back().action == Step::Action::remove);
  must(without.up(home.options()));
  CHECK(boxes.there.empty());
  CHECK_FALSE(std::filesystem::exists(far.path() / "box" / "networks" / "net"));

  must(net.up(home.options()));
  std::filesystem::create_directories(far.path() / "box" / "networks" / "other");
  REQUIRE(purge(home.dir.path(), "net", boxes));
  CHECK(boxes.there.count("box") == 1);
  CHECK(home.running() == 0);
  // Two sites of one machine are left one after the other.
  std::filesystem::remove_all(far.path() / "box" / "networks" / "other");
  must(network(one_here() + one_in_a_box("box") + one_in_a_box("two", 3)).up(home.options()));
  REQUIRE(purge(home.dir.path(), "net", boxes));
  CHECK(boxes.there.empty());
  CHECK(home.running() == 0);
  must(net.up(home.options()));
  REQUIRE(purge(home.dir.path(), "net", boxes));
  CHECK(boxes.there.empty());
}

TEST_CASE("a machine that is off is started by the next up, and asked about once") {
  Boxed boxed;
  if (GENERATE(true, false)) boxed.boxes.adopted = {"box"};
  boxed.turn_off();
  Network net = boxed.network();
  CHECK(must(net.plan()).changes() == 4);  // two sites, and their nodes
  boxed.boxes.asked = 0;
  CHECK(must(net.up(boxed.home.options())).changes() == 4);
  CHECK(boxed.boxes.asked == 2);  // two sites of one machine
  CHECK(must(net.plan()).changes() == 0);
  CHECK(boxed.boxes.asked == 4);
  CHECK(boxed.home.running() == 1);
}

TEST_CASE("what the file has no more goes also from a machine that was off") {
  Boxed boxed;
  boxed.turn_off();
  Network less = boxed.network(one_here() + one_in_a_box("box"));
  must(less.up(boxed.home.options()));
  CHECK(std::filesystem::exists(boxed.there() / "nodes" / "box"));
  CHECK_FALSE(std::filesystem::exists(boxed.there() / "nodes" / "two"));
  CHECK(must(less.plan()).changes() == 0);
}

TEST_CASE(
    "a network that somebody changes on another machine is left alone, but may be looked at") {
  Boxed boxed;
  Network net = boxed.network();
  const auto layout = net.layout().below(boxed.far.path() / "box");
  auto lock = lock_network(layout, "process 7 of somebody@elsewhere");
  REQUIRE(lock);
  const auto refused = [](const auto& outcome) {
    return !outcome && outcome.error().code == Errc::in_use &&
           outcome.error().detail.find("process 7 of somebody@elsewhere") != std::string::npos;
  };
  const UpOptions options = boxed.home.options();
  CHECK(refused(net.up(options)));
  CHECK(refused(net.stop()));
  CHECK(refused(net.upgrade(options)));
  CHECK(refused(net.control(Control::kill, "box", options)));
  CHECK(refused(purge(boxed.home.dir.path(), "net", boxed.boxes)));
  CHECK(refused(boxed.network(one_here()).up(options)));  // it would leave the box
  CHECK(boxed.home.running() == 1);
  CHECK(std::filesystem::exists(boxed.there() / "nodes" / "two" / "config.json"));
  CHECK(must(net.plan()).changes() == 0);
  CHECK(must(net.processes()).size() == 3);
  CHECK(net.control(Control::restart, "1", options));  // which is not there
  lock->reset();
  CHECK(must(net.up(options)).changes() == 0);
  must(purge(boxed.home.dir.path(), "net", boxed.boxes));
  CHECK_FALSE(std::filesystem::exists(layout.lock()));
}

namespace {

// The node in the box is one of two authorities, or the other follows.
std::string key_in_a_box() {
  std::string yaml = one_here() + one_in_a_box("box");
  const std::string follower = ", authority: false";
  return yaml.erase(yaml.rfind(follower), follower.size());
}

struct Lost : Boxed {
  explicit Lost(const std::string& yaml) : Boxed(yaml) {
    turn_off();
    boxes.adopted = {"box"};
  }
  UpOptions giving_up(const std::string& site, bool force = false) const {
    UpOptions options = home.options();
    options.give_up = {{site}, force};
    return options;
  }
};

}  // namespace

TEST_CASE("a machine that is gone for good is given up by name, and what may be there is told") {
  Lost lost(one_here() + one_in_a_box("box"));
  Network without = lost.network(one_here());
  CHECK(without.up(lost.home.options()).error().code == Errc::unreachable);
  const auto unknown = without.up(lost.giving_up("bax"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == Errc::bad_config);
  CHECK_THAT(unknown.error().detail, Catch::Contains("no site bax") && Catch::Contains("a, box"));
  // It is still wanted.
  const auto wanted = lost.network(one_here() + one_in_a_box("box")).up(lost.giving_up("box"));
  REQUIRE_FALSE(wanted);
  CHECK(wanted.error().code == Errc::bad_config);

  CHECK(must(without.plan({{"box"}})).given_up.size() == 1);
  const Plan plan = must(without.up(lost.giving_up("box")));
  REQUIRE(plan.given_up.size() == 1);
  const GivenUp& given = plan.given_up.front();
  CHECK(given.site == "box");
  CHECK(given.way == "incus shell box");
  CHECK(given.folder == "~/.aitbc/networks/net");
  CHECK(given.nodes == std::vector<std::string>{"box"});
  CHECK(given.keys.empty());
  // And forgotten, but not touched.
  CHECK(must(without.up(lost.home.options())).changes() == 0);
  CHECK(std::filesystem::exists(lost.there() / "nodes" / "box"));
  CHECK(without.up(lost.giving_up("box")).error().code == Errc::bad_config);
}

TEST_CASE("a machine that answers is not given up") {
  Boxed boxed(one_here() + one_in_a_box("box"));
  UpOptions options = boxed.home.options();
  options.give_up.sites = {"box"};
  CHECK(boxed.network(one_here()).up(options).error().code == Errc::refused);
  CHECK(purge(boxed.home.dir.path(), "net", boxed.boxes, options.give_up).error().code ==
        Errc::refused);
  CHECK(must(boxed.network(one_here()).up(boxed.home.options())).given_up.empty());
}

TEST_CASE(
    "an authority that is given up stays one of the genesis, and leaves a quorum or is forced") {
  Lost lost(key_in_a_box());
  Network without = lost.network(one_here());
  const auto halved = without.up(lost.giving_up("box"));
  REQUIRE_FALSE(halved);
  CHECK(halved.error().code == Errc::refused);
  CHECK_THAT(halved.error().detail, Catch::Contains("1 of the 2 authorities"));

  const Plan plan = must(without.up(lost.giving_up("box", true)));
  CHECK(plan.given_up.front().keys == std::vector<std::string>{"box"});
  CHECK(must(without.plan()).changes() == 0);
  // Another file may take the name for a node without that key, but not for an authority.
  const std::string follower = one_here() + "  c:\n    bind: " + test::own_address(4) +
                               "\n    blockchain_nodes:\n      - {id: box, rpc_port: 9001";
  CHECK(must(lost.network(follower + ", authority: false}\n").plan()).changes() == 2);
  CHECK_THAT(lost.network(follower + "}\n").plan().error().detail,
             Catch::Contains("the genesis has no key for node box"));
  // It came back: the file that has it holds again.
  lost.boxes.off.clear();
  CHECK(must(lost.network(key_in_a_box()).up(lost.home.options())).steps[1].action ==
        Step::Action::start);
  CHECK(must(lost.network(key_in_a_box()).plan()).changes() == 0);
}

TEST_CASE("a machine that was made anew is given up for what it had, and takes part again") {
  Boxed boxed(key_in_a_box());
  must(boxed.home.providers.here().supervisor.kill_all_in(boxed.there()));
  std::filesystem::remove_all(boxed.there());
  UpOptions options = boxed.home.options();
  CHECK_THAT(boxed.network().up(options).error().detail,
             Catch::Contains("the genesis has no key for node box"));
  options.give_up = {{"box"}, true};
  std::string yaml = one_here() + one_in_a_box("box");
  const std::string follower = "authority: false";
  yaml.replace(yaml.rfind(follower), follower.size(), "authority: candidate");
  const Plan plan = must(boxed.network(yaml).up(options));
  CHECK(plan.given_up.size() == 1);
  CHECK(plan.steps[1].action == Step::Action::create);
  CHECK(must(boxed.network(yaml).plan()).changes() == 0);
}

TEST_CASE("a network is removed without a machine that is gone for good") {
  Lost lost(key_in_a_box());
  const auto home = lost.home.dir.path();
  CHECK(purge(home, "net", lost.boxes).error().code == Errc::unreachable);
  CHECK(purge(home, "net", lost.boxes, {{"bax"}}).error().code == Errc::bad_config);
  CHECK(std::filesystem::exists(home / "networks" / "net" / "network.yaml"));
  const auto given = must(purge(home, "net", lost.boxes, {{"box"}}));
  REQUIRE(given.size() == 1);
  CHECK(given.front().keys == std::vector<std::string>{"box"});
  CHECK(lost.home.running() == 0);
  CHECK(std::filesystem::is_empty(home / "networks"));
}
