// A network over several machines: sites that are reached by ssh, through a real sshd. They are
// this machine, but with homes of their own, so nothing of one is seen by another but over the
// network.

#include <filesystem>

#include "sites/process.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/ssh_server.hpp"

using namespace aitbc;
using test::own_address;

namespace {

// One node here, and two at each of two machines elsewhere.
class FarNetwork : public test::Home {
 public:
  FarNetwork() : sshd(own_address(9)) { write("network.yaml", yaml()); }
  // While there is still a way to its machines.
  ~FarNetwork() { static_cast<void>(run({"down", "--purge"})); }

  std::string yaml() const {
    return "network: test-net\nenvironments:\n  here:\n" + nodes(1, 1) + site("near", 2) +
           site("far", 4) + "shared_features:\n  block_interval_seconds: 1\n";
  }
  std::string home_of(const std::string& site) const { return file("home-" + site); }
  std::string folder_of(const std::string& site) const {
    return home_of(site) + "/networks/test-net";
  }
  rpc::Json up() const { return must("up", {"-f", file("network.yaml")}); }

  // Processes with a path of this test in their command line.
  std::size_t running() const {
    std::size_t count = 0;
    for (const pid_t pid : sites::all_processes()) {
      const auto info = sites::read_process(pid);
      const bool runs = info && info->argv.size() == 5 && info->argv[1] == "node";
      count += runs && info->argv[4].find(file("home")) != std::string::npos ? 1U : 0U;
    }
    return count;
  }

  test::SshServer sshd;

 private:
  static std::string nodes(int first, int count) {
    std::string text = "    bind: " + own_address(1) + "\n    blockchain_nodes:\n";
    for (int id = first; id < first + count; ++id) {
      text +=
          "      - {id: " + std::to_string(id) + ", rpc_port: " + std::to_string(8080 + id) + "}\n";
    }
    return text;
  }
  std::string site(const std::string& name, int first) const {
    // This machine's own systemd, if it has one, is not for tests.
    return "  " + name + ":\n    provider: ssh\n    service: none\n    access: " + sshd.access() +
           "\n    home: " + home_of(name) + "\n    ip: " + own_address(1) + "\n" + nodes(first, 2);
  }
};

#define AITBC_NEEDS_SSHD()                                  \
  if (!test::SshServer::is_installed()) {                   \
    std::puts("SKIPPED: there is no sshd on this machine"); \
    return;                                                 \
  }

}  // namespace

TEST_CASE("one file brings up one chain over machines that are reached by ssh") {
  AITBC_NEEDS_SSHD()
  const FarNetwork net;
  CHECK(net.up()["changes"] == 5);
  CHECK(net.running() == 5);
  CHECK(net.up()["changes"] == 0);
  CHECK(net.must("plan")["changes"] == 0);

  net.must("wallet create", {"alice", "--no-password"});
  CHECK(net.must("faucet", {"alice", "1000", "--node", "5"})["status"] == "included");
  net.wait("all: head == same, mempool == 0, state == in_sync");
  const rpc::Json balances = net.must("balance", {"alice", "--at", "all"});
  CHECK(balances["nodes"].size() == 5);
  CHECK(balances["same"] == true);
  CHECK(net.must("check")["holds"] == true);
  CHECK(net.must("doctor")["healthy"] == true);
  CHECK(net.must("why")["healthy"] == true);

  // What the machines have: their own keys, and nobody else's.
  namespace fs = std::filesystem;
  CHECK(fs::exists(net.folder_of("far") + "/nodes/5/authority.key"));
  CHECK_FALSE(fs::exists(net.file("home") + "/networks/test-net/nodes/5"));
  CHECK_FALSE(fs::exists(net.folder_of("far") + "/nodes/2"));
  const auto key = fs::status(net.folder_of("far") + "/nodes/5/authority.key").permissions();
  CHECK((key & fs::perms::mask) == fs::perms(0600));
  CHECK(test::read_text(net.folder_of("near") + "/genesis.json") ==
        test::read_text(net.file("home") + "/networks/test-net/genesis.json"));

  const test::Answer said = net.run({"exec", "4", "--", "ls"});
  CHECK(said.out.find("authority.key\n") != std::string::npos);
  CHECK(net.must("exec", {"4", "true"})["exit"] == 0);
  CHECK(net.run({"exec", "4", "--", "sh", "-c", "exit 9"}).exit == 9);
  const rpc::Json logs = net.must("logs", {"2", "5", "-n", "1000", "--match", "node_started"});
  CHECK(logs["lines"].size() == 2);

  CHECK(net.must("node pause", {"3"})["node"] == "3");
  CHECK(net.must("ps")["nodes"][2]["state"] == "paused");
  net.must("chaos kill", {"4", "--for", "1s"});
  net.must("node resume", {"3"});
  net.wait("all: head == same, state == in_sync");

  net.must("stop");
  CHECK(net.running() == 0);
  net.up();
  CHECK(net.must("balance", {"alice", "--at", "4"})["balance"] == 1000);
  net.must("down", {"--purge"});
  CHECK(net.running() == 0);
  for (const std::string site : {"near", "far"}) {
    CHECK_FALSE(fs::exists(net.folder_of(site)));
  }
}

TEST_CASE("a machine that cannot be reached is named, and its nodes are still asked") {
  AITBC_NEEDS_SSHD()
  FarNetwork net;
  net.up();
  net.must("stop");
  net.up();
  net.sshd.stop();
  net.run({"exec", "1", "--", "true"});

  const test::Answer status = net.ask("status");
  CHECK(status.exit == 0);  // they run, and say so themselves
  const rpc::Json doctor = net.ask("doctor").json["findings"];
  REQUIRE(doctor.size() == 2);
  CHECK(doctor[0]["code"] == "machine_unreachable");
  CHECK(doctor[0]["nodes"] == rpc::Json::array({"2", "3"}));
  CHECK(doctor[1]["site"] == "far");
  for (const rpc::Json& node : status.json["nodes"]) CHECK(node["state"] == "in_sync");

  for (const char* command : {"stop", "plan"}) {
    const test::Answer refused = net.ask(command);
    CHECK(refused.exit == 3);
    const auto why = refused.json["error"]["detail"].get<std::string>();
    CHECK_THAT(why, Catch::Contains("site near: ") || Catch::Contains("site far: "));
    CHECK_THAT(why, Catch::Contains("Connection refused") || Catch::Contains("closed"));
  }
  // Nothing is forgotten while something may be left there.
  CHECK(net.run({"down", "--purge"}).exit == 3);
  CHECK(std::filesystem::exists(net.file("home") + "/networks/test-net/network.yaml"));
  CHECK(net.running() == 5);
  net.sshd.start();
  net.must("down", {"--purge"});
  CHECK(net.running() == 0);
}

TEST_CASE("up that was killed at any moment is completed by the next one") {
  AITBC_NEEDS_SSHD()
  const FarNetwork net;
  for (const int after : {5, 40, 150, 300, 500, 700, 900, 1'200}) {
    test::Process up({net.program(), "--home", net.file("home"), "up", "-f",
                      net.file("network.yaml"), "--wait", "none"},
                     net.file("log"));
    // No condition: any moment is as good as another.
    static_cast<void>(test::eventually([] { return false; }, std::chrono::milliseconds(after)));
    up.end(SIGKILL);
  }
  net.up();
  CHECK(net.running() == 5);
  CHECK(net.must("plan")["changes"] == 0);
  net.wait("all: head == same, state == in_sync");
}
