#include <catch2/catch.hpp>

#include "rpc/access.hpp"
#include "rpc/json.hpp"
#include "sites/prepare.hpp"
#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::manifest_of;
using aitbc::test::must;

namespace {

const std::string two_nodes_yaml =
    "network: n\nenvironments: {a: {blockchain_nodes: [{id: 1, rpc_port: 1}, {id: 2, rpc_port: 2, "
    "authority: false}]}}\n";

PublicKey key(Byte first) {
  std::array<Byte, 32> seed{};
  seed[0] = first;
  return KeyPair(Seed(seed)).public_key();
}

Genesis genesis_of(const Manifest& manifest) {
  return must(make_genesis(manifest, {{key(1)}, key(2), key(8)}, from_unix_ms(1'000)));
}

std::vector<std::string> changes(const std::string& yaml) {
  return genesis_changes(genesis_of(manifest_of(two_nodes_yaml)), manifest_of(yaml), {key(1)}, {});
}

}  // namespace

TEST_CASE("a key is made once and kept for its owner alone") {
  aitbc::test::TempDir dir;
  SystemClock clock;
  LocalTransport transport(clock);
  const auto path = dir.path() / "k";
  CHECK(read_key(transport, path).error().code == Errc::not_found);
  const KeyPair made = must(read_or_make_key(transport, path));
  CHECK(must(read_or_make_key(transport, path)).public_key() == made.public_key());
  CHECK(must(read_key(transport, path)).public_key() == made.public_key());
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms(0600));
  CHECK(must(read_or_make_key(transport, dir.path() / "l")).public_key() != made.public_key());
  test::write_text(path, "not a key");
  CHECK(read_or_make_key(transport, path).error().code == Errc::bad_config);
  CHECK(test::read_text(path) == "not a key");
}

TEST_CASE("the genesis holds what the network file says") {
  const Manifest manifest =
      manifest_of(two_nodes_yaml +
                  "shared_features: {block_interval_seconds: 3, tail_guard_ms: 100}\ngenesis: "
                  "{fee_min: 4, faucet_balance: 50, accounts: [{address: " +
                  to_text(Address{}) + ", balance: 6}]}\n");
  const Genesis genesis = genesis_of(manifest);
  CHECK(genesis.chain_id == "n");
  CHECK(genesis.time == from_unix_ms(1'000));
  CHECK(genesis.slot == Duration{3'000});
  CHECK(genesis.tail_guard == Duration{100});
  CHECK(genesis.fee_min.units() == 4);
  CHECK(genesis.devnet);
  CHECK(genesis.authorities == std::vector<PublicKey>{key(1)});
  CHECK(genesis.allocations.size() == 2);
  CHECK(supply_of(genesis).units() == 56 + 1'000'000'000'000);
  CHECK(genesis.minting.mint_per_unit.units() == 1'000);
  CHECK(genesis.minting.coordinator_ppm == 50'000);
  CHECK(genesis.minting.coordinators == std::vector<PublicKey>{key(8)});
  CHECK(genesis_changes(genesis, manifest, {key(1)}, {}).empty());
}

TEST_CASE("what a changed network file asks of the genesis is named") {
  CHECK(changes(two_nodes_yaml).empty());
  const std::string features = two_nodes_yaml + "shared_features: ";
  const std::string chain = two_nodes_yaml + "genesis: ";
  const std::pair<std::string, std::string> cases[] = {
      {features + "{block_interval_seconds: 3, tail_guard_ms: 500}",
       "block_interval_seconds: 2 -> 3"},
      {features + "{tail_guard_ms: 100}", "tail_guard_ms: 500 -> 100"},
      {chain + "{chain_id: m}", "chain_id: n -> m"},
      {chain + "{fee_min: 1}", "fee_min: 0 -> 1"},
      {chain + "{faucet_balance: 5}",
       "faucet_balance, reserve and accounts together: 2000000000000 -> 1000000000005"},
      {chain + "{receipts: {mint_per_unit: 7}}", "receipts.mint_per_unit: 1000 -> 7"},
      {chain + "{receipts: {coordinator_ratio: 0.1}}",
       "receipts.coordinator_ratio in millionths: 50000 -> 100000"},
      {chain + "{receipts: {coordinators: [" + key(3).hex() + "]}}",
       "receipts.coordinators: other keys"},
      {chain + "{faucet_balance: 999999999999, accounts: [{address: " + to_text(Address{}) +
           ", balance: 1}]}",
       "accounts: other addresses or balances"}};
  for (const auto& [yaml, expected] : cases) {
    CHECK(changes(yaml) == std::vector<std::string>{expected});
  }
  CHECK(changes(two_nodes_yaml + "genesis: {devnet: false}").front() == "devnet: true -> false");
  CHECK(changes("network: n\nenvironments: {a: {blockchain_nodes: [{id: 1, rpc_port: 1}, {id: 2, "
                "rpc_port: 2}]}}\n") == std::vector<std::string>{"authorities: 1 -> 2"});

  const Manifest manifest = manifest_of(two_nodes_yaml);
  const Genesis genesis = genesis_of(manifest);
  CHECK_THAT(genesis_changes(genesis, manifest, {key(9)}, {}).front(),
             Catch::Contains("does not have the key " + key(9).hex()));
  CHECK_THAT(genesis_changes(genesis, manifest, {}, {"1"}).front(),
             Catch::Contains("no key for node 1"));
}

TEST_CASE("a node's config has exactly the keys that it reads") {
  const Manifest manifest = manifest_of(two_nodes_yaml);
  aitbc::test::TempDir dir;
  const Layout layout = must(Layout::make(dir.path(), "n"));
  const std::string root = layout.root().string() + "/";
  CHECK(config_text(manifest, layout, *manifest.find("1")) ==
        R"({"node_id":"1","site":"a","listen":{"address":"127.0.0.1","port":1},"data":")" + root +
            R"(nodes/1/chain.db","genesis":")" + root + R"(genesis.json","authority_key":")" +
            root + R"(nodes/1/authority.key","faucet_key":")" + root +
            R"(faucet.key","peers":["http://127.0.0.1:2"],"sync":{"enabled":true,)" +
            R"("poll_only":false,"interval_s":10},"log":{"level":"info"}})" + "\n");
  const auto follower = rpc::parse_json(config_text(manifest, layout, *manifest.find("2")));
  REQUIRE(follower);
  CHECK_FALSE(follower->contains("authority_key"));
}

TEST_CASE("nodes that can be reached from elsewhere ask for a key, which they have") {
  aitbc::test::TempDir dir;
  const Layout layout = must(Layout::make(dir.path(), "n"));
  Manifest manifest = manifest_of(two_nodes_yaml);
  CHECK_FALSE(manifest.is_reachable());
  manifest.sites[0].nodes[1].bind = "0.0.0.0";
  CHECK(manifest.is_reachable());
  const auto config = rpc::parse_json(config_text(manifest, layout, *manifest.find("1")));
  REQUIRE(config);
  CHECK((*config)["access"]["keys"] == layout.api_keys().string());
  CHECK((*config)["peer_access"]["api_key"] == layout.api_key().string());

  SystemClock clock;
  LocalTransport files(clock);
  REQUIRE(files.make_folder(layout.root(), Mode::secret_folder));
  REQUIRE(make_api_key(files, layout));
  const std::string key = must(files.get(layout.api_key(), 200));
  const auto keys = rpc::parse_api_keys(must(files.get(layout.api_keys(), 1'000)));
  REQUIRE(keys);
  REQUIRE(keys->size() == 1);
  CHECK(keys->front().scope == rpc::Scope::admin);
  CHECK(keys->front().digest == rpc::digest_of_key(key.substr(0, key.size() - 1)));
  REQUIRE(make_api_key(files, layout));
  CHECK(must(files.get(layout.api_key(), 200)) == key);
}

TEST_CASE("nodes behind a proxy ask for a key, and believe the proxy of their machine") {
  aitbc::test::TempDir dir;
  const Layout layout = must(Layout::make(dir.path(), "n"));
  Manifest manifest = manifest_of(two_nodes_yaml);
  manifest.sites[0].domain = "a.example";
  CHECK(manifest.is_reachable());
  const auto config_of = [&](const std::string& bind) {
    manifest.sites[0].nodes[0].bind = bind;
    return *rpc::parse_json(config_text(manifest, layout, *manifest.find("1")));
  };
  CHECK(config_of("127.0.0.1")["access"]["keys"] == layout.api_keys().string());
  const rpc::Json loopback = {"127.0.0.0/8", "::1"};
  for (const std::string bind : {"127.0.0.1", "127.0.0.7", "0.0.0.0", "::"}) {
    CHECK(config_of(bind)["access"]["proxies"] == loopback);
  }
  CHECK(config_of("10.0.0.1")["access"]["proxies"] == rpc::Json::array({"10.0.0.1"}));
  manifest.sites[0].domain.clear();
  CHECK_FALSE(config_of("10.0.0.1")["access"].contains("proxies"));
}

TEST_CASE("drift names what differs") {
  const std::string wanted = R"({"listen":{"port":1,"address":"a"},"peers":["x"],"log":{}})";
  const auto drift = [&](const std::string& on_disk) {
    return config_drift(on_disk, wanted).text();
  };
  CHECK(drift(wanted).empty());
  CHECK(drift(R"({"log":{},"peers":["x"],"listen":{"address":"a","port":1}})").empty());
  CHECK(drift(R"({"listen":{"port":2,"address":"a"},"peers":["y"],"log":{}})") ==
        "listen.port 2 -> 1, peers +x -y");
  CHECK(drift(R"({"listen":{"port":1},"peers":["x"],"log":{"x":1}})") ==
        "listen.address is missing, log.x is unknown");
  CHECK(drift("{") == "its config.json cannot be read");
}

TEST_CASE("peers are told apart from what only a new start takes in, and have no order") {
  const std::string wanted = R"({"log":1,"peers":["a","b","c"]})";
  const auto drift = [&](const std::string& on_disk) { return config_drift(on_disk, wanted); };
  CHECK(drift(R"({"log":1,"peers":["c","a","b"]})").text().empty());
  CHECK(drift(R"({"log":1,"peers":["d","a"]})").peers == "peers +b +c -d");
  CHECK(drift(R"({"log":1,"peers":["d","a"]})").others.empty());
  CHECK(drift(R"({"log":2,"peers":["a","b","c"]})").peers.empty());
  // Not to be told to a node that was started with who knows what.
  for (const char* broken :
       {R"({"log":1})", R"({"log":1,"peers":7})", R"({"log":1,"peers":[1]})"}) {
    CHECK(drift(broken).peers.empty());
    CHECK_FALSE(drift(broken).others.empty());
  }
}
