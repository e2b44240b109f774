#include <catch2/catch.hpp>

#include <csignal>

#include "sites/lock.hpp"
#include "tests/support/eventually.hpp"
#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::Home;
using aitbc::test::must;
using aitbc::test::three_nodes;
using aitbc::test::write_text;

namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  text.replace(text.find(from), from.size(), to);
  return text;
}

std::vector<std::string> words(const Plan& plan) {
  std::vector<std::string> all;
  for (const Step& step : plan.steps) {
    all.push_back(std::string(name(step.action)) + " " + step.node + ": " + step.why);
  }
  return all;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("up makes and starts a network; a second up changes nothing") {
  Home home;
  Network network = home.network();
  const Plan planned = must(network.plan());
  CHECK(planned.new_genesis);
  CHECK_FALSE(std::filesystem::exists(network.layout().root()));
  CHECK(words(planned) == Words{"create 1: new", "create 2: new", "create 3: new"});

  std::vector<Progress> progress;
  UpOptions options = home.options();
  options.progress = [&](const Progress& step) { progress.push_back(step); };
  CHECK(must(network.up(options)).changes() == 3);
  CHECK(home.running() == 3);
  REQUIRE(progress.size() == 6);
  CHECK(progress[0].text == "create node 1 (new)");
  CHECK(progress[5].done == 3);
  CHECK(progress[5].total == 3);

  const Genesis genesis = must(read_genesis(network.layout(), home.providers.here().transport));
  CHECK(genesis.authorities.size() == 3);
  CHECK(to_unix_ms(genesis.time) % 1'000 == 0);
  for (const std::string id : {"1", "2", "3"}) {
    CHECK((std::filesystem::status(home.node(id) / "authority.key").permissions() &
           std::filesystem::perms::mask) == std::filesystem::perms(0600));
    CHECK(std::filesystem::exists(home.node(id) / "node.pid"));
  }

  Network again = must(Network::load(home.dir.path(), "net", home.providers, home.clock));
  CHECK(again.manifest().text == three_nodes());
  const Plan plan = must(again.up(home.options()));
  CHECK(plan.changes() == 0);
  CHECK_FALSE(plan.new_genesis);
  CHECK(must(read_genesis(network.layout(), home.providers.here().transport)) == genesis);
  CHECK(list_networks(home.dir.path()) == Words{"net"});
}

TEST_CASE("a node is detached from whoever started it, and its settings are its file's alone") {
  Home home;
  ::setenv("AITBC_NODE_ID", "from the environment", 1);
  ::setenv("DB_PATH", "from the environment", 1);
  const auto up = home.network().up(home.options());
  ::unsetenv("AITBC_NODE_ID");
  ::unsetenv("DB_PATH");
  must(up);
  CHECK_THAT(test::read_text(home.node("1") / "node.log"),
             Catch::StartsWith("fake node 1: session 1, highest descriptor 2, sigpipe default, "
                               "setting none\n"));
}

TEST_CASE("up starts again what was stopped, killed or paused, and nothing else") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  const UpOptions options = home.options();
  must(network.control(Control::kill, "1", options));
  must(network.control(Control::pause, "2", options));
  CHECK(words(must(network.plan())) ==
        Words{"start 1: not running", "start 2: paused", "keep 3: unchanged"});
  CHECK(must(network.up(options)).changes() == 2);
  CHECK(must(network.plan()).changes() == 0);
  const auto stopped = must(network.stop());
  REQUIRE(stopped.size() == 3);
  for (const StoppedNode& node : stopped) CHECK(node.how == Stopped::by_itself);
  CHECK(home.running() == 0);
  CHECK(std::filesystem::exists(home.node("1") / "chain.db"));
  CHECK(must(network.stop())[0].how == Stopped::already);
  CHECK(must(network.up(options)).changes() == 3);
}

TEST_CASE("a changed port restarts the node; those that must find it are told, and go on") {
  Home home;
  must(home.network().up(home.options()));
  Network changed = home.network(replaced(three_nodes(), "9002", "9012"));
  const std::string change =
      "peers +http://" + test::own_address(1) + ":9012 -http://" + test::own_address(1) + ":9002";
  const Words expected{"update 1: " + change, "restart 2: listen.port 9002 -> 9012",
                       "update 3: " + change};
  const auto before = home.pids(changed);
  CHECK(words(must(changed.plan())) == expected);
  CHECK(words(must(changed.up(home.options()))) == expected);
  CHECK(must(changed.plan()).changes() == 0);
  const auto after = home.pids(changed);
  CHECK(after[0] == before[0]);
  CHECK(after[1] != before[1]);
  CHECK(after[2] == before[2]);
  for (const std::string id : {"1", "2", "3"}) CHECK(home.follows_its_file(id));
}

TEST_CASE("a node that cannot be told of its peers is started again, and that is said") {
  Home home;
  const std::string changed = replaced(three_nodes(), "9002", "9012");
  const std::string behaviour = GENERATE("old", "stranger");
  write_text(home.node("1") / "behaviour", behaviour);
  UpOptions options = home.options();
  options.wait = false;
  Network network = home.network();
  must(network.up(options));
  REQUIRE(test::eventually([&] { return must(network.status()).nodes[2].answer.has_value(); }));
  const auto before = home.pids(network);
  std::vector<std::string> said;
  options.progress = [&](const Progress& step) { said.push_back(step.text); };
  const Words done = words(must(home.network(changed).up(options)));
  CHECK_THAT(done[0], Catch::StartsWith("restart 1: peers +http") &&
                          Catch::Contains("; it cannot be told while it runs: "));
  CHECK_THAT(done[2], Catch::StartsWith("update 3: peers +http"));
  CHECK(std::count_if(said.begin(), said.end(), [](const std::string& text) {
          return text.starts_with("restart node 1 ");
        }) == 1);
  const auto after = home.pids(network);
  CHECK(after[0] != before[0]);
  CHECK(after[2] == before[2]);
  CHECK(must(home.network(changed).plan()).changes() == 0);
  CHECK(test::eventually([&] { return home.follows_its_file("1"); }));
}

TEST_CASE("a node that was told in part is told again, whatever its file says") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  const auto before = home.pids(network);
  write_text(home.node("2") / "live", R"({"peers":["http://b"]})");
  write_text(home.node("2") / "config.next.json", R"({"peers":["http://b"]})");
  CHECK(words(must(network.plan()))[1] == "update 2: its peers may be others than its file says");
  must(network.up(home.options()));
  CHECK(must(network.plan()).changes() == 0);
  CHECK(home.follows_its_file("2"));
  CHECK(home.pids(network) == before);
}

TEST_CASE("a paused node cannot be told: it is started again with its new peers") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  must(network.control(Control::pause, "1", home.options()));
  Network changed = home.network(replaced(three_nodes(), "9002", "9012"));
  CHECK_THAT(words(must(changed.plan()))[0], Catch::StartsWith("restart 1: peers +"));
  must(changed.up(home.options()));
  CHECK(home.follows_its_file("1"));
}

TEST_CASE("a config that was edited by hand is drift of that node alone") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  const auto config = home.node("2") / "config.json";
  write_text(config,
             replaced(test::read_text(config), "\"level\":\"info\"", "\"level\":\"debug\""));
  CHECK(words(must(network.plan())) == Words{"keep 1: unchanged",
                                             "restart 2: log.level \"debug\" -> \"info\"",
                                             "keep 3: unchanged"});
  CHECK(must(network.up(home.options())).changes() == 1);
  CHECK(must(network.plan()).changes() == 0);
}

TEST_CASE("a follower can join and leave a running network") {
  Home home;
  const std::string follower = "      - {id: f, rpc_port: 9004, authority: false}\n";
  must(home.network().up(home.options()));
  Network more = home.network(three_nodes() + follower);
  const auto before = home.pids(more);
  CHECK(must(more.up(home.options())).changes() == 4);
  CHECK(home.running() == 4);
  const auto with_it = home.pids(more);
  CHECK(std::equal(before.begin(), before.end() - 1, with_it.begin()));
  CHECK_FALSE(std::filesystem::exists(home.node("f") / "authority.key"));
  Network fewer = home.network();
  CHECK(words(must(fewer.plan())).back() == "remove f: not in the network file");
  must(fewer.up(home.options()));
  CHECK(home.running() == 3);
  CHECK(home.pids(fewer) == std::vector(before.begin(), before.end() - 1));
  for (const std::string id : {"1", "2", "3"}) CHECK(home.follows_its_file(id));
  CHECK_FALSE(std::filesystem::exists(home.node("f")));
}

TEST_CASE("a network file that asks for another genesis is refused") {
  Home home;
  must(home.network().up(home.options()));
  const std::pair<std::string, std::string> cases[] = {
      {three_nodes() + "shared_features: {block_interval_seconds: 5}\n",
       "block_interval_seconds: 2 -> 5"},
      {three_nodes() + "      - {id: 4, rpc_port: 9004}\n", "authorities: 3 -> 4"},
      {replaced(three_nodes(), "{id: 3", "{id: 4"), "no key for node 4"}};
  for (const auto& [yaml, expected] : cases) {
    const auto up = home.network(yaml).up(home.options());
    REQUIRE_FALSE(up);
    CHECK(up.error().code == Errc::bad_manifest);
    CHECK_THAT(up.error().detail, Catch::Contains(expected) && Catch::Contains("down --purge"));
  }
  CHECK(home.running() == 3);
  CHECK(must(home.network().plan()).changes() == 0);
}

TEST_CASE("a chain whose genesis was lost is not given another one") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  std::filesystem::remove(network.layout().genesis());
  CHECK_THAT(network.up(home.options()).error().detail,
             Catch::Contains("genesis.json is missing") && Catch::Contains("chain.db"));
}

TEST_CASE("while one command changes a network another is turned away, but may look") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  const auto lock = lock_network(network.layout(), "somebody else");
  REQUIRE(lock);
  CHECK(network.up(home.options()).error().code == Errc::in_use);
  CHECK(network.stop().error().code == Errc::in_use);
  CHECK(network.control(Control::kill, "1", home.options()).error().code == Errc::in_use);
  CHECK(purge(home.dir.path(), "net", home.providers).error().code == Errc::in_use);
  CHECK(network.plan());
  CHECK(network.status());
  CHECK(network.processes());
}

TEST_CASE("single nodes are controlled by name") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  const auto pid = [&] { return must(network.processes())[1].facts->pid; };
  const int before = pid();
  must(network.control(Control::restart, "2", home.options()));
  CHECK(pid() != before);
  must(network.control(Control::stop, "2", home.options()));
  CHECK(must(network.processes())[1].state == RunState::stopped);
  CHECK_FALSE(must(network.processes())[1].facts);
  must(network.control(Control::start, "2", home.options()));
  must(network.control(Control::pause, "2", home.options()));
  CHECK(must(network.processes())[1].state == RunState::paused);
  must(network.control(Control::resume, "2", home.options()));
  CHECK(must(network.processes())[1].state == RunState::running);
  CHECK(network.control(Control::stop, "9", home.options()).error().code == Errc::not_found);
}

TEST_CASE("purge leaves no process and no file, whatever was killed before") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  must(network.control(Control::kill, "1", home.options()));
  must(network.control(Control::pause, "2", home.options()));
  std::filesystem::remove(network.layout().manifest());
  std::filesystem::remove_all(home.node("3"));
  write_text(network.layout().purged() / "rest", "of a purge that was killed");
  must(purge(home.dir.path(), "net", home.providers));
  CHECK(home.running() == 0);
  CHECK(std::filesystem::is_empty(home.dir.path() / "networks"));
  must(purge(home.dir.path(), "net", home.providers));
  const auto gone = Network::load(home.dir.path(), "net", home.providers, home.clock);
  CHECK(gone.error().code == Errc::not_found);
}

TEST_CASE("a node that ends at once is reported with the end of its log") {
  Home home;
  write_text(home.dir.path() / "networks/net/nodes/2/behaviour", "fails");
  const auto up = home.network().up(home.options());
  REQUIRE_FALSE(up);
  CHECK(up.error().code == Errc::unreachable);
  CHECK_THAT(up.error().detail, Catch::Contains("node 2 is stopped instead of running") &&
                                    Catch::Contains("fake node 2: cannot go on"));
  std::filesystem::remove(home.node("2") / "behaviour");
  CHECK(must(home.network().up(home.options())).changes() == 1);
}

TEST_CASE("a node that is up but not healthy is waited for, then its last answer is told") {
  Home home;
  const auto [behaviour, expected] = GENERATE(table<std::string, std::string>(
      {{"silent", "node 3 at http://"}, {"stranger", "node stranger of chain net answers there"}}));
  write_text(home.dir.path() / "networks/net/nodes/3/behaviour", behaviour);
  UpOptions options = home.options();
  options.timeout = Duration{3'000};
  const auto up = home.network().up(options);
  REQUIRE_FALSE(up);
  CHECK(up.error().code == Errc::timeout);
  CHECK_THAT(up.error().detail,
             Catch::Contains("1 of 3 nodes are not healthy") && Catch::Contains(expected));
}

TEST_CASE("a port that another process has is reported as the node said it") {
  Home home, other;
  must(other.network().up(other.options()));
  const auto up = home.network().up(home.options());
  REQUIRE_FALSE(up);
  CHECK_THAT(up.error().detail,
             Catch::Contains("another process") || Catch::Contains("of another network"));
  CHECK(other.running() == 3);
}

TEST_CASE("a node of another network with the same names does not count as healthy") {
  Home home, other;
  must(other.network().up(other.options()));
  for (const std::string id : {"1", "2", "3"}) {
    write_text(home.dir.path() / "networks/net/nodes" / id / "behaviour", "silent");
  }
  UpOptions options = home.options();
  options.timeout = Duration{300};
  const auto up = home.network().up(options);
  REQUIRE_FALSE(up);
  CHECK(up.error().code == Errc::timeout);
  CHECK_THAT(up.error().detail,
             Catch::Contains("a node of another network with a chain of this name answers there"));
}

TEST_CASE("a node that runs another program than this one's is restarted, and it is said") {
  Home home;
  must(home.network().up(home.options()));
  const std::string copy = home.dir.file("newer-build");
  std::filesystem::copy_file(AITBC_FAKE_NODE, copy);
  test::LocalProviders providers(copy, home.clock);
  auto network = must(Network::make(home.dir.path(), test::manifest_of(test::three_nodes()),
                                    providers, home.clock));
  const Plan plan = must(network.plan());
  CHECK(plan.changes() == 3);
  CHECK(plan.steps[0].action == Step::Action::restart);
  CHECK(plan.steps[0].why == "program " + std::string(AITBC_FAKE_NODE) + " -> " + copy);
  must(network.up(home.options()));
  CHECK(must(network.plan()).changes() == 0);
}

TEST_CASE("sites that need another provider are refused before anything is made") {
  Home home;
  const auto text = network_template("three-hosts");
  REQUIRE(text);
  const auto up = home.network(std::string(*text)).up(home.options());
  REQUIRE_FALSE(up);
  CHECK(up.error().code == Errc::bad_manifest);
  CHECK_THAT(up.error().detail,
             Catch::Contains("site site_a_localhost: provider ssh is of another machine"));
  CHECK(std::filesystem::is_empty(home.dir.path()));
}

TEST_CASE("a node that does not hear SIGTERM is killed, and it is said which") {
  Home home;
  Network network = home.network();
  write_text(home.dir.path() / "networks/net/nodes/2/behaviour", "deaf");
  must(network.up(home.options()));
  const auto stopped = must(network.stop(Duration{3'000}));  // enough for those that hear it
  CHECK(stopped[0].how == Stopped::by_itself);
  CHECK(stopped[1].how == Stopped::killed);
}
