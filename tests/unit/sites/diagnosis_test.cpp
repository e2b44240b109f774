// What is made of what was seen of machines and nodes: a code for each fault.

#include <fstream>
#include <sstream>

#include "tests/unit/sites/diagnosis_world.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::key_of;
using aitbc::test::SeenNetwork;
using Kind = SyncState::Kind;

namespace {

std::string read_document() {
  std::ifstream in("sites/DIAGNOSES.md");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("each code is documented with its meaning, in the order of the table") {
  const std::string document = read_document();
  std::size_t at = 0, rows = 0;
  for (const FindingInfo& info : findings()) {
    INFO(info.code);
    CHECK(info.finding == findings()[rows].finding);
    CHECK(static_cast<std::size_t>(info.finding) == rows++);
    const std::string row = "\n| `" + std::string(info.code) + "`" + (info.passing ? " *" : "") +
                            " | " + std::string(info.meaning) + " | ";
    const std::size_t found = document.find(row);
    CHECK(found != std::string::npos);
    CHECK(found >= at);
    at = found;
  }
  std::size_t documented = 0;
  for (std::size_t row = document.find("\n| `"); row != std::string::npos;
       row = document.find("\n| `", row + 1)) {
    ++documented;
  }
  CHECK(documented == findings().size());
}

TEST_CASE("of a healthy network there is nothing to say") {
  SeenNetwork seen;
  CHECK(seen.said().empty());
  seen.answer(1).clock_offset = limits::clock_offset_red;
  seen.machine(2).clock_ahead = -limits::clock_offset_red;
  seen.machine(3).facts->processes_left = node_tasks_min;
  seen.answer(1).evidence = 1;  // of a key that was unlocked since
  seen.node(1).proven = {key_of(2)};
  CHECK(seen.said().empty());
}

// ---- machines -----------------------------------------------------------------------------------

TEST_CASE("a machine without a way to it is told in the way's own words") {
  SeenNetwork seen;
  const auto with = [&](const std::string& words) {
    seen.machine(2).failure = error(Errc::unreachable, "site site_2: " + words);
    const auto found = seen.found();
    REQUIRE(found.size() == 1);
    return std::string(name(found[0].finding)) + ": " + found[0].cure;
  };
  CHECK(with("connect to host: Connection refused") ==
        "machine_unreachable: the host is there, its sshd is not; start it, then: ssh host2 true");
  CHECK(with("Permission denied (publickey)").find("ssh-copy-id") != std::string::npos);
  CHECK(with("Could not resolve hostname").find("name") != std::string::npos);
  CHECK(with("no answer in time") == "machine_unreachable: try the way by hand: ssh host2 true");
  CHECK(with("sh: aitbc: Exec format error").starts_with("architecture: "));
  CHECK(with("version `GLIBC_2.36' not found").starts_with("architecture: "));
  // Its node is not asked for what nobody can know.
  seen.node(2).report.process.reset();
  seen.node(2).report.answer.reset();
  seen.machine(2).failure = error(Errc::timeout, "no answer");
  CHECK(seen.said() == "machine_unreachable 2 | node_unreachable 2 <1");
}

TEST_CASE("a container that is off, or gone, is what is wrong, but not before up") {
  SeenNetwork seen;
  seen.machine(2).failure = error(Errc::unreachable, "Error: Instance is not running");
  seen.machine(2).state.runs = false;
  REQUIRE(seen.found().size() == 1);
  CHECK(seen.found()[0].cause == "its container is off");
  CHECK(seen.found()[0].cure == "let it run again: aitbc up");
  seen.machine(2).state.is_there = false;
  CHECK(seen.found()[0].cause == "its container is not there any more");
  seen.symptoms.network_asked = false;
  CHECK(seen.found().empty());
}

TEST_CASE("a machine that is short of something is told of before anything starts") {
  SeenNetwork seen;
  seen.symptoms.network_asked = false;
  for (NodeSymptoms& node : seen.symptoms.nodes) node.report.process = RunState::stopped;
  MachineFacts& facts = *seen.machine(1).facts;
  SECTION("disk") {
    facts.disk_free_bytes = disk_free_bytes_min - 1;
    CHECK(seen.said() == "disk_full 1");
  }
  SECTION("files") {
    facts.disk_free_files = disk_free_files_min - 1;
    CHECK(seen.said() == "disk_full 1");
  }
  SECTION("memory") {
    facts.memory_free_bytes = node_memory_bytes_min - 1;
    CHECK(seen.said() == "memory_low 1");
    seen.node(1).report.process = RunState::running;  // it has what it needs
    CHECK(seen.said().empty());
  }
  SECTION("processes") {
    facts.processes_left = node_tasks_min - 1;
    CHECK(seen.said() == "tasks_low 1");
  }
  SECTION("time") {
    seen.machine(1).clock_ahead = Duration{3'000};
    CHECK(seen.said() == "clock_off 1");
    CHECK(seen.found()[0].cause == "its clock is 3000 ms ahead of this machine's");
    CHECK(seen.found()[0].cure.ends_with("ssh host1 timedatectl set-ntp true"));
  }
  SECTION("its port") {
    facts.ports = {{"0.0.0.0", 8082, PortUse::State::taken, "nginx (pid 7)"}};
    CHECK(seen.said() == "port_taken 1");
    CHECK(seen.found()[0].cause == "nginx (pid 7) listens on 0.0.0.0:8082");
    facts.ports[0].state = PortUse::State::free;
    CHECK(seen.said().empty());
  }
  SECTION("its address") {
    facts.ports = {{"0.0.0.0", 8082, PortUse::State::no_address, ""}};
    CHECK(seen.said() == "address_missing 1");
  }
  SECTION("services that live without a session") {
    facts.systemd = true;
    CHECK(seen.said().empty());  // nobody wants them: it is this machine, or the file says so
    seen.machine(1).units_wanted = true;
    CHECK(seen.said() == "no_lingering 1");
    CHECK(seen.found()[0].cure.ends_with(": ssh host1 loginctl enable-linger && aitbc up"));
    facts.services = ServiceManager::user;
    CHECK(seen.said().empty());
    facts.services = ServiceManager::none;
    facts.systemd = false;
    CHECK(seen.said().empty());
  }
  SECTION("a way to another node") {
    facts.urls = {{seen.node(2).report.url, false, "connection timed out"},
                  {seen.node(3).report.url, true, ""}};
    CHECK(seen.said() == "peer_unreachable 1");
    CHECK(seen.found()[0].about == "2");
  }
}

TEST_CASE("public paths that lead to other nodes are told, once for each node") {
  using Route = RouteFinding::Kind;
  SeenNetwork seen;
  seen.symptoms.network_asked = false;
  const auto add = [&](const std::string& node, const std::string& path, Route kind) {
    AskedRoute asked;
    asked.route.site = "site_1";
    asked.route.node = node;
    asked.url = "https://a.example" + path;
    asked.finding = {kind, "", "what was seen"};
    seen.symptoms.routes.push_back(std::move(asked));
  };
  add("1", "/explorer", Route::ok);
  add("1", "/rpc/", Route::unreachable);
  add("1", "/rpc/", Route::not_aitbc);
  CHECK(seen.said().empty());
  add("1", "/rpc/events", Route::wrong_node);
  add("1", "/rpc/", Route::wrong_node);
  add("2", "/rpc2/", Route::wrong_node);
  CHECK(seen.said() == "wrong_route 1 | wrong_route 2");
  CHECK(seen.found()[0].about == "https://a.example/rpc/events");
}

// ---- nodes --------------------------------------------------------------------------------------

TEST_CASE("how a node ended is read in its log") {
  using How = NodeEnd::How;
  const auto line = [](const std::string& event, const std::string& more = "") {
    return "{\"ts\":\"t\",\"event\":\"" + event + "\"" + more + "}\n";
  };
  CHECK(end_by_log("").how == How::never_ran);
  CHECK(end_by_log(line("node_started")).how == How::killed);
  CHECK(end_by_log(line("node_started") + line("node_stopped")).how == How::stopped);
  CHECK(end_by_log(line("node_stopped") + line("node_started") + line("signing")).how ==
        How::killed);
  const NodeEnd failed = end_by_log(
      line("node_failed", R"(,"code":"corrupt","detail":"data x: bad")") + "aitbc: data x: bad\n");
  CHECK(failed.how == How::failed);
  CHECK(failed.code == "corrupt");
  CHECK(failed.words == "data x: bad");
  CHECK(end_by_log(line("node_started") + "terminate called").words == "terminate called");
}

TEST_CASE("a node that does not run is told of by the way it ended") {
  SeenNetwork seen;
  SECTION("killed") {
    seen.kill(3);
    CHECK(seen.said() == "node_killed 3");
    CHECK(seen.found()[0].cure == "start it again: aitbc node start 3");
  }
  SECTION("stopped, two of them at once") {
    seen.end(3, {NodeEnd::How::stopped, "", "SIGTERM"});
    CHECK(seen.said() == "node_stopped 3");
    seen.end(2, {NodeEnd::How::stopped, "", "SIGTERM"});
    CHECK(seen.said() == "node_stopped 2 3 | no_quorum 2 3 <1");
    CHECK(seen.found()[0].cure == "start them: aitbc up");
  }
  SECTION("paused") {
    seen.node(3).report.process = RunState::paused;
    seen.node(3).report.answer.reset();
    CHECK(seen.said() == "node_paused 3");
  }
  SECTION("a damaged database") {
    seen.fail(3, "corrupt", "data /x/chain.db: malformed");
    CHECK(seen.said() == "database_damaged 3");
    seen.fail(3, "corrupt", "/x/chain.db: malformed");  // by a page that was read later
    CHECK(seen.said() == "database_damaged 3");
    seen.fail(3, "corrupt", "authority_key: guard: checksum");
    CHECK(seen.said() == "node_failed 3");
  }
  SECTION("another genesis") {
    seen.fail(3, "wrong_genesis", "data /x/chain.db: of 0x12");
    CHECK(seen.said() == "wrong_genesis 3");
  }
  SECTION("its port was taken, and is") {
    seen.fail(3, "in_use", "listen: cannot listen");
    CHECK(seen.said() == "node_failed 3");
    seen.machine(3).facts->ports = {{"0.0.0.0", 8082, PortUse::State::taken, "nginx"}};
    CHECK(seen.said() == "port_taken 3");
  }
  SECTION("its folder is in use") {
    seen.fail(3, "in_use", "data /x/chain.db: another node (pid 9) uses it");
    CHECK(seen.said() == "key_in_use_twice 3");
  }
  SECTION("so often that systemd does not start it any more") {
    const std::string unit = seen.node(3).unit = "aitbc-net-3.service";
    seen.machine(3).facts->given_up = {{unit, "start-limit-hit"}};
    CHECK(seen.said().empty());  // somebody has started it since
    seen.kill(3);
    CHECK(seen.said() == "node_killed 3 | unit_given_up 3 <1");
    seen.fail(3, "corrupt", "data /x/chain.db: malformed");
    CHECK(seen.said() == "database_damaged 3 | unit_given_up 3 <1");
    // Before it could write a line.
    seen.end(3, {GENERATE(NodeEnd::How::stopped, NodeEnd::How::never_ran), "", ""});
    CHECK(seen.said() == "unit_given_up 3");
    CHECK(seen.found()[0].cause == "systemd has given up " + unit + ": start-limit-hit");
    CHECK(seen.found()[0].cure.ends_with(": aitbc node start 3"));
    seen.kill(2);
    CHECK(seen.said() == "node_killed 2 | unit_given_up 3 | no_quorum 2 3 <1");
  }
  SECTION("no room") {
    seen.fail(3, "disk_full", "data /x/chain.db: full");
    seen.machine(3).facts->disk_free_bytes = 0;
    CHECK(seen.said() == "disk_full 3 | node_failed 3 <1");
  }
}

TEST_CASE("a node that runs and does not answer is told of with who hears it") {
  SeenNetwork seen;
  seen.node(3).report.answer.reset();
  seen.node(3).report.detail = "no answer";
  CHECK(seen.said() == "node_unreachable 3");
  CHECK(seen.found()[0].cause.find("node 1 hears it") != std::string::npos);
  seen.hears_not(1, 3);
  seen.hears_not(2, 3);
  CHECK(seen.found()[0].cure.ends_with("aitbc logs 3 -n 20"));
  CHECK(seen.said() == "node_unreachable 3");  // that they do not hear it either is no news
}

TEST_CASE("a node of another genesis, of another build, and with a wrong clock") {
  SeenNetwork seen;
  seen.node(1).report.state.kind = Kind::wrong_genesis;
  seen.node(2).program = "/opt/old/aitbc";
  seen.answer(3).clock_offset = Duration{-3'000};
  seen.pause_itself(3, "this clock is 3000 ms behind the median of 3 clocks");
  CHECK(seen.said() == "clock_off 3 | wrong_genesis 1 | old_program 2 | no_quorum 1 3 <1");
  CHECK(seen.found()[0].cause.find("seals nothing") != std::string::npos);
}

TEST_CASE("a clock that its machine explains is told once") {
  SeenNetwork seen;
  seen.machine(3).clock_ahead = Duration{-3'000};
  seen.answer(3).clock_offset = Duration{-3'000};
  CHECK(seen.said() == "clock_off 3");
}

TEST_CASE("a key in use twice, refused or proven") {
  SeenNetwork seen;
  SECTION("refused") {
    seen.pause_itself(2, "authority key ab is run by copy of site_9 (http://x), heard 1 s ago");
    CHECK(seen.said() == "key_in_use_twice 2");
  }
  SECTION("still asking") {
    seen.pause_itself(2, "asking the peers whether another node runs this authority key");
    CHECK(seen.said().empty());
  }
  SECTION("proven") {
    seen.pause_itself(2, "evidence against this key; aitbc authority unlock");
    CHECK(seen.said() == "key_in_use_twice 2");
  }
  SECTION("proven of a key that nobody answers for") {
    seen.node(1).proven = {key_of(9)};
    seen.node(3).proven = {key_of(9), key_of(2)};
    CHECK(seen.said() == "key_in_use_twice 1");
    CHECK(seen.found()[0].about == key_of(9).hex());
  }
  SECTION("so much that two chains are final") {
    for (const std::size_t each : {1U, 3U}) {
      seen.answer(each).finality_conflict = true;
      seen.pause_itself(each, "finality_conflict: blocks 7 and 7 are both final");
    }
    seen.pause_itself(2, "evidence against this key; aitbc authority unlock");
    CHECK(seen.said() == "key_in_use_twice 2 | finality_conflict 1 3 <1 | no_quorum 1 2 3 <1");
    // Once they were unlocked it is history.
    for (const std::size_t each : {1U, 2U, 3U}) seen.answer(each).state = {Kind::in_sync, 0, ""};
    CHECK(seen.said().empty());
  }
}

TEST_CASE("a link that only one of two nodes finds closed is a firewall's") {
  SeenNetwork seen;
  seen.hears_not(1, 3);
  CHECK(seen.said() == "peer_unreachable 1");
  CHECK(seen.found()[0].about == "3");
  CHECK(seen.found()[0].cause.ends_with("which answers here: TCP refused"));
  seen.machine(1).facts->urls = {{seen.node(3).report.url, false, "refused"}};
  CHECK(seen.said() == "peer_unreachable 1");  // its machine says the same
  // Of a node that is down, that is no news.
  seen.kill(3);
  CHECK(seen.said() == "node_killed 3");
}
