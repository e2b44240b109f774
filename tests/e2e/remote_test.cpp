// A network over several machines: sites that are reached by ssh, through a real sshd. They are
// this machine, but with homes of their own, so nothing of one is seen by another but over the
// network.

#include <filesystem>
#include <memory>

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

  // The code of its error; none if it came up.
  std::string up_is_refused_with() const {
    const test::Answer answer = ask("up", {"-f", file("network.yaml")});
    return answer.exit == 0 ? "" : answer.json["error"]["code"].get<std::string>();
  }

  // Nodes with a path of this test in their command line.
  std::vector<pid_t> processes() const {
    std::vector<pid_t> found;
    for (const pid_t pid : sites::all_processes()) {
      const auto info = sites::read_process(pid);
      const bool runs = info && info->argv.size() == 5 && info->argv[1] == "node";
      if (runs && info->argv[4].find(file("home")) != std::string::npos) found.push_back(pid);
    }
    return found;
  }
  std::size_t running() const { return processes().size(); }

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
  // What the last one had locked is free as soon as the far ends have seen that it is gone.
  const auto free = [&] { return net.up_is_refused_with() != "in_use"; };
  CHECK(test::eventually(free));
  net.up();
  CHECK(net.running() == 5);
  CHECK(net.must("plan")["changes"] == 0);
  net.wait("all: head == same, state == in_sync");
}

TEST_CASE("a network on other machines is changed by one command at a time, from wherever") {
  AITBC_NEEDS_SSHD()
  const FarNetwork net;
  const test::Home elsewhere;
  const auto begin = [&] {
    auto up = std::make_unique<test::Process>(
        std::vector<std::string>{net.program(), "--home", net.file("home"), "up", "-f",
                                 net.file("network.yaml")},
        net.file("log"));
    const std::string holder = " for process " + std::to_string(up->pid()) + " of ";
    REQUIRE(test::eventually([&] {
      const auto text = test::read_text(net.home_of("far") + "/networks/.lock.test-net");
      return text.find(holder) != std::string::npos;
    }));
    ::kill(up->pid(), SIGSTOP);
    return up;
  };
  const auto answer = [&] { return elsewhere.ask("up", {"-f", net.file("network.yaml")}); };

  auto up = begin();
  const test::Answer refused = answer();
  CHECK(refused.json["error"]["code"] == "in_use");
  CHECK_THAT(refused.json["error"]["detail"].get<std::string>(),
             Catch::StartsWith("site ") &&
                 Catch::Contains(" for process " + std::to_string(up->pid()) + " of ") &&
                 Catch::Contains(", since 20") && Catch::Contains("try again"));
  ::kill(up->pid(), SIGCONT);
  CHECK(up->wait() == 0);
  CHECK(net.running() == 5);

  // Whoever is killed has nothing locked any more.
  net.must("stop");
  up = begin();
  CHECK(net.run({"ps"}).exit == 0);  // who only looks is not kept out
  up->end(SIGKILL);
  CHECK(test::eventually([&] { return answer().json["error"]["code"] != "in_use"; }));
  net.up();
  CHECK(net.running() == 5);
  net.must("down", {"--purge"});
  CHECK_FALSE(std::filesystem::exists(net.home_of("far") + "/networks/.lock.test-net"));
}

TEST_CASE("a machine that is gone for good is given up, and the others go on") {
  AITBC_NEEDS_SSHD()
  const FarNetwork net;
  test::SshServer lost(own_address(8));
  std::string whole = net.yaml();
  const std::string access = net.sshd.access();
  whole.replace(whole.rfind(access), access.size(), lost.access());
  net.write("network.yaml", whole);
  net.up();
  lost.stop();
  net.run({"exec", "4", "--", "true"});  // sees that its connection is gone

  const std::string features = "shared_features:";
  const std::string without = net.write(
      "without.yaml", whole.substr(0, whole.find("  far:")) + whole.substr(whole.find(features)));
  CHECK(net.ask("up", {"-f", without}).exit == 3);
  CHECK(net.ask("up", {"-f", without, "--give-up", "near"}).exit == 1);  // it answers
  const rpc::Json up = net.must("up", {"-f", without, "--give-up", "far"});
  REQUIRE(up["given_up"].size() == 1);
  CHECK(up["given_up"][0]["site"] == "far");
  CHECK(up["given_up"][0]["keys"] == rpc::Json::array({"4", "5"}));
  CHECK(up["given_up"][0]["folder"] == net.folder_of("far"));
  CHECK(net.must("up", {"-f", without})["changes"] == 0);
  net.must("wallet create", {"alice", "--no-password"});
  CHECK(net.must("faucet", {"alice", "1000", "--node", "2"})["status"] == "included");

  // It came back: with the file that had it, all is as it was.
  lost.start();
  net.up();
  net.wait("all: head == same, mempool == 0, state == in_sync");
  lost.stop();
  net.run({"exec", "4", "--", "true"});
  CHECK(net.ask("down", {"--purge"}).exit == 3);
  const rpc::Json down = net.must("down", {"--purge", "--give-up", "far"});
  CHECK(down["given_up"][0]["nodes"] == rpc::Json::array({"4", "5"}));
  CHECK(net.running() == 2);
  for (const pid_t pid : net.processes()) ::kill(pid, SIGKILL);
}
