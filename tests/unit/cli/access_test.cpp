#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "cli/credentials.hpp"
#include "cli/file.hpp"
#include "cli/log.hpp"
#include "cli/node_access.hpp"
#include "rpc/json.hpp"
#include "tests/support/certificate.hpp"

using namespace aitbc;
using namespace aitbc::cli;
using aitbc::test::TempDir;

namespace {

template <class T>
void refused(const Result<T>& result, const std::string& what) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().detail);
  CHECK(result.error().code == Errc::bad_config);
  CHECK(result.error().detail.find(what) != std::string::npos);
}

std::string keys_file(const TempDir& folder) {
  const std::string path = folder.file("keys.json");
  const std::vector<rpc::ApiKey> keys = {{"a", rpc::Scope::read, rpc::digest_of_key("k")}};
  REQUIRE(write_file(path, rpc::api_keys_json(keys), {}));
  return path;
}

}  // namespace

TEST_CASE("a node that can be reached from elsewhere must know who may ask") {
  const TempDir folder;
  for (const char* here : {"127.0.0.1", "127.8.8.8", "::1", "localhost"}) {
    NodeConfig config;
    config.address = here;
    CHECK(access_rules(config).has_value());
  }
  for (const char* elsewhere : {"0.0.0.0", "::", "192.0.2.1", "localhost.example"}) {
    INFO(elsewhere);
    NodeConfig config;
    config.address = elsewhere;
    config.everybody = "read";
    refused(access_rules(config), "access.keys is missing");
    config.api_keys = keys_file(folder);
    const auto rules = access_rules(config);
    REQUIRE(rules.has_value());
    CHECK(rules->keys.size() == 1);
    CHECK(rules->everybody == rpc::Scope::read);
    REQUIRE(write_file(*config.api_keys, R"({"keys":[]})", {.existing = Existing::replace}));
    refused(access_rules(config), "access.keys is missing");
    REQUIRE(::unlink(config.api_keys->c_str()) == 0);
  }
}

TEST_CASE("what of a node's access cannot be read is named") {
  const TempDir folder;
  NodeConfig config;
  config.api_keys = folder.file("none.json");
  refused(access_rules(config), "none.json");
  config.api_keys = folder.file("odd.json");
  REQUIRE(write_file(*config.api_keys, "{}", {}));
  refused(access_rules(config), "access.keys");
  config.api_keys.reset();
  config.everybody = "root";
  refused(access_rules(config), "access.everybody");
  config.everybody.reset();
  config.proxies = {"10.0.0.0/99"};
  refused(access_rules(config), "access.proxies");

  const aitbc::test::Certificate own(folder);
  CHECK(*tls_server(NodeConfig()) == nullptr);
  NodeConfig tls;
  tls.tls_certificate = own.certificate;
  refused(tls_server(tls), "key is missing");
  tls.tls_key = own.key;
  CHECK(tls_server(tls).has_value());
  REQUIRE(::chmod(own.key.c_str(), 0644) == 0);
  refused(tls_server(tls), "may be read by others");
  tls.tls_certificate.reset();
  refused(tls_server(tls), "certificate is missing");
}

TEST_CASE("credentials come from files that nobody else may read") {
  const TempDir folder;
  const std::string path = folder.file("api.key");
  REQUIRE(write_file(path, "aitbc_1\n", {.access = Access::owner}));
  const std::string pin(64, 'a');
  const auto read = read_credentials({path, folder.file("ca.pem"), {pin}});
  REQUIRE(read.has_value());
  CHECK(read->api_key == "aitbc_1");
  CHECK(read->trust.ca_file == folder.file("ca.pem"));
  CHECK(read->trust.pins == std::vector<Hash>{*Hash::parse(pin)});
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  refused(read_credentials({path, {}, {}}), "may be read by others");
  const std::string empty = folder.file("empty.key");
  REQUIRE(write_file(empty, "\n", {.access = Access::owner}));
  refused(read_credentials({empty, {}, {}}), "empty.key");
  refused(read_credentials({folder.file("none"), {}, {}}), "none");
  refused(read_credentials({{}, {}, {"ab"}}), "fingerprint");
}

TEST_CASE("a log file is its owner's alone, and goes on where it ended") {
  const TempDir folder;
  const std::string path = folder.file("audit");
  for (int i = 0; i < 2; ++i) {
    const auto log = open_log_file(path, "1");
    REQUIRE(log.has_value());
    (*log)->info("audit_event", {{"audit.action", "POST /rpc/chaos"}});
  }
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777) == 0600);
  const auto text = read_file(path, 10'000);
  REQUIRE(text.has_value());
  CHECK(std::count(text->begin(), text->end(), '\n') == 2);
  CHECK(rpc::parse_json(text->substr(0, text->find('\n'))).value()["audit"]["action"] ==
        "POST /rpc/chaos");
  refused(open_log_file(path + "/no/folder", "1"), "no/folder");
}
