// `aitbc top` as a person has it: the real program on a pseudo terminal before a real network.

#include "tests/e2e/network_fixture.hpp"
#include "tests/support/full_screen.hpp"

using namespace aitbc;
using test::FullScreen;
using test::RunningNetwork;

namespace {

constexpr const char* away = "\x1b[?1049l";  // back from the second screen

std::vector<std::string> top_of(const RunningNetwork& net) {
  return {net.program(), "--home", net.file("home"), "top"};
}

bool left_well(FullScreen& screen) {
  return screen.wait() == 0 && screen.is_as_before() &&
         screen.all_said().rfind(away) > screen.all_said().rfind("\x1b[?1049h");
}

}  // namespace

TEST_CASE("a person watches a network, freezes a node by a key and lets it go on") {
  const RunningNetwork net;
  net.new_wallet("alice");
  FullScreen screen(top_of(net), 100, 30);
  const auto see = [&](const std::vector<std::string>& parts) {
    const bool seen = screen.shows(parts);
    INFO(screen.picture());
    CHECK(seen);
    REQUIRE(seen);
  };
  see({"test-net", "3 nodes: 3 in_sync"});
  see({"1 site_1 0 0 0 2/2 0 ", "in_sync"});
  CHECK_FALSE(screen.is_as_before());

  const auto pay = [&] { net.must("faucet", {"alice", "100", "--wait", "included"}); };
  pay();
  see({"head 1"});
  see({"3 site_3 1 ", " 0 2/2 0 ", "in_sync"});
  see({"head 1", "0x", "1 tx", "by node"});
  see({"final 1", "0x"});

  screen.type("jj");
  see({"events of node 3"});
  screen.type("p");
  see({"node 3 is paused"});
  see({"3 site_3 1 ", "paused: stopped by SIGSTOP"});
  pay();
  see({"3 site_3 1 ", " 1 - - ", "paused"});
  screen.type("p");
  see({"node 3 is running again"});
  see({"3 nodes: 3 in_sync"});

  screen.type("l");
  see({"log of node 3"});
  see({":", "INFO node_started chain_id=test-net"});
  screen.type("\x1b");
  see({"NODE", "SITE"});
  screen.type("\r");
  see({"state root", "0x"});
  screen.type("q?");
  see({"help"});
  screen.type("q");
  screen.type("r");
  see({"restart node 3? y/n"});
  screen.type("y");
  see({"node 3 is running again"});
  see({"3 nodes: 3 in_sync"});

  screen.resize(40, 10);
  see({"NODE HEIGHT LAG STATE"});
  for (const std::string& row : screen.rows()) CHECK(row.size() <= 40);
  screen.type("q");
  CHECK(left_well(screen));
}

TEST_CASE("what is refused is said on the screen, and a stopped node keeps nothing from it") {
  const RunningNetwork net;
  net.must("node stop", {"2"});
  FullScreen screen(top_of(net), 120, 24);
  REQUIRE(screen.shows({"2 in_sync, 1 stopped"}));
  screen.type("jp");
  CHECK(screen.shows({"pause node 2: ", "not running"}));
  screen.type("q");
  CHECK(left_well(screen));
}

TEST_CASE("the terminal is as it was however the program ends, and while it is stopped") {
  const RunningNetwork net;
  const std::vector<std::string> ready{"3 nodes: 3 in_sync"};
  {
    FullScreen screen(top_of(net), 80, 24);
    REQUIRE(screen.shows(ready));
    screen.type("\x03");
    CHECK(left_well(screen));
  }
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    FullScreen screen(top_of(net), 80, 24);
    REQUIRE(screen.shows(ready));
    ::kill(screen.pid(), signal);
    CHECK(left_well(screen));
  }
  // A shell that has jobs, and no modes of its own.
  FullScreen screen({"env", "PS1=prompt> ", "sh", "-i"}, 80, 24);
  REQUIRE(screen.shows({"prompt> "}));
  std::string line;
  for (const std::string& word : top_of(net)) line += word + " ";
  screen.type(line + "\n");
  REQUIRE(screen.shows(ready));
  CHECK_FALSE(screen.is_as_before());
  screen.type("\x1a");
  CHECK(screen.gets_its_modes_back());
  screen.type("echo back-$((6 * 7))\n");
  REQUIRE(screen.shows({"back-42"}));
  screen.type("fg\n");
  CHECK(test::eventually([&] { return !screen.is_as_before(); }));
  screen.type("q");
  CHECK(screen.gets_its_modes_back());
  screen.type("exit $?\n");
  CHECK(left_well(screen));
}

TEST_CASE("without a terminal top says what to use, and for programs it prints JSON") {
  const RunningNetwork net;
  const test::Answer refused = net.run({"top"});
  CHECK(refused.exit == 2);
  CHECK(refused.talk.find("aitbc status --watch") != std::string::npos);
  FullScreen dumb({"env", "TERM=dumb", net.program(), "--home", net.file("home"), "top"}, 80, 24);
  CHECK(dumb.wait() == 2);
  CHECK(dumb.all_said().find("aitbc status --watch") != std::string::npos);
  CHECK(dumb.all_said().find('\x1b') == std::string::npos);

  const rpc::Json round = net.must("top", {"--once"});
  CHECK(round["nodes"].size() == 3);
  CHECK(round["nodes"][0]["state"] == "in_sync");
  CHECK(round["height"] == 0);
  CHECK(net.run({"top", "--once"}).exit == 2);
}
