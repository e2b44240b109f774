#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "sites/manifest.hpp"

using namespace aitbc;
using namespace aitbc::sites;

namespace {

std::string read(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One site with these lines under it, from line 4 on.
std::string with_nodes(const std::string& nodes) {
  return "network: n\nenvironments:\n  a:\n    blockchain_nodes:\n" + nodes;
}

std::string with_features(const std::string& features) {
  return "environments: {a: {blockchain_nodes: [{id: 1, rpc_port: 8082}]}}\nshared_features:\n" +
         features;
}

std::string with_genesis(const std::string& genesis) {
  return "environments: {a: {blockchain_nodes: [{id: 1, rpc_port: 8082}]}}\ngenesis:\n" + genesis;
}

struct Case {
  std::string yaml, error;
};

void check_refused(const std::vector<Case>& cases) {
  for (const Case& each : cases) {
    INFO(each.yaml);
    const auto manifest = parse_manifest(each.yaml, "f");
    REQUIRE_FALSE(manifest);
    CHECK(manifest.error().code == Errc::bad_manifest);
    CHECK_THAT(manifest.error().detail, Catch::Contains(each.error));
    CHECK_THAT(manifest.error().detail, Catch::StartsWith("f:"));
  }
}

}  // namespace

TEST_CASE("the default network is the predecessor's three nodes on this machine") {
  const auto text = network_template("default");
  REQUIRE(text);
  const auto manifest = parse_manifest(*text, "default.yaml");
  REQUIRE(manifest);
  CHECK(manifest->network == "ait-devnet");
  CHECK(manifest->chain_id() == "ait-devnet");
  REQUIRE(manifest->sites.size() == 2);
  CHECK(manifest->sites[0].name == "site_a_localhost");
  CHECK(manifest->sites[1].name == "site_c_ns3_container");
  for (const auto& site : manifest->sites) CHECK(site.provider == ProviderKind::process);
  CHECK(manifest->find("1")->url() == "http://127.0.0.1:8082");
  CHECK(manifest->find("2")->url() == "http://127.0.0.1:8081");
  CHECK(manifest->find("3")->url() == "http://127.0.0.3:8082");
  CHECK(manifest->authority_count() == 3);
  CHECK(manifest->features.block_interval == Duration{2'000});
  CHECK(manifest->features.tail_guard == Duration{500});
  CHECK(manifest->features.sync_interval == Duration{10'000});
  CHECK(manifest->chain.devnet);
  CHECK(manifest->chain.faucet_balance.units() == 1'000'000'000'000);
  CHECK(manifest->chain.minting.mint_per_unit.units() == 1'000);
  CHECK(manifest->chain.minting.coordinator_ppm == 50'000);
  CHECK(manifest->chain.minting.reserve.units() == 1'000'000'000'000);
  CHECK(manifest->chain.makes_coordinator());
  CHECK(manifest->unused.empty());
}

TEST_CASE("the predecessor's own block loads as it stands") {
  const auto manifest = parse_manifest(read("tests/golden/predecessor.yaml"), "predecessor.yaml");
  if (!manifest) FAIL(manifest.error().detail);
  CHECK(manifest->network == "ait-devnet");
  REQUIRE(manifest->sites.size() == 3);
  CHECK(manifest->sites[0].provider == ProviderKind::ssh);
  CHECK(manifest->sites[1].provider == ProviderKind::ssh);
  CHECK(manifest->sites[1].nodes.empty());
  CHECK(manifest->sites[2].provider == ProviderKind::incus);
  CHECK(manifest->sites[2].access == "ssh ns3-root \u2192 incus shell aitbc");
  CHECK(manifest->find("1")->url() == "http://10.1.223.93:8082");
  CHECK(manifest->find("2")->url() == "http://10.1.223.93:8081");
  CHECK(manifest->find("3")->url() == "http://192.168.100.10:8082");
  CHECK(manifest->features.sync);
  CHECK(manifest->unused ==
        std::vector<std::string>{"rpc_mempool_polling", "p2p_connected", "p2p_port", "bridge"});
}

TEST_CASE("every built-in network file loads") {
  for (const auto name : network_templates()) {
    INFO(name);
    const auto text = network_template(name);
    REQUIRE(text);
    const auto manifest = parse_manifest(*text, name);
    if (!manifest) FAIL(manifest.error().detail);
    CHECK(manifest->text == *text);
    CHECK(manifest->authority_count() == 3);
  }
  CHECK_FALSE(network_template("nosuch"));
}

TEST_CASE("what is not a network file at all is refused with its place") {
  check_refused({
      {"", "f:1:1: expected a mapping, got nothing"},
      {"- 1\n", "f:1:1: expected a mapping, got a list"},
      {"a: [1\n", "f:2:1: expected YAML"},
      {"a: *b\n", "f:1:4: expected YAML"},
      {"network: a\n---\nnetwork: b\n", "expected one YAML document"},
      {",", "expected one YAML document"},  // which the library reads for ever
      {"network: a\n", "f:1:1: expected the key environments, which is missing"},
      {"network: A b\nenvironments: {}\n", "f:1:10: network: expected 1 to 64 of a-z"},
      {"network: ../x\nenvironments: {}\n", "f:1:10: network: expected 1 to 64 of a-z"},
      {"network: .x\nenvironments: {}\n", "f:1:10: network: expected 1 to 64 of a-z"},
      {"environments: {}\n", "f:1:15: environments: expected at least one active node"},
      {"environments:\n  a:\n", "f:2:3: environments.a: expected a mapping, got nothing"},
      {"netwrok: a\n", "f:1:1: netwrok: expected one of the keys network, environments"},
      {"network: a\nnetwork: b\n", "f:2:1: network: this key is given twice"},
  });
}

TEST_CASE("nodes are read strictly, and errors say where and what") {
  const std::string ok = "      - {id: 1, rpc_port: 8082}\n";
  check_refused({
      {with_nodes("      - {id: 1, rpc_port: 0}\n"),
       "f:5:27: environments.a.blockchain_nodes[0].rpc_port: expected an integer from 1 to 65535, "
       "got '0'"},
      {with_nodes(ok + "      - {id: 2, rpc_port: 65536}\n"),
       "f:6:27: environments.a.blockchain_nodes[1].rpc_port: expected an integer from 1 to 65535, "
       "got '65536'"},
      {with_nodes("      - {id: 1, rpc_port: \"8082\"}\n"), "expected an integer from 1"},
      {with_nodes("      - {id: 1, rpc_port: 8082.0}\n"), "got '8082.0'"},
      {with_nodes("      - {id: 1, rpc_port: 08082}\n"), "got '08082'"},
      {with_nodes("      - {id: 1, rpc_port: -1}\n"), "got '-1'"},
      {with_nodes("      - {id: 1, rpc_port: [1]}\n"), "got a list"},
      {with_nodes("      - {id: 1, rpc_port: }\n"), "got nothing"},
      {with_nodes("      - {id: 1}\n"),
       "f:5:9: environments.a.blockchain_nodes[0]: expected the "
       "key rpc_port, which is missing"},
      {with_nodes("      - {rpc_port: 8082}\n"), "expected the key id, which is missing"},
      {with_nodes("      - {id: all, rpc_port: 8082}\n"),
       "f:5:14: environments.a.blockchain_nodes"
       "[0].id: expected 1 to 32"},
      {with_nodes("      - {id: a/b, rpc_port: 8082}\n"), "got 'a/b'"},
      {with_nodes("      - {id: .., rpc_port: 8082}\n"), "got '..'"},
      {with_nodes("      - {id: 1, rpc_prt: 8082}\n"),
       "f:5:17: environments.a.blockchain_nodes[0].rpc_prt: expected one of the keys id, rpc_port"},
      {with_nodes("      - {id: 1, rpc_port: 1, rpc_port: 2}\n"),
       "f:5:30: environments.a.blockchain_nodes[0].rpc_port: this key is given twice"},
      {with_nodes(ok + "      - {id: 1, rpc_port: 8081}\n"),
       "f:6:14: environments.a.blockchain_nodes[1].id: expected an id that no other node has, got "
       "'1', the node of line 5"},
      {with_nodes(ok + "      - {id: 2, rpc_port: 8082}\n"),
       "f:6:27: environments.a.blockchain_nodes[1].rpc_port: expected an address that no other "
       "node has, got 127.0.0.1 port 8082 again, that of node 1"},
      {with_nodes(ok + "      - {id: 2, rpc_port: 8082, bind: 0.0.0.0}\n"), "that of node 1"},
      {with_nodes("      - {id: 2, rpc_port: 8082, bind: 0.0.0.0}\n" +
                  std::string("      - {id: 1, rpc_port: 8082, bind: 127.0.0.9}\n")),
       "that of node 2"},
      {with_nodes("      - {id: 1, rpc_port: 8082, bind: localhost}\n"),
       "expected a numeric IP address, got 'localhost'"},
  });
}

TEST_CASE("every other value is read strictly, too") {
  check_refused({
      {with_nodes("      - {id: 1, rpc_port: 8082, status: planned}\n"),
       "expected active or inactive, got 'planned'"},
      {with_nodes("      - {id: 1, rpc_port: 8082, status: inactive}\n"),
       "expected at least one active node"},
      {with_nodes("      - {id: 1, rpc_port: 8082, authority: no}\n"),
       "expected true or false, got 'no'"},
      {with_nodes("      - {id: 1, rpc_port: 8082, authority: false}\n"),
       "that is an authority, got none"},
      {"environments: {a: {ip: 10.0.0.256}}\n", "environments.a.ip: expected a numeric IP address"},
      {"environments: {a: {provider: docker}}\n", "expected process or ssh or incus"},
      {"environments: {a: {service: none}}\n", "expected provider ssh or incus: nodes of this"},
      {"environments: {a: {provider: ssh, service: launchd}}\n", "expected systemd or none"},
      {"environments: {a: {provider: ssh, blockchain_nodes: [{id: 1, rpc_port: 1}]}}\n",
       "expected an ip or container_ip of site a"},
      {with_features("  consensus: PoW\n"), "f:3:14: shared_features.consensus: expected PoA"},
      {with_features("  block_interval_seconds: 0\n"), "expected an integer from 1 to 600"},
      {with_features("  block_interval_seconds: 601\n"), "expected an integer from 1 to 600"},
      {with_features("  tail_guard_ms: 2000\n"), "expected an integer from 0 to 1999"},
      {with_features("  transaction_dependent_blocks: false\n"),
       "f:3:33: shared_features.transaction_dependent_blocks: expected true, got false: blocks "
       "without transactions are not supported"},
      {with_features("  cross_site_sync_interval: 0\n"), "expected an integer from 1 to 3600"},
      {with_features("  log_level: loud\n"), "expected debug or info or warn or error"},
      {with_genesis("  devnet: false\n  faucet_balance: 5\n"), "only a devnet has a faucet"},
      {with_genesis("  accounts: [{address: aitbc1x, balance: 1}]\n"),
       "f:3:24: genesis.accounts[0].address: address:"},
      {with_genesis("  fee_min: 9007199254740992\n"), "genesis.fee_min: expected an integer"},
      {with_genesis("  receipts: {ratio: 1}\n"), "genesis.receipts"},
      {with_genesis("  receipts: {coordinator_ratio: 1.1}\n"), "a number from 0 to 1"},
      {with_genesis("  receipts: {coordinator_ratio: 0.0000001}\n"), "at most six decimals"},
      {with_genesis("  receipts: {coordinators: [ab]}\n"), "a key of 64 hexadecimal digits"},
      {with_genesis("  receipts: {mint_per_unit: 0}\n"), "mint_per_unit: expected 1 or more"},
      {with_genesis("  receipts: {reserve: 0, coordinators: [" + std::string(64, 'a') + "]}\n"),
       "expected a reserve of 1 or more"},
      {with_genesis("  devnet: false\n  receipts: {reserve: 5}\n"), "expected coordinators"},
      {with_genesis("  receipts: {reserve: 9007199254740991}\n"), "and the reserve"},
  });
}

TEST_CASE("what a network file may say beside the predecessor's keys") {
  const std::string address = to_text(Address{});
  const auto manifest = parse_manifest(R"(
network: mine
environments:
  a:
    bind: 127.0.0.9
    blockchain_nodes:
      - {id: a1, rpc_port: 1}
      - {id: a2, rpc_port: 1, bind: "::1", authority: false}
      - {id: a3, rpc_port: 1, status: inactive}
  b: {bind: 0.0.0.0, blockchain_nodes: [{id: b1, rpc_port: 2}]}
shared_features:
  block_interval_seconds: 4
  cross_site_sync: false
  cross_site_sync_interval: 3
  poll_only: true
  log_level: debug
genesis: {chain_id: other, fee_min: 7, faucet_balance: 9, accounts: [{address: )" +
                                           address + R"(, balance: 5}]}
deployment: {localhost: {blockchain_nodes: 2, last_updated: 2026-01-28}}
)",
                                       "f");
  if (!manifest) FAIL(manifest.error().detail);
  CHECK(manifest->chain_id() == "other");
  CHECK(manifest->find("a1")->url() == "http://127.0.0.9:1");
  CHECK(manifest->find("a2")->url() == "http://[::1]:1");
  CHECK_FALSE(manifest->find("a2")->authority);
  CHECK(manifest->find("a3") == nullptr);
  CHECK(manifest->inactive == std::vector<std::string>{"a3"});
  CHECK(manifest->find("b1")->bind == "0.0.0.0");
  CHECK(manifest->find("b1")->url() == "http://127.0.0.1:2");
  CHECK(manifest->site_of("b1")->name == "b");
  CHECK(manifest->features.tail_guard == Duration{1'000});
  CHECK_FALSE(manifest->features.sync);
  CHECK(manifest->features.poll_only);
  CHECK(manifest->features.sync_interval == Duration{3'000});
  CHECK(manifest->features.log_level == "debug");
  CHECK(manifest->chain.fee_min.units() == 7);
  REQUIRE(manifest->chain.accounts.size() == 1);
  CHECK(manifest->unused == std::vector<std::string>{"deployment"});
}

TEST_CASE("a network file cannot exhaust the reader") {
  std::string laughs = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'j'; ++c) {
    const std::string before(1, static_cast<char>(c - 1));
    laughs += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) laughs += "*" + before + ",";
    laughs += "]\n";
  }
  CHECK_THAT(parse_manifest(laughs, "f").error().detail, Catch::Contains("it holds more"));
  const std::string deep(200, '[');
  CHECK_FALSE(parse_manifest("a: " + deep + std::string(200, ']'), "f"));
  CHECK_FALSE(parse_manifest("a: " + std::string(100'000, '['), "f"));
  CHECK_THAT(parse_manifest(std::string(2'000'000, ' '), "f").error().detail,
             Catch::Contains("more than"));
}

TEST_CASE("a balance cannot exceed the largest supply together with the faucet's") {
  const std::string account = "{address: " + to_text(Address{}) + ", balance: 9007199254740991}";
  const auto manifest = parse_manifest(with_genesis("  accounts: [" + account + "]\n"), "f");
  REQUIRE_FALSE(manifest);
  CHECK_THAT(manifest.error().detail, Catch::Contains("add up to at most"));
}

TEST_CASE("receipts are what the file says, and none where there is no reserve") {
  const std::string key(64, 'a');
  const auto given = parse_manifest(
      with_genesis("  devnet: false\n  receipts: {mint_per_unit: 7, coordinator_ratio: 0.125, "
                   "reserve: 9, coordinators: [" +
                   key + "]}\n"),
      "f");
  REQUIRE(given);
  CHECK(given->chain.minting == Minting{Amount::from(7).value(),
                                        125'000,
                                        Amount::from(9).value(),
                                        {PublicKey::parse(key).value()}});
  CHECK_FALSE(given->chain.makes_coordinator());
  const auto none = parse_manifest(with_genesis("  receipts: {reserve: 0}\n"), "f");
  REQUIRE(none);
  CHECK_FALSE(none->chain.makes_coordinator());
  const auto all = parse_manifest(with_genesis("  receipts: {coordinator_ratio: 1}\n"), "f");
  REQUIRE(all);
  CHECK(all->chain.minting.coordinator_ppm == 1'000'000);
  const auto open = parse_manifest(with_genesis("  devnet: false\n"), "f");
  REQUIRE(open);
  CHECK(open->chain.minting.reserve == Amount{});
}
