// Who may reach a node: API keys, TLS between nodes and to the command, the audit log.

#include <array>
#include <cstdio>

#include "cli/file.hpp"
#include "rpc/http_socket.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/certificate.hpp"

using namespace aitbc;
using test::Certificate;
using test::Home;
using test::Process;
using test::TempDir;

namespace {

std::string endpoint(int last) { return test::own_address(last) + ":8090"; }

// A chain of one authority, and its nodes by hand.
class Nodes : public Home {
 public:
  Nodes() : served(folder, "served", "IP:" + test::own_address(1) + ",IP:" + test::own_address(2)) {
    must("keygen", {"-o", file("node.key")});
    must("keygen", {"-o", file("rich.key")});
    rich = must("wallet import", {"rich", "--key-file", file("rich.key"), "--password-file",
                                  write("password", "secret words\n")})["address"]
               .get<std::string>();
    must("genesis init",
         {"--authority", file("node.key"), "--devnet", "--slot", "200ms", "--tail-guard", "50ms",
          "--account", rich + "=1000", "-o", file("genesis.json")});
  }
  std::vector<std::string> node(int id, std::vector<std::string> more) const {
    std::vector<std::string> words = {program(),
                                      "node",
                                      "run",
                                      "--node-id",
                                      std::to_string(id),
                                      "--listen",
                                      endpoint(id),
                                      "--genesis",
                                      file("genesis.json"),
                                      "--data",
                                      file("data" + std::to_string(id) + ".db")};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  TempDir folder;
  Certificate served;
  std::string rich;
};

// Two that nobody listens on, at any address.
std::array<std::uint16_t, 2> free_ports() {
  std::array<rpc::Descriptor, 2> held;
  std::array<std::uint16_t, 2> ports{};
  for (std::size_t i = 0; i < held.size(); ++i) {
    held[i] =
        rpc::listen_on("0.0.0.0", 0, std::chrono::steady_clock::now() + Duration{1'000}).value();
    ports[i] = rpc::port_of(held[i]).value();
  }
  return ports;
}

// The status of curl's request, as from behind a proxy that nobody vouches for.
std::string curl(const std::vector<std::string>& more, const std::string& url) {
  std::string command = "curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 192.0.2.1'";
  for (const std::string& word : more) command += " '" + word + "'";
  command += " '" + url + "'";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::array<char, 64> text{};
  const std::size_t count = std::fread(text.data(), 1, text.size() - 1, pipe);
  ::pclose(pipe);
  return {text.data(), count};
}

}  // namespace

TEST_CASE("nodes follow one another over verified TLS, and not over any other") {
  const Nodes home;
  const std::string leader_url = "https://" + endpoint(1);
  Process leader(home.node(1, {"--authority-key", home.file("node.key"), "--tls-certificate",
                               home.served.certificate, "--tls-key", home.served.key}),
                 home.file("log1"));
  REQUIRE(test::eventually([&] { return leader.logged("node_started"); }));
  Process follower(home.node(2, {"--peer", leader_url, "--peer-ca", home.served.certificate}),
                   home.file("log2"));
  Process doubter(home.node(3, {"--peer", leader_url}), home.file("log3"));
  REQUIRE(test::eventually(
      [&] { return follower.logged("node_started") && doubter.logged("node_started"); }));

  home.must("send", {"rich", home.rich, "5", "--password-file", home.file("password"), "--node",
                     leader_url, "--ca-file", home.served.certificate, "--wait", "included"});
  const auto height = [&](const std::string& url, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--node", url});
    const auto head = home.ask("chain head", more);
    return head.exit == 0 ? head.json["height"].get<std::uint64_t>() : 0;
  };
  CHECK(height(leader_url, {"--pin", home.served.fingerprint()}) == 1);
  CHECK(test::eventually([&] { return height("http://" + endpoint(2)) == 1; }));
  CHECK(height("http://" + endpoint(3)) == 0);

  const auto unverified = home.ask("chain head", {"--node", leader_url});
  CHECK(unverified.exit == 3);
  CHECK(unverified.talk.find("self-signed certificate") != std::string::npos);
  const auto plain = home.ask("chain head", {"--node", "http://" + endpoint(1)});
  CHECK(plain.exit == 3);
  for (Process* each : {&leader, &follower, &doubter}) CHECK(each->end(SIGTERM) == 0);
}

TEST_CASE("a key opens what its scope says, until it is revoked") {
  const Nodes home;
  const std::string keys = home.file("keys.json");
  const std::string key =
      home.must("key create", {"exchange", "--scope", "submit", "--keys", keys})["key"]
          .get<std::string>();
  home.must("key create",
            {"owner", "--scope", "admin", "--keys", keys, "-o", home.file("own.key")});
  CHECK(home.ask("key create", {"owner", "--keys", keys}).exit != 0);
  CHECK(home.must("key list", {"--keys", keys})["keys"].size() == 2);

  const std::string url = "http://" + endpoint(1);
  const std::string faucet = url + "/rpc/faucet";
  const std::vector<std::string> body = {"-H", "Content-Type: application/json", "-d", "{}"};
  const auto with_key = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"-H", "X-Api-Key: " + key});
    return more;
  };
  {
    Process node(home.node(1, {"--api-keys", keys}), home.file("log"));
    REQUIRE(test::eventually([&] { return node.logged("node_started"); }));
    CHECK(curl({}, url + "/rpc/head") == "401");
    CHECK(curl(with_key({}), url + "/rpc/head") == "200");
    CHECK(curl({"-H", "Authorization: Bearer " + key}, url + "/rpc/head") == "200");
    CHECK(curl({"-H", "Authorization: Basic " + key}, url + "/rpc/head") == "401");
    CHECK(curl(with_key(body), faucet) == "403");
    CHECK(curl({"-H", "X-Api-Key: " + key + "0"}, url + "/rpc/head") == "401");
    CHECK(home.ask("chain head", {"--node", url}).exit == 0);
    CHECK(node.end(SIGTERM) == 0);
  }
  const std::string audit = home.file("data1.db.audit");
  const std::string text = cli::read_file(audit, 100'000).value();
  CHECK(text.find(R"("action":"POST /rpc/faucet","user_id":"exchange")") != std::string::npos);
  CHECK(text.find(key) == std::string::npos);

  home.must("key revoke", {"exchange", "--keys", keys});
  CHECK(home.ask("key revoke", {"exchange", "--keys", keys}).exit != 0);
  Process node(home.node(1, {"--api-keys", keys, "--everybody", "read"}), home.file("log"));
  REQUIRE(test::eventually([&] { return curl({}, url + "/rpc/head") == "200"; }));
  CHECK(curl(with_key({}), url + "/rpc/head") == "401");
  CHECK(curl(body, faucet) == "401");
  CHECK(node.end(SIGTERM) == 0);
}

TEST_CASE("a network that can be reached from elsewhere comes up with a key of its own") {
  const Home home;
  std::string text =
      "network: open-net\nenvironments:\n  a:\n    bind: 0.0.0.0\n    blockchain_nodes:\n";
  const std::array<std::uint16_t, 2> ports = free_ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    text +=
        "      - {id: " + std::to_string(i + 1) + ", rpc_port: " + std::to_string(ports[i]) + "}\n";
  }
  home.write("network.yaml", text);
  home.must("up", {"-f", home.file("network.yaml")});
  const std::string url = "http://127.0.0.1:" + std::to_string(ports[0]);
  CHECK(curl({}, url + "/rpc/head") == "401");
  const std::string key =
      cli::read_file(home.file("home/networks/open-net/api.key"), 1'000).value();
  CHECK(curl({"-H", "X-Api-Key: " + key.substr(0, key.find('\n'))}, url + "/rpc/head") == "200");
  CHECK(home.must("up", {"-f", home.file("network.yaml")})["changes"] == 0);
  home.must("down", {"--purge"});
}
