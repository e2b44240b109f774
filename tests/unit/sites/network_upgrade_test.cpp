// Another build of the program for a network that runs: one site after the other, or none.

#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::Home;
using aitbc::test::must;

namespace {

// A node at each of three sites.
std::string three_sites() {
  std::string text = "network: net\nenvironments:\n";
  for (const std::string id : {"1", "2", "3"}) {
    text += "  s" + id + ":\n    bind: " + test::own_address(1) +
            "\n    blockchain_nodes:\n      - {id: " + id + ", rpc_port: 900" + id + "}\n";
  }
  return text + "shared_features:\n  block_interval_seconds: 1\n";
}

// A network at work, and another build of what its nodes run.
struct Upgraded {
  Upgraded() : program(home.dir.path() / "build") {
    must(home.network(three_sites()).up(home.options()));
    std::filesystem::copy_file(AITBC_FAKE_NODE, program);
    providers.emplace(program.string(), home.clock);
  }
  // With it, this node does not run, or has a transaction for which no block comes.
  void fails_at(const std::string& node) const { behaves(node, "fails-as-build"); }
  void waits_at(const std::string& node) const { behaves(node, "waits-as-build"); }
  void behaves(const std::string& node, const std::string& how) const {
    test::write_text(home.node(node) / "behaviour", how);
  }
  ~Upgraded() {
    static_cast<void>(purge(home.dir.path(), "net", home.providers));
    std::filesystem::remove(program);
  }
  Result<Plan> upgrade(UpOptions options) {
    return must(Network::load(home.dir.path(), "net", *providers, home.clock)).upgrade(options);
  }
  // What each node was started from.
  std::vector<std::string> programs() {
    std::vector<std::string> all;
    for (const NodeProcess& node : must(home.network(three_sites()).processes())) {
      all.push_back(node.facts ? node.facts->program : "");
    }
    return all;
  }

  Home home;
  std::filesystem::path program;
  std::optional<LocalProviders> providers;
};

const std::vector<std::string> all_old(3, AITBC_FAKE_NODE);

}  // namespace

TEST_CASE("another build is started one site after the other") {
  Upgraded net;
  std::vector<std::vector<std::string>> at_each;
  UpOptions options = net.home.options();
  options.progress = [&](const Progress& step) {
    if (step.text.starts_with("site ")) at_each.push_back(net.programs());
  };
  const std::string build = net.program.string();
  const Plan done = must(net.upgrade(options));
  REQUIRE(done.steps.size() == 3);
  CHECK(done.steps[2].why == "program " + std::string(AITBC_FAKE_NODE) + " -> " + build);
  REQUIRE(at_each.size() == 3);
  CHECK(at_each[0] == all_old);
  CHECK(at_each[2] == std::vector<std::string>{build, build, AITBC_FAKE_NODE});
  CHECK(net.programs() == std::vector<std::string>(3, build));
  CHECK(must(net.upgrade(net.home.options())).steps.empty());
}

TEST_CASE("a build that does not do at one site is taken back at all") {
  Upgraded net;
  net.fails_at("2");
  const auto config = test::read_text(net.home.node("1") / "config.json");
  std::vector<std::string> at_second;
  UpOptions options = net.home.options();
  options.progress = [&](const Progress& step) {
    if (step.text == "site s2") at_second = net.programs();
  };
  const auto failed = net.upgrade(options);
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().detail, Catch::StartsWith("site s2 does not do with this build") &&
                                        Catch::Contains("1, 2 run what they ran before"));
  CHECK(at_second ==
        std::vector<std::string>{net.program.string(), AITBC_FAKE_NODE, AITBC_FAKE_NODE});
  CHECK(net.programs() == all_old);
  CHECK(test::read_text(net.home.node("1") / "config.json") == config);
}

TEST_CASE("a build with which the chain stands still is taken back") {
  Upgraded net;
  net.waits_at("2");
  UpOptions options = net.home.options();
  options.timeout = Duration{5'000};
  const auto failed = net.upgrade(options);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == Errc::timeout);
  CHECK_THAT(failed.error().detail,
             Catch::StartsWith("site s2 does not do with this build: transactions wait and no "
                               "blocks come for 5000 ms") &&
                 Catch::Contains("1, 2 run what they ran before"));
  CHECK(net.programs() == all_old);
}

TEST_CASE("what ran a file that is gone cannot be taken back, and that is said") {
  Upgraded net;
  net.fails_at("1");
  const std::string first = (net.home.dir.path() / "first").string();
  std::filesystem::copy_file(AITBC_FAKE_NODE, first);
  LocalProviders providers(first, net.home.clock);
  must(must(Network::load(net.home.dir.path(), "net", providers, net.home.clock))
           .upgrade(net.home.options()));
  std::filesystem::remove(first);
  const auto failed = net.upgrade(net.home.options());
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().detail,
             Catch::Contains("1 stay with it: the file of what they ran is gone"));
}

TEST_CASE("nothing is changed in a network that is not in sync") {
  Upgraded net;
  Network network = net.home.network(three_sites());
  REQUIRE(network.control(Control::stop, "2", {}));
  const auto refused = net.upgrade(net.home.options());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::refused);
  CHECK(net.programs() == std::vector<std::string>{AITBC_FAKE_NODE, "", AITBC_FAKE_NODE});
}
