// A network of three nodes: what a user does with it, and what is done to it.

#include <filesystem>

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::Answer;
using test::RunningNetwork;

namespace {

std::string state_of(const rpc::Json& status, std::size_t node) {
  return status["nodes"][node]["state"].get<std::string>();
}

// Sizes and times of all files of the network: equal before and after means nothing was written.
std::string traces(const std::string& folder) {
  std::string text;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    text += entry.path().string() + " " + std::to_string(entry.file_size()) + " " +
            std::to_string(entry.last_write_time().time_since_epoch().count()) + "\n";
  }
  return text;
}

}  // namespace

TEST_CASE("money sent to any node is seen by all, in one chain with one state") {
  const RunningNetwork net;
  net.new_wallet("alice");
  net.new_wallet("bob");
  const rpc::Json poured = net.must("faucet", {"alice", "1000", "--node", "1"});
  CHECK(poured["status"] == "included");
  for (const std::string node : {"1", "2", "3"}) {
    const rpc::Json sent = net.must("send", {"alice", "bob", "10", "--fee", "2", "--node", node});
    CHECK(sent["status"] == "included");
    const auto id = sent["id"].get<std::string>();
    CHECK(net.must("tx show", {id, "--node", node})["height"] == sent["height"]);
    CHECK(net.must("chain tx", {id, "--node", node})["status"] == "included");
  }
  net.wait_until_settled();
  const rpc::Json everywhere = net.must("balance", {"bob", "--at", "all"});
  CHECK(everywhere["same"] == true);
  for (const rpc::Json& node : everywhere["nodes"]) CHECK(node["balance"] == 30);
  CHECK(net.balance("alice", "2") == 1000 - 3 * 12);

  const rpc::Json status = net.must("status");
  CHECK(status["in_sync"] == true);
  for (const rpc::Json& node : status["nodes"]) {
    CHECK(node["head"] == status["nodes"][0]["head"]);
    CHECK(node["state_root"] == status["nodes"][0]["state_root"]);
    const auto id = node["node"].get<std::string>();
    const rpc::Json verified = net.must("chain verify", {"--node", id});
    CHECK(verified["valid"] == true);
    CHECK(verified["head"] == node["head"]);
    CHECK(verified["state_root"] == node["state_root"]);
  }
  CHECK(net.must("sync status")["in_sync"] == true);
  CHECK(net.must("genesis verify", {"--node", "2"})["same"] == true);
  const rpc::Json blocks = net.must("chain blocks", {"--from", "0", "--limit", "2"});
  CHECK(blocks["count"] == 2);
  CHECK(net.must("chain block", {"0"})["hash"] == blocks["blocks"][0]["hash"]);
  CHECK(net.must("chain head")["height"] == status["height"]);
  CHECK(net.must("tx pending")["count"] == 0);
  net.must("forks");
  net.must("genesis show");
  net.must("plan");
  net.must("lint");
}

TEST_CASE("a second up changes nothing, and an idle network writes nothing") {
  const RunningNetwork net;
  net.new_wallet("alice");
  net.must("faucet", {"alice", "5"});
  net.wait_until_settled();
  const rpc::Json before = net.must("ps");
  const std::string idle = traces(net.folder());
  // The passing of three slots in which nothing happens.
  CHECK(net.ask("wait", {"any: height > 100", "--timeout", "3s"}).exit == 3);
  CHECK(traces(net.folder()) == idle);

  const rpc::Json again = net.must("up", {"-f", net.file("network.yaml")});
  CHECK(again["changes"] == 0);
  CHECK(net.must("up", {"--wait", "final:1"})["changes"] == 0);
  CHECK(net.ask("up", {"--wait", "final:2", "--timeout", "1s"}).exit == 3);
  const rpc::Json after = net.must("ps");
  for (std::size_t i = 0; i < 3; ++i) CHECK(after["nodes"][i]["pid"] == before["nodes"][i]["pid"]);
  CHECK(net.must("chain head")["height"] == 1);
}

TEST_CASE("kill -9 loses nothing that was answered") {
  const RunningNetwork net;
  net.new_wallet("alice");
  net.must("faucet", {"alice", "100"});
  net.wait_until_settled();
  const rpc::Json head = net.must("chain head", {"--node", "2"});
  CHECK(net.must("node kill", {"2"})["state"] == "stopped");
  const Answer status = net.ask("status");
  CHECK(status.exit == 1);
  CHECK(state_of(status.json, 1) == "stopped");
  CHECK(net.must("node start", {"2"})["state"] == "running");
  CHECK(net.must("chain head", {"--node", "2"})["hash"] == head["hash"]);
  CHECK(net.balance("alice", "2") == 100);

  // A transaction that was accepted outlives its node, whoever knew of it.
  const rpc::Json sent = net.must("faucet", {"alice", "1", "--wait", "none", "--node", "3"});
  CHECK(sent["status"] == "pending");
  for (const std::string node : {"1", "2", "3"}) net.must("node kill", {node});
  CHECK(net.must("up")["changes"] == 3);
  net.wait("all: mempool == 0, height >= 2");
  CHECK(net.balance("alice", "1") == 101);
}

TEST_CASE("a frozen node catches up, and halves that were apart agree again") {
  const RunningNetwork net;
  net.new_wallet("alice");
  net.must("node pause", {"3"});
  CHECK(net.must("faucet", {"alice", "10", "--node", "1"})["status"] == "included");
  const Answer status = net.ask("status");
  CHECK(status.exit == 1);
  CHECK(state_of(status.json, 2).find("paused") == 0);
  net.must("node resume", {"3"});
  net.wait_until_settled();
  CHECK(net.balance("alice", "3") == 10);

  // Node 3 alone, then the others alone: each side goes on without the other.
  net.must("node pause", {"1"});
  net.must("node pause", {"2"});
  const rpc::Json lonely = net.must("faucet", {"alice", "7", "--node", "3", "--wait", "none"});
  const Answer included = net.ask("wait", {"3: mempool == 0", "--timeout", "4s"});
  CHECK((included.exit == 0 || included.exit == 3));
  net.must("node pause", {"3"});
  net.must("node resume", {"1"});
  net.must("node resume", {"2"});
  net.must("send", {"alice", "alice", "1", "--node", "1"});
  net.must("node resume", {"3"});
  net.wait_until_settled();
  CHECK(net.must("balance", {"alice", "--at", "all"})["same"] == true);
  CHECK(net.must("tx show", {lonely["id"].get<std::string>()})["status"] == "included");
  CHECK(net.must("chain verify", {"--node", "3"})["valid"] == true);
}

TEST_CASE("a network that only polls agrees as well") {
  const RunningNetwork net(
      {.nodes = 2, .features = "  poll_only: true\n  cross_site_sync_interval: 1\n"});
  net.new_wallet("alice");
  net.must("faucet", {"alice", "10", "--node", "2"});
  net.wait_until_settled();
  CHECK(net.must("balance", {"alice", "--at", "all"})["same"] == true);
}

TEST_CASE("one node after another may be restarted") {
  const RunningNetwork net;
  net.new_wallet("alice");
  for (const std::string node : {"1", "2", "3"}) {
    CHECK(net.must("node restart", {node})["result"] == "restarted");
    CHECK(net.must("faucet", {"alice", "1"})["status"] == "included");
  }
  net.wait_until_settled();
  net.must("node stop", {"1"});
  net.must("node stop", {"1"});
  CHECK(net.must("stop")["purged"] == false);
  CHECK(net.ask("chain head").exit == 3);
  CHECK(net.must("up")["changes"] == 3);
  CHECK(net.balance("alice", "1") == 3);
}

TEST_CASE("logs of the nodes are shown together, or chosen from") {
  const RunningNetwork net;
  net.new_wallet("alice");
  net.must("faucet", {"alice", "1"});
  net.wait_until_settled();
  const rpc::Json started = net.must("logs", {"--match", "node_started"});
  CHECK(started["lines"].size() == 3);
  const rpc::Json one = net.must("logs", {"2", "--match", "node_started", "--since", "5m"});
  REQUIRE(one["lines"].size() == 1);
  CHECK(one["lines"][0]["node"] == "2");
  CHECK(net.must("logs", {"-n", "2"})["lines"].size() == 2);
  CHECK(net.ask("logs", {"9"}).exit == 1);

  test::Process follower(
      {net.program(), "--home", net.file("home"), "logs", "-f", "--match", "node_stopped"},
      net.file("follow.log"));
  net.must("node stop", {"3"});
  CHECK(test::eventually([&] { return follower.logged("3 | "); }));
  CHECK(follower.end(SIGTERM) == 128 + SIGTERM);
}

TEST_CASE("down --purge leaves no process and no file") {
  const test::Home home;
  home.write("network.yaml", RunningNetwork::yaml({}));
  const rpc::Json plan = home.must("plan", {"-f", home.file("network.yaml")});
  CHECK(plan["changes"] == 3);
  CHECK(home.must("plan", {"-f", home.file("network.yaml")})["new_genesis"] == true);
  CHECK_FALSE(std::filesystem::exists(home.file("home/networks/test-net")));
  home.must("up", {"-f", home.file("network.yaml")});
  const rpc::Json before = home.must("ps");
  home.must("wallet create", {"alice", "--no-password"});
  home.must("faucet", {"alice", "1", "--wait", "none"});
  CHECK_FALSE(std::filesystem::is_empty(home.file("home/nonces")));
  CHECK(home.must("down", {"--purge"})["purged"] == true);
  CHECK(std::filesystem::is_empty(home.file("home/nonces")));
  for (const rpc::Json& node : before["nodes"]) {
    const auto pid = node["pid"].get<pid_t>();
    const std::string left = test::read_text("/proc/" + std::to_string(pid) + "/cmdline");
    CHECK(left.empty());
  }
  CHECK(std::filesystem::is_empty(home.file("home/networks")));
  CHECK(home.must("down", {"--purge"})["purged"] == true);
}
