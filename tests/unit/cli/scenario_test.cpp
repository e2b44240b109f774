#include "cli/scenario.hpp"

#include <catch2/catch.hpp>

#include "cli/junit.hpp"
#include "cli/scenario_network.hpp"
#include "cli/traffic.hpp"
#include "sites/scenarios.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

const std::string head =
    "scenario: small\n"
    "about: What it is about\n"
    "network:\n"
    "  sites: {a: 2, b: 1}\n"
    "  quorum: bft\n"
    "  slot: 1s\n";

std::string fault_of(const std::string& yaml) {
  const auto scenario = parse_scenario(yaml, "f.yaml");
  return scenario ? "" : scenario.error().detail;
}

std::string fault_of_step(const std::string& step) {
  return fault_of(head + "steps:\n  - " + step + "\n");
}

}  // namespace

TEST_CASE("a scenario is read as it is written") {
  const auto read = parse_scenario(head +
                                       "steps:\n"
                                       "  - traffic: {every: 200ms, through: [1, 3]}\n"
                                       "  - run: chaos partition a 'b' --for 5s\n"
                                       "    exit: 4\n"
                                       "    says: not a devnet\n"
                                       "    within: 10s\n"
                                       "  - wait: 'all: final >= 3'\n"
                                       "  - measure: {final_p95: 3s, orphans: 0}\n"
                                       "  - traffic: stop\n"
                                       "  - no_final: 2s\n",
                                   "f.yaml");
  REQUIRE(read.has_value());
  CHECK(read->name == "small");
  CHECK(read->network.network == "small");
  CHECK(read->network.node_count() == 3);
  CHECK(read->network.sites[1].nodes[0].id == "3");
  CHECK(read->network.chain.quorum == Quorum::bft);
  CHECK(read->network.features.tail_guard == Duration{250});
  REQUIRE(read->steps.size() == 6);
  CHECK(read->steps[0].traffic.every == Duration{200});
  CHECK(read->steps[0].traffic.through == std::vector<std::string>{"1", "3"});
  CHECK(read->steps[1].words ==
        std::vector<std::string>{"chaos", "partition", "a", "b", "--for", "5s"});
  CHECK(read->steps[1].exit == 4);
  CHECK(read->steps[1].says == "not a devnet");
  CHECK(read->steps[1].within == Duration{10'000});
  CHECK(read->steps[1].where == "f.yaml:9");
  CHECK(read->steps[3].bounds.final_p95 == Duration{3'000});
  CHECK(read->steps[3].bounds.orphans == 0);
  CHECK(read->steps[4].kind == ScenarioStep::Kind::still);
  CHECK(read->uses("chaos"));
  CHECK_FALSE(read->uses("node"));
  CHECK(read->measures());
}

TEST_CASE("what is wrong in a scenario is said with its place") {
  CHECK(fault_of("about: x\n") == "f.yaml:1:1: expected the key scenario, which is missing");
  CHECK(fault_of("scenario: A/b\n").find("f.yaml:1:11: scenario: expected 1 to 64") == 0);
  CHECK(fault_of(head + "steps: []\n").find("f.yaml:7:8: steps: expected at least one") == 0);
  CHECK(fault_of(head + "stesp: []\n").find("f.yaml:7:1: stesp: expected one of the keys") == 0);
  CHECK(fault_of("scenario: a\nabout: b\nnetwork: none\nsteps: []\n")
            .find("f.yaml:3:10: network: expected sites with their nodes, or the name") == 0);
  CHECK(fault_of("scenario: a\nabout: b\nnetwork: {sites: {}}\nsteps: []\n")
            .find("network.sites: expected sites with 1 to 100 nodes") != std::string::npos);
  CHECK(fault_of_step("{}").find("f.yaml:8:5: steps[0]: expected run, wait") == 0);
  CHECK(fault_of_step("{run: status, sleep: 1s}").find("expected one thing to do, got two") !=
        std::string::npos);
  CHECK(fault_of_step("{run: status, every: 1s}").find("steps[0].every: expected one of") !=
        std::string::npos);
  CHECK(fault_of_step("run: node kill '1").find("quotes closed") != std::string::npos);
  CHECK(fault_of_step("run: aitbc status").find("without its name") != std::string::npos);
  CHECK(fault_of_step("wait: 'all: hight > 3'").find("f.yaml:8:11: steps[0].wait: ") == 0);
  CHECK(fault_of_step("wait: '9: height > 3'").find("'9'") != std::string::npos);
  CHECK(fault_of_step("sleep: 3").find("steps[0].sleep: expected a time of at most 10m") !=
        std::string::npos);
  CHECK(fault_of_step("sleep: 11m").find("at most 10m") != std::string::npos);
  CHECK(fault_of_step("{sleep: 1s, within: 1s}").find("expected within of") != std::string::npos);
  CHECK(fault_of_step("{sleep: 1s, exit: 1}").find("expected exit and says of") !=
        std::string::npos);
  CHECK(fault_of_step("{run: status, exit: 256}").find("from 0 to 255") != std::string::npos);
  CHECK(fault_of_step("traffic: {every: 0ms}").find("1ms or more") != std::string::npos);
  CHECK(fault_of_step("traffic: {through: [4]}").find("a node of the network") !=
        std::string::npos);
  CHECK(fault_of_step("measure: {speed: 1s}").find("expected one of the keys") !=
        std::string::npos);
  CHECK(fault_of_step("check: some").find("expected all") != std::string::npos);
}

TEST_CASE("words of a command line") {
  using Words = std::vector<std::string>;
  CHECK(split_words("  wait 'all: a, b'  \"x y\"z ") == Words{"wait", "all: a, b", "x yz"});
  CHECK(split_words("a ''") == Words{"a", ""});
  CHECK(split_words("") == Words{});
  CHECK_FALSE(split_words("a \"b").has_value());
}

TEST_CASE("every built-in scenario can be read, bears its name and says what it is about") {
  CHECK(sites::built_in_scenarios().size() >= 10);
  for (const auto& built_in : sites::built_in_scenarios()) {
    const auto scenario = parse_scenario(std::string(built_in.yaml), std::string(built_in.name));
    INFO(built_in.name << ": " << (scenario ? "" : scenario.error().detail));
    REQUIRE(scenario.has_value());
    CHECK(scenario->name == built_in.name);
  }
}

TEST_CASE("the network of a scenario is a network file, on addresses of its own") {
  for (const std::string shape : {"{sites: {a: 2, b: 1}, poll_only: true, poll: 3s}", "default"}) {
    auto scenario =
        parse_scenario("scenario: x\nabout: y\nnetwork: " + shape + "\nsteps: [check: all]\n", "f");
    REQUIRE(scenario.has_value());
    REQUIRE(place(scenario->network).has_value());
    const auto again = sites::parse_manifest(network_text(scenario->network), "n.yaml");
    INFO(network_text(scenario->network) << (again ? "" : again.error().detail));
    REQUIRE(again.has_value());
    CHECK(again->node_count() == 3);
    CHECK(again->network == "x");
    CHECK(again->features.poll_only == scenario->network.features.poll_only);
    CHECK(again->features.sync_interval == scenario->network.features.sync_interval);
    CHECK(again->sites[0].nodes[0].bind != again->sites[0].nodes[1].bind);
    CHECK(again->sites[0].nodes[0].bind != "127.0.0.1");
    CHECK(again->chain.accounts.size() == 3);
    CHECK(traffic_address(0) != traffic_address(1));
  }
}

TEST_CASE("JUnit XML holds what happened, whatever characters that has") {
  ScenarioResult good;
  good.name = "good";
  good.passed = true;
  good.began = from_unix_ms(1'770'000'000'123);
  good.took = Duration{12'345};
  good.steps.push_back({"run: a <b> & \"c\"", true, Duration{5}, Duration{1'000}});
  ScenarioResult bad;
  bad.name = "bad";
  bad.took = Duration{1};
  bad.failure = "f.yaml:3: wait: x\nexpected \x01 <y>";
  CHECK(junit_xml({good, bad}) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<testsuites name=\"aitbc test\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"12.346\">\n"
        "  <testsuite name=\"scenarios\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"12.346\" "
        "skipped=\"0\" timestamp=\"2026-02-02T02:40:00\">\n"
        "    <testcase classname=\"aitbc.scenario\" name=\"good\" time=\"12.345\">\n"
        "      <system-out>0.005 ok run: a &lt;b&gt; &amp; &quot;c&quot; (1.000 s)&#10;"
        "0 payments acknowledged, 0 orphans, 0 reorgs, 0 refused</system-out>\n"
        "    </testcase>\n"
        "    <testcase classname=\"aitbc.scenario\" name=\"bad\" time=\"0.001\">\n"
        "      <failure message=\"f.yaml:3: wait: x\" type=\"scenario\">f.yaml:3: wait: x&#10;"
        "expected ? &lt;y&gt;</failure>\n"
        "      <system-out>0 payments acknowledged, 0 orphans, 0 reorgs, 0 refused</system-out>\n"
        "    </testcase>\n"
        "  </testsuite>\n"
        "</testsuites>\n");
}
