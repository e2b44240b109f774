#include "cli/config.hpp"

#include <map>

#include <catch2/catch.hpp>
#include <set>

#include "cli/file.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

const std::string full =
    R"({"node_id":"1","listen":{"address":"127.0.0.1","port":8082},)"
    R"("data":"chain.db","genesis":"../genesis.json",)"
    R"("authority_key":"/keys/a.key","faucet_key":"f.key","peers":["http://127.0.0.1:8081"],)"
    R"("sync":{"enabled":false,"poll_only":true,"interval_s":7},)"
    R"("log":{"level":"debug"},"access":{"keys":"keys.json","everybody":"read",)"
    R"("origins":["http://o"],"proxies":["10.0.0.0/8"],"rate_per_minute":5,"audit":"a.log"},)"
    R"("tls":{"certificate":"c.pem","key":"/k.pem"},)"
    R"("peer_access":{"api_key":"peer.key","ca":"ca.pem","pins":["ab"]}})";

Environment of(const std::map<std::string, std::string>& variables) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

}  // namespace

TEST_CASE("a configuration is read whole, paths from the file's folder") {
  const auto config = parse_config(full, "/srv/node1");
  REQUIRE(config.has_value());
  CHECK(config->node_id == "1");
  CHECK(config->address == "127.0.0.1");
  CHECK(config->port == 8082);
  CHECK(config->data == "/srv/node1/chain.db");
  CHECK(config->genesis == "/srv/genesis.json");
  CHECK(config->authority_key == "/keys/a.key");
  CHECK(config->faucet_key == "/srv/node1/f.key");
  CHECK(config->peers == std::vector<std::string>{"http://127.0.0.1:8081"});
  CHECK_FALSE(config->sync);
  CHECK(config->poll_only);
  CHECK(config->poll_interval == Duration{7'000});
  CHECK(config->log_level == Log::Level::debug);
  CHECK(config->api_keys == "/srv/node1/keys.json");
  CHECK(config->everybody == "read");
  CHECK(config->origins == std::vector<std::string>{"http://o"});
  CHECK(config->proxies == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(config->rate_per_minute == 5);
  CHECK(config->audit_file() == "/srv/node1/a.log");
  CHECK(config->tls_certificate == "/srv/node1/c.pem");
  CHECK(config->tls_key == "/k.pem");
  CHECK(config->peer_access.api_key_file == "/srv/node1/peer.key");
  CHECK(config->peer_access.ca_file == "/srv/node1/ca.pem");
  CHECK(config->peer_access.pins == std::vector<std::string>{"ab"});
}

TEST_CASE("what a configuration need not say has its default") {
  const auto config = parse_config(
      R"({"node_id":"1","listen":{"address":"::1","port":0},"data":"d","genesis":"g"})", ".");
  REQUIRE(config.has_value());
  CHECK_FALSE(config->authority_key);
  CHECK_FALSE(config->faucet_key);
  CHECK(config->peers.empty());
  CHECK(config->sync);
  CHECK_FALSE(config->poll_only);
  CHECK(config->poll_interval == limits::poll_interval);
  CHECK(config->log_level == Log::Level::info);
  CHECK_FALSE(config->api_keys);
  CHECK_FALSE(config->everybody);
  CHECK(config->origins.size() == 4);
  CHECK(config->rate_per_minute == 200);
  CHECK(config->audit_file() == "d.audit");
}

TEST_CASE("a wrong configuration is refused with the path of the key") {
  struct Case {
    std::string what, with, said;
  };
  const std::vector<Case> cases{
      {R"("node_id":"1")", R"("node_id":1)", "node_id"},
      {R"("node_id":"1",)", "", "node_id"},
      {R"("port":8082)", R"("port":"8082")", "listen.port"},
      {R"("port":8082)", R"("port":65536)", "listen.port"},
      {R"("port":8082)", R"("port":8082,"prot":1)", "listen.prot"},
      {R"("data":"chain.db")", R"("data":"")", "data"},
      {R"("peers":["http://127.0.0.1:8081"])", R"("peers":[1])", "peers"},
      {R"("interval_s":7)", R"("interval_s":0)", "sync.interval_s"},
      {R"("poll_only":true)", R"("poll_only":"yes")", "sync.poll_only"},
      {R"("level":"debug")", R"("level":"loud")", "log.level"},
      {R"("log":{)", R"("extra":1,"log":{)", "extra"},
      {R"("everybody":"read")", R"("everyone":"read")", "access.everyone"},
      {R"("rate_per_minute":5)", R"("rate_per_minute":-1)", "access.rate_per_minute"},
      {R"("key":"/k.pem")", R"("key":"")", "tls.key"},
      {R"("pins":["ab"])", R"("pins":"ab")", "peer_access.pins"},
      {R"("log":{)", R"("log":{"level":"info",)", "level"},
  };
  for (const Case& each : cases) {
    INFO(each.with);
    const auto config = parse_config(replaced(full, each.what, each.with), ".");
    REQUIRE_FALSE(config.has_value());
    CHECK(config.error().detail.find(each.said) != std::string::npos);
  }
}

TEST_CASE("flags beat the environment, which beats the file") {
  const test::TempDir folder;
  const std::string path = folder.file("config.json");
  REQUIRE(write_file(path, full, {}).has_value());

  const auto from_file = load_config(path, of({}), {});
  REQUIRE(from_file.has_value());
  CHECK(from_file->config.port == 8082);

  const auto environment = of({{"AITBC_LISTEN", "127.0.0.2:1"},
                               {"AITBC_NODE_ID", "env"},
                               {"AITBC_PEERS", "http://a:1,http://b:2"},
                               {"AITBC_POLL_ONLY", "false"},
                               {"AITBC_SYNC", "1"},
                               {"AITBC_SYNC_INTERVAL_S", "3"},
                               {"AITBC_API_KEYS", "/e.json"},
                               {"AITBC_EVERYBODY", "submit"},
                               {"AITBC_PROXIES", "::1,10.1.1.1"},
                               {"ALLOW_ORIGINS", "http://a,http://b"},
                               {"AITBC_RATE_PER_MINUTE", "0"},
                               {"AITBC_TLS_KEY", "/e.key"},
                               {"AITBC_PEER_PINS", "x,y"},
                               {"AITBC_PEER_CA", "/ca"},
                               {"AITBC_LOG_LEVEL", "warn"}});
  const auto from_environment = load_config(path, environment, {});
  REQUIRE(from_environment.has_value());
  CHECK(from_environment->config.address == "127.0.0.2");
  CHECK(from_environment->config.port == 1);
  CHECK(from_environment->config.peers == std::vector<std::string>{"http://a:1", "http://b:2"});
  CHECK(from_environment->config.sync);
  CHECK_FALSE(from_environment->config.poll_only);
  CHECK(from_environment->config.poll_interval == Duration{3'000});
  CHECK(from_environment->config.log_level == Log::Level::warn);
  CHECK(from_environment->config.api_keys == "/e.json");
  CHECK(from_environment->config.everybody == "submit");
  CHECK(from_environment->config.proxies == std::vector<std::string>{"::1", "10.1.1.1"});
  CHECK(from_environment->config.origins == std::vector<std::string>{"http://a", "http://b"});
  CHECK(from_environment->config.rate_per_minute == 0);
  CHECK(from_environment->config.tls_key == "/e.key");
  CHECK(from_environment->config.peer_access.pins == std::vector<std::string>{"x", "y"});
  CHECK(from_environment->config.peer_access.ca_file == "/ca");

  NodeSettings flags;
  flags["node_id"] = {"flag", "--node-id"};
  REQUIRE(add_listen(flags, {"127.0.0.3:2", "--listen"}));
  const auto from_flags = load_config(path, environment, flags);
  REQUIRE(from_flags.has_value());
  CHECK(from_flags->config.node_id == "flag");
  CHECK(from_flags->config.port == 2);
  CHECK(from_flags->config.log_level == Log::Level::warn);
}

TEST_CASE("an error says which source it came from") {
  const auto said = [](const std::map<std::string, std::string>& variables,
                       const NodeSettings& flags = {}) {
    const auto config = load_config(std::nullopt, of(variables), flags);
    return config ? std::string() : config.error().detail;
  };
  CHECK(said({{"AITBC_LISTEN", "8082"}}).find("AITBC_LISTEN") == 0);
  CHECK(said({{"AITBC_SYNC", "maybe"}}).find("AITBC_SYNC") == 0);
  CHECK(said({{"AITBC_LOG_LEVEL", "loud"}}).find("AITBC_LOG_LEVEL") == 0);
  NodeSettings flags;
  flags["sync.interval_s"] = {"010", "--interval"};
  CHECK(said({}, flags).find("--interval") == 0);
  CHECK(said({{"AITBC_NODE_ID", "1"},
              {"AITBC_DATA", "d"},
              {"AITBC_GENESIS", "g"},
              {"AITBC_PEERS", "http://a,b"}})
            .find("peers[1]") == 0);
}

TEST_CASE("the predecessor's variables count where ours are not given") {
  const std::map<std::string, std::string> theirs = {
      {"PROPOSER_ID", "ait-devnet-proposer"},
      {"DB_PATH", "./data/chain.db"},
      {"AITBC_GENESIS", "genesis.json"},
      {"RPC_BIND_HOST", "127.0.0.9"},
      {"RPC_BIND_PORT", "8081"},
      {"CHAIN_ID", "ait-devnet"},
      {"CROSS_SITE_SYNC_ENABLED", "True"},
      {"CROSS_SITE_POLL_INTERVAL", "12"},
      {"CROSS_SITE_REMOTE_ENDPOINTS", "http://127.0.0.1:8082/rpc/,http://127.0.0.2"},
      {"MIN_FEE", "5"},
  };
  const auto setup = load_config(std::nullopt, of(theirs), {});
  REQUIRE(setup.has_value());
  const NodeConfig& config = setup->config;
  CHECK(config.node_id == "ait-devnet-proposer");
  CHECK(config.data == "./data/chain.db");
  CHECK(config.address == "127.0.0.9");
  CHECK(config.port == 8081);
  CHECK(config.chain_id == "ait-devnet");
  CHECK(config.sync);
  CHECK(config.poll_interval == Duration{12'000});
  CHECK(config.peers == std::vector<std::string>{"http://127.0.0.1:8082", "http://127.0.0.2"});
  CHECK(setup->sources.at("data") == "DB_PATH");
  REQUIRE(setup->ignored.size() == 1);
  CHECK(setup->ignored[0].name == "MIN_FEE");

  std::map<std::string, std::string> both = theirs;
  both["AITBC_DATA"] = "ours.db";
  both["AITBC_LISTEN"] = "127.0.0.8:1";
  const auto ours = load_config(std::nullopt, of(both), {});
  REQUIRE(ours.has_value());
  CHECK(ours->config.data == "ours.db");
  CHECK(ours->config.port == 1);
  CHECK(ours->sources.at("listen.port") == "AITBC_LISTEN");
}

TEST_CASE("each value knows where it was given") {
  const test::TempDir folder;
  const std::string path = folder.file("config.json");
  REQUIRE(write_file(path, full, {}).has_value());
  const auto setup = load_config(path, of({{"AITBC_LOG_LEVEL", "warn"}}),
                                 {{"data", GivenSetting{"elsewhere.db", "--data"}}});
  REQUIRE(setup.has_value());
  CHECK(setup->sources.at("data") == "--data");
  CHECK(setup->sources.at("log.level") == "AITBC_LOG_LEVEL");
  CHECK(setup->sources.at("sync.interval_s") == path);
  CHECK(setup->sources.count("chain_id") == 0);  // a default
  std::set<std::string_view> keys;
  for (const NodeSetting& setting : node_settings()) keys.insert(setting.key);
  for (const auto& [key, source] : setup->sources) CHECK(keys.contains(key));
  // Every setting that is shown can be read back.
  for (const NodeSetting& setting : node_settings()) {
    INFO(setting.key);
    NodeConfig again = setup->config;
    const std::string value = setting.shown(setup->config);
    if (value.empty()) continue;
    REQUIRE(setting.set(again, value));
    CHECK(setting.shown(again) == value);
  }
}
