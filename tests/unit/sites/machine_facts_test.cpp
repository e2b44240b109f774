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
  facts.services = ServiceManager::user;
  facts.disk_free_bytes = 1;
  facts.disk_free_files = 2;
  facts.memory_free_bytes = 3;
  facts.ports = {{"::1", 8082, PortUse::State::taken, "nginx (pid 7)"},
                 {"10.0.0.9", 1, PortUse::State::no_address, ""}};
  facts.urls = {{"http://10.0.0.1:8082", true, ""}, {"http://10.0.0.2:8082", false, "refused"}};
  facts.given_up = {{"aitbc-net-1.service", "signal"}};
  CHECK(must(parse_facts(facts_json(facts))) == facts);
  facts.processes_left = 4;
  CHECK(must(parse_facts(facts_json(facts))) == facts);
  CHECK(parse_facts("{}").error().code == Errc::bad_json);
  std::string other = facts_json(facts);
  other.replace(other.find("\"user\""), 6, "\"joe\"");
  CHECK(parse_facts(other).error().detail == "services: expected none, system or user");
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
  const MachineFacts facts = must(look_at_machine(wanted, {}, SystemClock()));
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
  CHECK(facts.services == ServiceManager::none);
  CHECK(facts.given_up.empty());
}

TEST_CASE("what control groups leave is the least of all that a process is in") {
  const test::TempDir dir;
  const auto list = dir.path() / "list", mount = dir.path() / "mount";
  const auto set = [&](const std::string& file, const std::string& text) {
    test::write_text(mount / file, text + "\n");
  };
  CHECK_FALSE(look_at_groups(list, mount).memory_left);
  SECTION("version 2") {
    test::write_text(list, "0::/outer/inner\n");
    set("outer/memory.max", "1000");
    set("outer/memory.current", "700");
    set("outer/memory.stat", "anon 100\ninactive_file 250\nactive_file 9\n");
    set("outer/inner/memory.max", "max");
    set("outer/inner/memory.current", "5");
    set("outer/inner/pids.max", "30");
    set("outer/inner/pids.current", "18");
    set("pids.max", "11");
    set("pids.current", "12");
    CHECK(look_at_groups(list, mount).memory_left == 550U);
    CHECK(look_at_groups(list, mount).processes_left == 0U);
  }
  SECTION("version 1") {
    test::write_text(list, "9:name=systemd:/\n8:pids:/\n4:memory:/inner\n0::/.lxc\n");
    set("memory/memory.limit_in_bytes", "9223372036854771712");
    set("memory/memory.usage_in_bytes", "0");
    set("memory/inner/memory.limit_in_bytes", "1000");
    set("memory/inner/memory.usage_in_bytes", "700");
    set("memory/inner/memory.stat", "inactive_file 1\ntotal_inactive_file 250\n");
    set("pids/pids.max", "30");
    set("pids/pids.current", "18");
    CHECK(look_at_groups(list, mount).memory_left == 550U);
    CHECK(look_at_groups(list, mount).processes_left == 12U);
  }
}
