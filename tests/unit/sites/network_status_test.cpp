#include <catch2/catch.hpp>

#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::Home;
using aitbc::test::must;
using aitbc::test::write_text;

namespace {

std::string states(const NetworkStatus& status) {
  std::string all;
  for (const NodeReport& node : status.nodes) {
    all += (all.empty() ? "" : " | ") + node.node + " " + node.state.text();
  }
  return all;
}

void give_chain(const Home& home, const std::string& node, const std::string& chain) {
  write_text(home.dir.path() / "networks/net/nodes" / node / "behaviour", "chain=" + chain);
}

}  // namespace

TEST_CASE("the status of healthy nodes with one head") {
  Home home;
  Network network = home.network();
  for (const std::string node : {"1", "2", "3"}) give_chain(home, node, "20/20");
  must(network.up(home.options()));
  const NetworkStatus status = must(network.status());
  CHECK(states(status) == "1 in_sync | 2 in_sync | 3 in_sync");
  CHECK(status.all_in_sync());
  CHECK(status.network == "net");
  CHECK(status.chain_id == "net");
  REQUIRE(status.best);
  CHECK(status.best->height == 20);
  CHECK(status.genesis_hash ==
        hash_of(must(read_genesis(network.layout(), home.providers.here().transport))));
  CHECK(status.nodes[0].answer->node_id == "1");
  CHECK(status.nodes[0].round_trip);
  CHECK(status.nodes[0].authority);
}

TEST_CASE("the status tells who is behind, who has diverged and where, and who does not answer") {
  Home home;
  Network network = home.network();
  give_chain(home, "1", "400/400");
  give_chain(home, "2", "390/390");
  give_chain(home, "3", "390/123");
  must(network.up(home.options()));
  CHECK(states(must(network.status())) == "1 in_sync | 2 behind 10 | 3 diverged at 123");
  must(network.control(Control::stop, "1", home.options()));
  must(network.control(Control::pause, "3", home.options()));
  CHECK(states(must(network.status())) == "1 stopped | 2 in_sync | 3 paused: stopped by SIGSTOP");
  must(network.control(Control::stop, "2", home.options()));
  write_text(home.node("2") / "behaviour", "silent");
  UpOptions options = home.options();
  options.wait = false;
  must(network.control(Control::start, "2", options));
  const NetworkStatus status = must(network.status());
  CHECK(states(status) == "1 stopped | 2 unreachable | 3 paused: stopped by SIGSTOP");
  CHECK_FALSE(status.nodes[1].detail.empty());
  CHECK_FALSE(status.best);
}

TEST_CASE("a node of another genesis is seen as such") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  // Everybody goes on with the genesis they were started with; the network's file is another now.
  const auto path = network.layout().genesis();
  std::string text = test::read_text(path);
  text.replace(text.find("\"devnet\":true"), 13, "\"devnet\":false");
  write_text(path, text);
  CHECK(states(must(network.status())) == "1 wrong_genesis | 2 wrong_genesis | 3 wrong_genesis");
}

TEST_CASE("the status of a network that was never up is that its nodes are stopped") {
  Home home;
  const NetworkStatus status = must(home.network().status());
  CHECK(states(status) == "1 stopped | 2 stopped | 3 stopped");
  CHECK_FALSE(status.genesis_hash);
}

TEST_CASE("the processes of a network are listed with what they use") {
  Home home;
  Network network = home.network();
  must(network.up(home.options()));
  const auto processes = must(network.processes());
  REQUIRE(processes.size() == 3);
  CHECK(processes[0].site == "a");
  CHECK(processes[2].node == "3");
  CHECK_THAT(processes[2].url, Catch::EndsWith(":9003"));
  for (const NodeProcess& process : processes) {
    CHECK(process.state == RunState::running);
    REQUIRE(process.facts);
    CHECK(process.facts->pid > 1);
    CHECK(process.facts->rss_bytes > 100'000);
    CHECK(process.facts->uptime < Duration{60'000});
  }
}
