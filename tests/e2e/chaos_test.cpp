// Faults on purpose in a network of real processes: they begin, they are shown, and they end by
// themselves, whatever becomes of the command.

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::eventually;
using test::Process;
using test::RunningNetwork;

namespace {

class Network : public RunningNetwork {
 public:
  Network() {
    new_wallet("alice");
    new_wallet("bob");
    must("faucet", {"alice", "10000"});
    wait_until_settled();
  }
  std::vector<std::string> words(std::vector<std::string> command) const {
    command.insert(command.begin(), {program(), "--home", file("home")});
    return command;
  }
  bool has_faults() const { return !must("chaos ls")["faults"].empty(); }
  rpc::Json node(std::size_t number) const { return must_status()["nodes"][number - 1]; }
  std::uint64_t height(std::size_t number) const {
    return node(number)["height"].get<std::uint64_t>();
  }
  std::string process(std::size_t number) const {
    return node(number)["process"].get<std::string>();
  }
  void pay(const std::string& through) const {
    must("send", {"alice", "bob", "1", "--fee", "1", "--node", through, "--wait", "none"});
  }

 private:
  // Its exit code is 1 while a node is not in sync.
  rpc::Json must_status() const { return ask("status").json; }
};

}  // namespace

TEST_CASE("a partition heals by itself, though the command was killed") {
  const Network net;
  const std::uint64_t before = net.height(3);
  {
    Process command(net.words({"chaos", "partition", "1,2", "3", "--for", "8s"}), net.file("log"));
    REQUIRE(eventually([&] { return net.has_faults(); }));
    command.end(SIGKILL);
  }
  const rpc::Json faults = net.must("chaos ls")["faults"];
  REQUIRE(faults.size() == 1);
  CHECK(faults[0]["nodes"] == rpc::Json::array({"1", "2", "3"}));
  net.pay("1");
  net.wait("1: height > " + std::to_string(before));
  CHECK(net.height(2) > before);
  CHECK(net.height(3) == before);
  REQUIRE(eventually([&] { return !net.has_faults(); }));
  net.wait_until_settled();
  CHECK(net.height(3) > before);
}

TEST_CASE("a killed node is started again, and a paused one goes on") {
  const Network net;
  const rpc::Json killed = net.must("chaos kill", {"2", "--for", "1h"});
  net.must("chaos pause", {"3", "--for", "1h"});
  CHECK(net.process(2) == "stopped");
  CHECK(net.process(3) == "paused");
  CHECK(net.ask("chaos kill", {"2", "--for", "2s"}).exit == 4);
  CHECK(net.must("chaos heal")["healed"].size() == 2);

  // By themselves, too.
  net.must("chaos kill", {"2", "--for", "2s"});
  net.must("chaos pause", {"3", "--for", "2s"});
  REQUIRE(eventually([&] {
    return net.process(2) == "running" && net.process(3) == "running" && !net.has_faults();
  }));
  net.wait_until_settled();

  const auto id = net.must("chaos kill", {"2", "--for", "1h"})["id"].get<std::string>();
  CHECK(id != killed["id"]);
  CHECK(net.must("chaos heal", {id})["healed"] == rpc::Json::array({id}));
  CHECK(net.process(2) == "running");
  CHECK(net.must("chaos restart", {"2"})["result"] == "restarted");

  net.must("chaos kill", {"2", "--for", "1s"});
  net.must("stop");
  CHECK(net.must("chaos ls")["faults"].empty());
}

TEST_CASE("a node with a full disk goes on answering, and recovers") {
  const Network net;
  const std::uint64_t before = net.height(1);
  const rpc::Json begun = net.must("chaos disk", {"full", "1", "--for", "60s"});
  const auto refused = net.ask("send", {"alice", "bob", "1", "--fee", "1", "--node", "1"});
  CHECK(refused.exit == 4);
  CHECK(refused.json["error"]["code"] == "disk_full");
  CHECK(net.node(1)["faults"] == rpc::Json::array({begun["id"]}));
  net.pay("2");
  net.wait("2: height > " + std::to_string(before));
  CHECK(net.height(1) == before);
  CHECK(net.node(1)["process"] == "running");
  net.must("chaos restart", {"1"});  // the fault is still there
  CHECK(net.has_faults());
  net.must("chaos heal", {begun["id"].get<std::string>()});
  net.wait_until_settled();
  CHECK(net.height(1) > before);
}

TEST_CASE("a wrong clock is seen by the peers, and is right again afterwards") {
  const Network net;
  net.must("chaos clock", {"2", "--offset", "-3s", "--for", "1h"});
  const auto offset = [&]() -> std::int64_t {
    const rpc::Json status = net.ask("sync status").json;
    for (const rpc::Json& node : status["nodes"]) {
      if (node["node"] != "1") continue;
      for (const rpc::Json& peer : node["peers"]) {
        if (peer["node"] == "2" && peer["clock_offset_ms"].is_number()) {
          return peer["clock_offset_ms"].get<std::int64_t>();
        }
      }
    }
    return 0;
  };
  net.pay("1");
  // A sample of a shorter round trip is kept for a while.
  const auto patience = std::chrono::seconds(2 * limits::clock_sample_time / Duration{1'000});
  CHECK(eventually([&] { return offset() < -2'500; }, patience));
  net.must("chaos heal");
  CHECK_FALSE(net.has_faults());
}

TEST_CASE("a lying peer is counted, and the others go on") {
  const Network net;
  const std::uint64_t before = net.height(2);
  net.must("chaos lie", {"garbage", "1", "--for", "1h"});
  net.must("chaos delay", {"20ms", "--jitter", "5ms", "--for", "1h"});
  net.pay("2");
  net.wait("2: height > " + std::to_string(before));
  CHECK(eventually([&] {
    const rpc::Json status = net.ask("sync status").json;
    for (const rpc::Json& node : status["nodes"]) {
      for (const rpc::Json& peer : node["peers"]) {
        if (peer["node"] == "1" && peer["invalid"] > 0) return true;
      }
    }
    return false;
  }));
  CHECK(net.must("chaos heal")["healed"].size() == 2);
}
