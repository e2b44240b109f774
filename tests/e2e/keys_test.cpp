// One key, two processes: a copied node directory, refused or forced.

#include <filesystem>

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::Answer;
using test::Home;
using test::Process;
using test::RunningNetwork;

namespace {

const test::Shape quick{.nodes = 4,
                        .features = "  cross_site_sync_interval: 1\n",
                        .genesis = "  faucet_balance: 1000000\n"};

// Three authorities, and a fourth node that is none; node 2 was copied while nothing happened. The
// copy runs at node 4's address, so that everybody asks it.
class Copied : public Home {
 public:
  Copied() {
    std::string text = RunningNetwork::yaml(quick);
    const std::string follower = "{id: 4, ";
    text.replace(text.find(follower), follower.size(), follower + "authority: false, ");
    write("network.yaml", text);
    must("up", {"-f", file("network.yaml")});
    for (const std::string name : {"alice", "bob"}) {
      must("wallet create", {name, "--no-password"});
      must("faucet", {name, "100"});
    }
    wait("all: head == same, mempool == 0, state == in_sync");
    REQUIRE(test::eventually([&] {
      const rpc::Json head = must("chain head", {"--node", "2"});
      return head["height"] == head["final_height"];
    }));
    must("node stop", {"4"});
    std::filesystem::copy(file("home/networks/test-net/nodes/2"), file("copy"),
                          std::filesystem::copy_options::recursive);
  }
  std::vector<std::string> copy(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{program(),
                                   "node",
                                   "run",
                                   "--config",
                                   file("copy/config.json"),
                                   "--node-id",
                                   "copy",
                                   "--listen",
                                   test::own_address(4) + ":8082",
                                   "--data",
                                   file("copy/chain.db"),
                                   "--authority-key",
                                   file("copy/authority.key")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string state(int node) const {
    const Answer answer = ask("status");
    for (const rpc::Json& row : answer.json["nodes"]) {
      if (row["node"] == std::to_string(node)) return row["state"].get<std::string>();
    }
    return "";
  }
  bool has_evidence(int node) const {
    return ask("evidence ls", {"--node", std::to_string(node)}).json["count"] > 0;
  }
};

}  // namespace

TEST_CASE("a copied node directory is refused by name, and takes over once the first stops") {
  const Copied net;
  Process copy(net.copy(), net.file("copy.log"));
  REQUIRE(test::eventually([&] { return copy.logged("is run by 2 of site_2"); }));
  const auto healthy = [&] {
    return test::eventually([&] { return copy.logged("\"event\":\"signing\""); },
                            std::chrono::seconds(15));
  };
  CHECK_FALSE(copy.logged("\"event\":\"signing\""));
  net.must("node kill", {"2"});
  CHECK(healthy());
  // Now it is the original that is refused, until the copy stops.
  REQUIRE(net.ask("node start", {"2"}).exit == 3);
  CHECK(net.state(2).find("is run by copy of site_2") != std::string::npos);
  CHECK(copy.end(SIGTERM) == 0);
  CHECK(test::eventually([&] { return net.state(2) == "in_sync"; }, std::chrono::seconds(15)));
}

TEST_CASE("a copy that is forced during a partition leaves evidence on both sides") {
  const Copied net;
  const auto final_height = [&](const std::string& node) {
    return net.must("chain head", {"--node", node})["final_height"].get<std::uint64_t>();
  };
  const std::uint64_t before = final_height("1");
  const auto pay_at = [&](const std::string& who, const std::string& node) {
    net.must("send", {who, who, "1", "--node", node});
    REQUIRE(
        test::eventually([&] { return final_height(node) > before; }, std::chrono::seconds(60)));
  };
  net.must("chaos partition", {"1,2", "3,4", "--for", "1h"});
  Process copy(net.copy({"--force", "--peer", "http://" + test::own_address(3) + ":8082"}),
               net.file("copy.log"));
  pay_at("alice", "1");  // 1 and the first 2 are a quorum
  pay_at("bob", "3");    // so are 3 and the second 2
  net.must("chaos heal");
  for (const int node : {1, 3}) {
    INFO(node << " is " << net.state(node));
    CHECK(test::eventually([&] { return net.has_evidence(node); }, std::chrono::seconds(60)));
    CHECK(test::eventually([&] { return net.state(node).starts_with("paused: finality_conflict"); },
                           std::chrono::seconds(60)));
  }
  // Each of them has signed nothing twice; it goes on with its own chain when it is told to.
  const auto unlocked = net.must("authority unlock", {"--node", "1"});
  CHECK(unlocked["unlocked"].size() == 1);
  CHECK_FALSE(net.state(1).starts_with("paused: finality_conflict"));
}
