// A network over real containers: made by `up`, cut off, put back, and gone with the network.
// Needs an incus with the image of scripts/incus_lab.

#include <filesystem>

#include "sites/process.hpp"
#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;

namespace {

constexpr const char* bridge = "10.78.0.1";
constexpr const char* image = "aitbc-lab";

int silently(const std::string& command) {
  return std::system((command + " </dev/null >/dev/null 2>&1").c_str());
}
bool there_is(const std::string& container) { return silently("incus info " + container) == 0; }

#define AITBC_NEEDS_INCUS()                                                           \
  if (silently("incus image info " + std::string(image)) != 0) {                      \
    std::puts("SKIPPED: there is no incus with the image of scripts/incus_lab here"); \
    return;                                                                           \
  }

// A node here, and one in each of two containers that nobody else has.
class ContainedNetwork : public test::Home {
 public:
  ContainedNetwork() { write("network.yaml", yaml("256MiB")); }
  ~ContainedNetwork() {
    static_cast<void>(run({"down", "--purge"}));
    for (const int number : {2, 3}) static_cast<void>(silently("incus delete -f " + box(number)));
  }

  std::string box(int number) const {
    return "aitbc-test-" + std::to_string(::getpid()) + "-" + std::to_string(number);
  }
  std::string yaml(const std::string& memory) const {
    return "network: test-net\nenvironments:\n  here:\n    bind: " + std::string(bridge) +
           "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 8781}\n" + site(2, memory) +
           site(3, memory) + "shared_features:\n  block_interval_seconds: 1\n";
  }
  // What systemd there says, in one word.
  std::string systemd(const std::string& word, int number) const {
    const std::string id = std::to_string(number);
    const std::string said = run({"exec", id, "--", "systemctl", word, unit(number)}).out;
    return said.substr(0, said.find('\n'));
  }
  int sh(int number, const std::string& line) const {
    return run({"exec", std::to_string(number), "--", "sh", "-c", line}).exit;
  }
  static std::string unit(int number) {
    return "aitbc-test-net-" + std::to_string(number) + ".service";
  }
  rpc::Json process(int number) const {
    return must("ps")["nodes"][static_cast<std::size_t>(number - 1)];
  }
  rpc::Json up() const { return must("up", {"-f", file("network.yaml"), "--timeout", "90s"}); }

 private:
  std::string site(int number, const std::string& memory) const {
    const std::string id = std::to_string(number);
    return "  box" + id + ":\n    container: " + box(number) + "\n    image: " + image +
           "\n    container_ip: 10.78.0.2" + id + "\n    limits: {memory: " + memory +
           "}\n    blockchain_nodes:\n      - {id: " + id + ", rpc_port: 8080}\n";
  }
};

}  // namespace

TEST_CASE("one file makes containers, runs one chain over them, and leaves nothing") {
  AITBC_NEEDS_INCUS()
  const ContainedNetwork net;
  const rpc::Json plan = net.must("plan", {"-f", net.file("network.yaml")});
  CHECK(plan["machines"].size() == 2);
  CHECK(plan["changes"] == 5);
  CHECK_FALSE(there_is(net.box(2)));

  CHECK(net.up()["changes"] == 5);
  CHECK(net.must("plan")["changes"] == 0);
  net.must("wallet create", {"alice", "--no-password"});
  net.must("faucet", {"alice", "1000", "--node", "3"});
  net.wait("all: head == same, mempool == 0, state == in_sync");

  // The cable of the third, pulled: the other two are a quorum and go on without it.
  const std::string cable =
      " \"$(incus config get " + net.box(3) + " volatile.eth0.host_name </dev/null)\" ";
  REQUIRE(silently("ip link set" + cable + "down") == 0);
  net.must("faucet", {"alice", "500", "--node", "1"});
  CHECK(net.must("balance", {"alice", "--at", "2"})["balance"] == 1500);
  REQUIRE(silently("ip link set" + cable + "up") == 0);
  net.wait("all: head == same, mempool == 0, state == in_sync");
  CHECK(net.must("balance", {"alice", "--at", "3"})["balance"] == 1500);
  CHECK(net.must("check")["holds"] == true);

  // What somebody did by hand is seen, and undone.
  REQUIRE(silently("incus config set " + net.box(2) + " limits.memory=128MiB") == 0);
  REQUIRE(silently("incus stop -f " + net.box(3)) == 0);
  const rpc::Json drift = net.must("plan");
  REQUIRE(drift["machines"].size() == 2);
  CHECK(drift["machines"][0]["what"] == "memory 128MiB -> 256MiB");
  CHECK(drift["machines"][1]["what"] == "start container " + net.box(3));
  CHECK(net.up()["changes"] == 3);
  CHECK(net.must("plan")["changes"] == 0);

  net.must("down", {"--purge"});
  CHECK_FALSE(there_is(net.box(2)));
  CHECK_FALSE(there_is(net.box(3)));
}

TEST_CASE("nodes in containers are units of systemd: they come back unless they shall not") {
  AITBC_NEEDS_INCUS()
  const ContainedNetwork net;
  net.up();
  for (const int node : {2, 3}) {
    CHECK(net.systemd("is-active", node) == "active");
    CHECK(net.systemd("is-enabled", node) == "enabled");
  }
  CHECK(net.must("plan")["changes"] == 0);
  const std::string logs = net.run({"logs", "2", "-n", "1000"}).out;
  CHECK_THAT(logs, Catch::Contains("Blockchain node started"));

  // A crash, and a machine that restarts.
  const auto first = net.process(2)["pid"];
  REQUIRE(first.is_number());
  CHECK(net.sh(2, "kill -9 " + std::to_string(first.get<int>())) == 0);
  CHECK(test::eventually([&] {
    const rpc::Json now = net.process(2);
    return now["state"] == "running" && now["pid"] != first;
  }));
  REQUIRE(silently("incus restart -f " + net.box(3)) == 0);
  net.wait("all: head == same, state == in_sync");
  CHECK(net.must("plan")["changes"] == 0);

  // Killed on purpose, it is not waited for by systemd; and comes back when it is due.
  net.must("chaos kill", {"2", "--for", "8s"});
  CHECK(net.systemd("is-active", 2) == "inactive");
  CHECK(net.systemd("is-enabled", 2) == "disabled");
  CHECK(net.process(2)["state"] == "stopped");
  net.wait("all: head == same, state == in_sync");
  CHECK(net.systemd("is-enabled", 2) == "enabled");
  net.must("node pause", {"2"});
  CHECK(net.process(2)["state"] == "paused");
  net.must("node resume", {"2"});
  net.must("node stop", {"2"});
  CHECK(net.systemd("is-enabled", 2) == "disabled");
  net.must("node start", {"2"});
  CHECK(net.systemd("is-active", 2) == "active");

  // What somebody did to it by hand is seen, and undone.
  CHECK(net.sh(2, "sed -i s/LimitNOFILE=4096/LimitNOFILE=64/ /etc/systemd/system/" + net.unit(2)) ==
        0);
  const rpc::Json drift = net.must("plan");
  CHECK(drift["changes"] == 1);
  CHECK(drift["steps"][1]["why"] ==
        "unit " + net.unit(2) + ": 'LimitNOFILE=64' -> 'LimitNOFILE=4096'");
  CHECK(net.up()["changes"] == 1);
  CHECK(net.must("plan")["changes"] == 0);

  // From a container that stays, everything goes.
  REQUIRE(silently("incus config unset " + net.box(3) + " user.aitbc.network") == 0);
  net.must("down", {"--purge"});
  REQUIRE(there_is(net.box(3)));
  const std::string in_box = "incus exec " + net.box(3) + " -- sh -c ";
  CHECK(silently(in_box + "'ls -d /etc/systemd/system/*aitbc* /etc/systemd/system/*/*aitbc*'") !=
        0);
  CHECK(silently(in_box + "'systemctl list-units --all | grep aitbc-'") != 0);
}
