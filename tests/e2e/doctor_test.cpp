// Real things broken one at a time: each is told by its own code, and the command that is told as
// its cure is pasted into a shell and cures it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::eventually;
using test::own_address;
using test::Process;
using test::RunningNetwork;

namespace {

namespace fs = std::filesystem;

// "CODE NODES" of each finding, and "<N" after what follows from the Nth.
std::string said(const rpc::Json& answer) {
  std::string text;
  for (const rpc::Json& each : answer["findings"]) {
    text += (text.empty() ? "" : " | ") + each["code"].get<std::string>();
    for (const rpc::Json& node : each["nodes"]) text += " " + node.get<std::string>();
    if (!each["follows_from"].is_null()) {
      text += " <" + std::to_string(each["follows_from"].get<std::size_t>() + 1);
    }
  }
  return text;
}

class Patient : public RunningNetwork {
 public:
  explicit Patient(const test::Shape& shape = {}) : RunningNetwork(shape) {
    new_wallet("alice");
    new_wallet("bob");
    must("faucet", {"alice", "10000"});
    wait_until_settled();
  }

  std::string why() {
    const test::Answer answer = ask("why");
    last_ = answer.json;
    CHECK(answer.exit == (last_["findings"].empty() ? 0 : 1));
    CHECK(last_["healthy"] == last_["findings"].empty());
    return said(last_);
  }
  // What nodes last heard of each other passes with their next polls.
  std::string why_once_passed() {
    std::string told;
    eventually([&] {
      told = why();
      return told.empty();
    });
    return told;
  }
  std::string cause(std::size_t finding = 0) const {
    return last_["findings"][finding]["cause"].get<std::string>();
  }
  // As somebody does who believes what he reads.
  void paste_cure(std::size_t finding = 0) const {
    const auto cure = last_["findings"][finding]["cure"].get<std::string>();
    const std::string command = cure.substr(cure.rfind(": aitbc ") + 2);
    const std::string setting = "PATH=" + fs::path(program()).parent_path().string() +
                                ":$PATH; AITBC_HOME=" + file("home") +
                                "; export PATH AITBC_HOME; cd " + file("") + "; ";
    INFO(cure);
    sites::SystemClock clock;
    const auto output =
        sites::run({.argv = {"sh", "-c", setting + command}, .timeout = Duration{60'000}}, clock);
    REQUIRE(output.has_value());
    INFO(output->out << output->err);
    CHECK(output->exit_code == 0);
  }
  void pay(const std::string& through) const {
    must("send", {"alice", "bob", "1", "--fee", "1", "--node", through, "--wait", "none"});
  }
  std::string folder_of(int node) const { return folder() + "/nodes/" + std::to_string(node); }

 private:
  rpc::Json last_;
};

class Listener {
 public:
  Listener(const std::string& address, std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    REQUIRE(::inet_pton(AF_INET, address.c_str(), &place.sin_addr) == 1);
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&place), sizeof(place)) == 0);
    REQUIRE(::listen(socket_.get(), 1) == 0);
  }

 private:
  sites::Descriptor socket_;
};

// Every page but the first one.
void damage(const std::string& database) {
  constexpr std::streamoff page = 4'096;
  const auto size = static_cast<std::streamoff>(fs::file_size(database));
  REQUIRE(size > page);
  std::fstream out(database, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(page);
  out << std::string(static_cast<std::size_t>(size - page), '\xff');
}

}  // namespace

TEST_CASE("each fault of a node has its code, and its cure cures it") {
  Patient net;
  CHECK(net.why().empty());
  CHECK(net.must("doctor")["healthy"] == true);

  net.must("node kill", {"3"});
  CHECK(net.why() == "node_killed 3");
  net.paste_cure();
  net.must("node pause", {"3"});
  CHECK(net.why() == "node_paused 3");
  net.paste_cure();
  CHECK(net.why().empty());

  net.must("node stop", {"3"});
  CHECK(net.why() == "node_stopped 3");
  {
    const Listener other(own_address(3), 8082);
    CHECK(net.ask("node start", {"3"}).exit == 3);
    CHECK(net.why() == "port_taken 3");
    CHECK_THAT(net.cause(), Catch::StartsWith("e2e_doctor (pid "));
  }
  CHECK(net.why() == "node_failed 3");
  net.paste_cure();
  net.wait_until_settled();

  net.must("node stop", {"3"});
  damage(net.database(3));
  CHECK(net.ask("node start", {"3"}).exit == 3);
  CHECK(net.why() == "database_damaged 3");
  net.paste_cure();
  net.wait_until_settled();
  CHECK(fs::exists(net.database(3) + ".bad"));

  net.must("node stop", {"3"});
  std::string config = test::read_text(net.folder_of(3) + "/config.json");
  std::string genesis = test::read_text(net.folder() + "/genesis.json");
  const std::string depth = "\"depth_max\":32";
  genesis.replace(genesis.find(depth), depth.size(), "\"depth_max\":33");
  const std::string given = net.folder() + "/genesis.json";
  config.replace(config.find(given), given.size(), net.write("other.json", genesis));
  std::ofstream(net.folder_of(3) + "/config.json") << config;
  CHECK(net.ask("node start", {"3"}).exit == 3);
  CHECK(net.why() == "wrong_genesis 3");
  net.paste_cure();
  net.wait_until_settled();

  // The same program as another file: for all that is known, another build.
  fs::create_directory(net.file("old"));
  fs::copy_file(net.program(), net.file("old/aitbc"));
  sites::SystemClock clock;
  const auto restarted = sites::run(
      {.argv = {net.file("old/aitbc"), "--home", net.file("home"), "node", "restart", "3"},
       .timeout = Duration{60'000}},
      clock);
  REQUIRE((restarted && restarted->exit_code == 0));
  CHECK(net.why() == "old_program 3");
  net.paste_cure();
  CHECK(net.why().empty());
}

TEST_CASE("what became of a network is told from its cause on") {
  Patient net;
  net.must("node kill", {"2"});
  net.must("node kill", {"3"});
  std::string told;
  // It may still seal one block, as the last one was not its own.
  CHECK(eventually([&] {
    net.pay("1");
    told = net.why();
    return told == "node_killed 2 | node_killed 3 | no_quorum 2 3 <1 | stalled 1 <3";
  }));
  INFO(told);
  net.must("up");
  net.wait_until_settled();

  const std::string id =
      net.must("chaos partition", {"1,2", "3", "--for", "1h"})["id"].get<std::string>();
  const rpc::Json before = net.must("chain head", {"--node", "1"})["height"];
  net.pay("1");
  net.wait("1: height > " + rpc::dump(before));
  CHECK(eventually([&] {
    told = net.why();
    return told.find("behind 3 <1") != std::string::npos;
  }));
  CHECK_THAT(told, Catch::StartsWith("fault_on_purpose 1 2 3"));
  CHECK_THAT(net.cause(), Catch::Contains("chaos is at work"));
  net.paste_cure();
  net.wait_until_settled();
  CHECK(net.why_once_passed() == "");

  // A node that has the wrong time from its start on.
  net.must("node stop", {"3"});
  net.must("chaos clock", {"3", "--offset", "3s", "--for", "1h"});
  net.must("node start", {"3"});
  CHECK(eventually([&] {
    told = net.why();
    return told == "fault_on_purpose 3 | clock_off 3 <1";
  }));
  net.must("chaos heal");
  net.must("node restart", {"3"});
  net.wait_until_settled();

  const auto next = net.must("balance", {"alice"})["nonce"].get<std::uint64_t>();
  net.must("send", {"alice", "bob", "1", "--fee", "1", "--nonce", std::to_string(next + 1),
                    "--wait", "none"});
  told = net.why();
  CHECK_THAT(told, Catch::StartsWith("tx_stuck "));
  CHECK(told.find('|') == std::string::npos);
  CHECK_THAT(net.cause(), Catch::Contains("next " + std::to_string(next)));
  net.must("send", {"alice", "bob", "1", "--fee", "1", "--nonce", std::to_string(next)});
  net.wait_until_settled();
  CHECK(net.why_once_passed() == "");
}

TEST_CASE("a key that a copied folder runs is told of by name") {
  Patient net({.nodes = 4,
               .features = "  cross_site_sync_interval: 1\n",
               .genesis = "  faucet_balance: 1000000\n"});
  net.must("node stop", {"4"});
  net.must("node stop", {"3"});
  fs::copy(net.folder_of(3), net.file("copy"), fs::copy_options::recursive);
  // At node 4's address, so that the others ask it.
  Process copy({net.program(), "node", "run", "--config", net.file("copy/config.json"), "--node-id",
                "copy", "--listen", own_address(4) + ":8082", "--data", net.file("copy/chain.db"),
                "--authority-key", net.file("copy/authority.key")},
               net.file("copy.log"));
  REQUIRE(eventually([&] { return copy.logged("\"event\":\"signing\""); }));
  CHECK(net.ask("node start", {"3", "--timeout", "1s"}).exit == 3);
  std::string told;
  CHECK(eventually([&] {
    told = net.why();
    return told.find("key_in_use_twice 3") != std::string::npos;
  }));
  CHECK(told == "port_taken 4 | node_stopped 4 | key_in_use_twice 3 | no_quorum 3 4 <1");
  CHECK(copy.end(SIGTERM) == 0);
}

TEST_CASE("doctor finds before up what a machine lacks") {
  const test::Home home;
  const auto doctor = [&](const std::string& yaml) {
    const test::Answer answer = home.ask("doctor", {"-f", home.write("network.yaml", yaml)});
    CHECK(answer.exit == (answer.json["findings"].empty() ? 0 : 1));
    return answer.json;
  };
  const std::string begin = "network: test-net\nenvironments:\n  here:\n    bind: ";
  const std::string node = "\n    blockchain_nodes: [{id: 1, rpc_port: 8082}]\n";
  CHECK(said(doctor(begin + own_address(1) + node)).empty());
  CHECK(said(doctor(begin + "192.0.2.1" + node)) == "address_missing 1");
  const std::string far = "  far:\n    provider: ssh\n    access: ssh -p 1 " + own_address(2) +
                          "\n    ip: " + own_address(2) +
                          "\n    blockchain_nodes: [{id: 2, rpc_port: 8082}]\n";
  const rpc::Json closed = doctor(begin + own_address(1) + node + far);
  CHECK(said(closed) == "machine_unreachable 2");
  CHECK(closed["findings"][0]["site"] == "far");
  const Listener other(own_address(1), 8082);
  const rpc::Json taken = doctor(begin + own_address(1) + node);
  CHECK(said(taken) == "port_taken 1");
  CHECK(taken["findings"][0]["about"] == own_address(1) + ":8082");
  const rpc::Json facts = home.must("host facts", {"--port", own_address(1) + ",8082"});
  CHECK(facts["ports"][0]["state"] == "taken");
  CHECK(home.run({"host", "facts", "--port", "8082"}).exit == 2);
}
