#include "sites/diagnosis/machine_facts.hpp"

#include <catch2/catch.hpp>

#include "rpc/http_server.hpp"
#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using test::must;

TEST_CASE("a machine's facts are the same after a way over the wire") {
  MachineFacts facts;
  facts.architecture = "x86_64";
  facts.system = "Linux 6.1";
  facts.systemd = true;
  facts.disk_free_bytes = 1;
  facts.disk_free_files = 2;
  facts.memory_free_bytes = 3;
  facts.ports = {{"::1", 8082, PortUse::State::taken, "nginx (pid 7)"},
                 {"10.0.0.9", 1, PortUse::State::no_address, ""}};
  facts.urls = {{"http://10.0.0.1:8082", true, ""}, {"http://10.0.0.2:8082", false, "refused"}};
  CHECK(must(parse_facts(facts_json(facts))) == facts);
  facts.processes_left = 4;
  CHECK(must(parse_facts(facts_json(facts))) == facts);
  CHECK(parse_facts("{}").error().code == Errc::bad_json);
  std::string text = facts_json(facts);
  text.replace(text.find("\"taken\""), 7, "\"lent\"");
  CHECK(parse_facts(text).error().detail == "ports[0].state: expected free, taken or no_address");
}

TEST_CASE("a machine says what it has, who has a port, and whom it reaches") {
  const test::TempDir dir;
  NullLog log;
  rpc::HttpService service;
  service.handle = [](const rpc::HttpRequest&) {
    rpc::HttpResponse refused;
    refused.status = 401;
    refused.body = R"({"detail":"a key is needed","code":"unauthorized"})";
    return refused;
  };
  const std::string here = test::own_address(9), elsewhere = test::own_address(10);
  const auto server = must(rpc::HttpServer::start({here, 0}, std::move(service), log));
  const std::uint16_t port = server->port();
  FactsWanted wanted;
  wanted.folder = dir.path() / "not" / "there";
  wanted.ports = {{here, port, {}, ""},
                  {elsewhere, port, {}, ""},
                  {"0.0.0.0", port, {}, ""},
                  {"192.0.2.1", port, {}, ""},
                  {"nowhere", port, {}, ""}};
  wanted.urls = {"http://" + here + ":" + std::to_string(port),
                 "http://" + elsewhere + ":" + std::to_string(port), "not a URL"};
  const MachineFacts facts = must(look_at_machine(wanted));
  CHECK_FALSE(facts.architecture.empty());
  CHECK(facts.system.starts_with("Linux "));
  CHECK(facts.disk_free_bytes > 0);
  CHECK(facts.disk_free_files > 0);
  CHECK(facts.memory_free_bytes > 0);
  using State = PortUse::State;
  const std::string own = "unit_sites (pid " + std::to_string(::getpid()) + ")";
  CHECK(facts.ports[0] == PortUse{here, port, State::taken, own});
  CHECK(facts.ports[1] == PortUse{elsewhere, port, State::free, ""});
  CHECK(facts.ports[2] == PortUse{"0.0.0.0", port, State::taken, own});
  CHECK(facts.ports[3].state == State::no_address);
  CHECK(facts.ports[4].state == State::no_address);
  CHECK(facts.urls[0] == UrlReach{wanted.urls[0], true, ""});
  CHECK_FALSE(facts.urls[1].answered);
  CHECK_FALSE(facts.urls[1].detail.empty());
  CHECK_FALSE(facts.urls[2].answered);
}
