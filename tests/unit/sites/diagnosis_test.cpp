// What is made of what was seen: a code for each fault, and causes before effects.

#include "sites/diagnosis/diagnosis.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "chain/core/limits.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using Kind = SyncState::Kind;

namespace {

PublicKey key_of(std::size_t node) {
  PublicKey key;
  key.data[0] = static_cast<Byte>(node);
  return key;
}

// Three authorities at three sites, each on a machine of its own, all well.
struct World {
  Symptoms symptoms;

  World() {
    symptoms.network_asked = true;
    symptoms.devnet = true;
    symptoms.best = Tip{};
    for (const std::size_t number : {1U, 2U, 3U}) {
      const std::string id = std::to_string(number);
      NodeSymptoms node;
      node.report.site = "site_" + id;
      node.report.node = id;
      node.report.url = "http://10.0.0." + id + ":8082";
      node.report.authority = true;
      node.report.process = RunState::running;
      node.report.genesis_hash = GenesisHash{};
      node.report.answer.emplace();
      node.report.answer->state.kind = Kind::in_sync;
      node.report.answer->authority = key_of(number);
      for (const std::size_t each : {1U, 2U, 3U}) {
        node.report.answer->governance.authorities.push_back(key_of(each));
        if (each == number) continue;
        PeerStatus peer;
        peer.url = "http://10.0.0." + std::to_string(each) + ":8082";
        peer.state.kind = Kind::in_sync;
        node.report.answer->peers.push_back(peer);
      }
      node.report.state.kind = Kind::in_sync;
      node.bind = "0.0.0.0";
      node.port = 8082;
      symptoms.nodes.push_back(std::move(node));
      MachineSymptoms machine;
      machine.sites = {"site_" + id};
      machine.prefix = "ssh host" + id + " ";
      machine.home = "/home/user/.aitbc";
      machine.facts = plenty();
      symptoms.machines.push_back(std::move(machine));
    }
  }

  static MachineFacts plenty() {
    MachineFacts facts;
    facts.disk_free_bytes = facts.memory_free_bytes = 100ULL * 1024 * 1024 * 1024;
    facts.disk_free_files = 1'000'000;
    return facts;
  }
  NodeSymptoms& node(std::size_t number) { return symptoms.nodes[number - 1]; }
  NodeStatus& answer(std::size_t number) { return *node(number).report.answer; }
  MachineSymptoms& machine(std::size_t number) { return symptoms.machines[number - 1]; }

  void end(std::size_t number, NodeEnd how) {
    node(number).report.process = RunState::stopped;
    node(number).report.answer.reset();
    node(number).report.state.kind = Kind::stopped;
    node(number).end = std::move(how);
  }
  void kill(std::size_t number) { end(number, {NodeEnd::How::killed, "", "block_sealed"}); }
  void fail(std::size_t number, const std::string& code, const std::string& words) {
    end(number, {NodeEnd::How::failed, code, words});
  }
  void pause_itself(std::size_t number, const std::string& why) {
    answer(number).state = {Kind::paused, 0, why};
  }
  void hears_not(std::size_t number, std::size_t other) {
    for (PeerStatus& peer : answer(number).peers) {
      if (peer.url == node(other).report.url) {
        peer.state.kind = Kind::unreachable;
        peer.last_error = "TCP refused";
      }
    }
  }
  void add_fault(std::size_t number, decltype(Fault::kind) kind) {
    answer(number).faults.push_back({"f1", "something", Time{}, Time{}, std::move(kind)});
  }
  void wait(std::size_t number, Nonce lowest, std::uint64_t cost = 1) {
    symptoms.waiting.push_back({std::to_string(number), "ait1alice", 2, 4, lowest, 100, cost});
  }
  std::vector<Diagnosis> found() const { return diagnose(symptoms); }

  // "CODE NODES", and "<N" after what follows from the Nth.
  std::string said() const {
    std::string text;
    for (const Diagnosis& each : found()) {
      if (!text.empty()) text += " | ";
      text += name(each.finding);
      for (const std::string& id : each.nodes) text += " " + id;
      if (each.follows_from) text += " <" + std::to_string(*each.follows_from + 1);
      CHECK_FALSE(each.cause.empty());
      CHECK(each.cure.find(": ") != std::string::npos);  // what for, and what to type
    }
    return text;
  }
};

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
  World world;
  CHECK(world.said().empty());
  world.answer(1).clock_offset = limits::clock_offset_red;
  world.machine(2).clock_ahead = -limits::clock_offset_red;
  world.machine(3).facts->processes_left = node_tasks_min;
  world.answer(1).evidence = 1;  // of a key that was unlocked since
  world.node(1).proven = {key_of(2)};
  CHECK(world.said().empty());
}

// ---- machines -----------------------------------------------------------------------------------

TEST_CASE("a machine without a way to it is told in the way's own words") {
  World world;
  const auto with = [&](const std::string& words) {
    world.machine(2).failure = error(Errc::unreachable, "site site_2: " + words);
    const auto found = world.found();
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
  world.node(2).report.process.reset();
  world.node(2).report.answer.reset();
  world.machine(2).failure = error(Errc::timeout, "no answer");
  CHECK(world.said() == "machine_unreachable 2 | node_unreachable 2 <1");
}

TEST_CASE("a machine that is short of something is told of before anything starts") {
  World world;
  world.symptoms.network_asked = false;
  for (NodeSymptoms& node : world.symptoms.nodes) node.report.process = RunState::stopped;
  MachineFacts& facts = *world.machine(1).facts;
  SECTION("disk") {
    facts.disk_free_bytes = disk_free_bytes_min - 1;
    CHECK(world.said() == "disk_full 1");
  }
  SECTION("files") {
    facts.disk_free_files = disk_free_files_min - 1;
    CHECK(world.said() == "disk_full 1");
  }
  SECTION("memory") {
    facts.memory_free_bytes = node_memory_bytes_min - 1;
    CHECK(world.said() == "memory_low 1");
    world.node(1).report.process = RunState::running;  // it has what it needs
    CHECK(world.said().empty());
  }
  SECTION("processes") {
    facts.processes_left = node_tasks_min - 1;
    CHECK(world.said() == "tasks_low 1");
  }
  SECTION("time") {
    world.machine(1).clock_ahead = Duration{3'000};
    CHECK(world.said() == "clock_off 1");
    CHECK(world.found()[0].cause == "its clock is 3000 ms ahead of this machine's");
    CHECK(world.found()[0].cure.ends_with("ssh host1 timedatectl set-ntp true"));
  }
  SECTION("its port") {
    facts.ports = {{"0.0.0.0", 8082, PortUse::State::taken, "nginx (pid 7)"}};
    CHECK(world.said() == "port_taken 1");
    CHECK(world.found()[0].cause == "nginx (pid 7) listens on 0.0.0.0:8082");
    facts.ports[0].state = PortUse::State::free;
    CHECK(world.said().empty());
  }
  SECTION("its address") {
    facts.ports = {{"0.0.0.0", 8082, PortUse::State::no_address, ""}};
    CHECK(world.said() == "address_missing 1");
  }
  SECTION("a way to another node") {
    facts.urls = {{world.node(2).report.url, false, "connection timed out"},
                  {world.node(3).report.url, true, ""}};
    CHECK(world.said() == "peer_unreachable 1");
    CHECK(world.found()[0].about == "2");
  }
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
  World world;
  SECTION("killed") {
    world.kill(3);
    CHECK(world.said() == "node_killed 3");
    CHECK(world.found()[0].cure == "start it again: aitbc node start 3");
  }
  SECTION("stopped, two of them at once") {
    world.end(3, {NodeEnd::How::stopped, "", "SIGTERM"});
    CHECK(world.said() == "node_stopped 3");
    world.end(2, {NodeEnd::How::stopped, "", "SIGTERM"});
    CHECK(world.said() == "node_stopped 2 3 | no_quorum 2 3 <1");
    CHECK(world.found()[0].cure == "start them: aitbc up");
  }
  SECTION("paused") {
    world.node(3).report.process = RunState::paused;
    world.node(3).report.answer.reset();
    CHECK(world.said() == "node_paused 3");
  }
  SECTION("a damaged database") {
    world.fail(3, "corrupt", "data /x/chain.db: malformed");
    CHECK(world.said() == "database_damaged 3");
    world.fail(3, "corrupt", "authority_key: guard: checksum");
    CHECK(world.said() == "node_failed 3");
  }
  SECTION("another genesis") {
    world.fail(3, "wrong_genesis", "data /x/chain.db: of 0x12");
    CHECK(world.said() == "wrong_genesis 3");
  }
  SECTION("its port was taken, and is") {
    world.fail(3, "in_use", "listen: cannot listen");
    CHECK(world.said() == "node_failed 3");
    world.machine(3).facts->ports = {{"0.0.0.0", 8082, PortUse::State::taken, "nginx"}};
    CHECK(world.said() == "port_taken 3");
  }
  SECTION("its folder is in use") {
    world.fail(3, "in_use", "data /x/chain.db: another node (pid 9) uses it");
    CHECK(world.said() == "key_in_use_twice 3");
  }
  SECTION("no room") {
    world.fail(3, "disk_full", "data /x/chain.db: full");
    world.machine(3).facts->disk_free_bytes = 0;
    CHECK(world.said() == "disk_full 3 | node_failed 3 <1");
  }
}

TEST_CASE("a node that runs and does not answer is told of with who hears it") {
  World world;
  world.node(3).report.answer.reset();
  world.node(3).report.detail = "no answer";
  CHECK(world.said() == "node_unreachable 3");
  CHECK(world.found()[0].cause.find("node 1 hears it") != std::string::npos);
  world.hears_not(1, 3);
  world.hears_not(2, 3);
  CHECK(world.found()[0].cure.ends_with("aitbc logs 3 -n 20"));
  CHECK(world.said() == "node_unreachable 3");  // that they do not hear it either is no news
}

TEST_CASE("a node of another genesis, of another build, and with a wrong clock") {
  World world;
  world.node(1).report.state.kind = Kind::wrong_genesis;
  world.node(2).program = "/opt/old/aitbc";
  world.answer(3).clock_offset = Duration{-3'000};
  world.pause_itself(3, "this clock is 3000 ms behind the median of 3 clocks");
  CHECK(world.said() == "clock_off 3 | wrong_genesis 1 | old_program 2 | no_quorum 1 3 <1");
  CHECK(world.found()[0].cause.find("seals nothing") != std::string::npos);
}

TEST_CASE("a clock that its machine explains is told once") {
  World world;
  world.machine(3).clock_ahead = Duration{-3'000};
  world.answer(3).clock_offset = Duration{-3'000};
  CHECK(world.said() == "clock_off 3");
}

TEST_CASE("a key in use twice, refused or proven") {
  World world;
  SECTION("refused") {
    world.pause_itself(2, "authority key ab is run by copy of site_9 (http://x), heard 1 s ago");
    CHECK(world.said() == "key_in_use_twice 2");
  }
  SECTION("still asking") {
    world.pause_itself(2, "asking the peers whether another node runs this authority key");
    CHECK(world.said().empty());
  }
  SECTION("proven") {
    world.pause_itself(2, "evidence against this key; aitbc authority unlock");
    CHECK(world.said() == "key_in_use_twice 2");
  }
  SECTION("proven of a key that nobody answers for") {
    world.node(1).proven = {key_of(9)};
    world.node(3).proven = {key_of(9), key_of(2)};
    CHECK(world.said() == "key_in_use_twice 1");
    CHECK(world.found()[0].about == key_of(9).hex());
  }
  SECTION("so much that two chains are final") {
    for (const std::size_t each : {1U, 3U}) {
      world.answer(each).finality_conflict = true;
      world.pause_itself(each, "finality_conflict: blocks 7 and 7 are both final");
    }
    world.pause_itself(2, "evidence against this key; aitbc authority unlock");
    CHECK(world.said() == "key_in_use_twice 2 | finality_conflict 1 3 <1 | no_quorum 1 2 3 <1");
    // Once they were unlocked it is history.
    for (const std::size_t each : {1U, 2U, 3U}) world.answer(each).state = {Kind::in_sync, 0, ""};
    CHECK(world.said().empty());
  }
}

TEST_CASE("a link that only one of two nodes finds closed is a firewall's") {
  World world;
  world.hears_not(1, 3);
  CHECK(world.said() == "peer_unreachable 1");
  CHECK(world.found()[0].about == "3");
  CHECK(world.found()[0].cause.ends_with("which answers here: TCP refused"));
  // Of a node that is down, that is no news.
  world.kill(3);
  CHECK(world.said() == "node_killed 3");
}

// ---- faults on purpose --------------------------------------------------------------------------

TEST_CASE("what somebody breaks on purpose explains what comes of it, and nothing else") {
  World world;
  SECTION("a link") {
    world.add_fault(1, LinkFault{});
    world.add_fault(3, LinkFault{});
    world.hears_not(3, 1);
    world.node(3).report.state = {Kind::diverged, 0, ""};
    CHECK(world.said() == "fault_on_purpose 1 3 | peer_unreachable 3 <1 | diverged 3 <1");
    CHECK(world.found()[0].about == "f1");
    CHECK(world.found()[0].cure.ends_with("aitbc chaos heal f1"));
  }
  SECTION("a clock, which cuts no link") {
    world.add_fault(3, ClockFault{Duration{3'000}, 0});
    world.answer(3).clock_offset = Duration{3'000};
    world.hears_not(1, 3);
    CHECK(world.said() == "fault_on_purpose 3 | clock_off 3 <1 | peer_unreachable 1");
  }
  SECTION("a kill") {
    world.kill(2);
    world.kill(3);
    world.symptoms.healings = {{"k", "kill 3", "3", Healing::How::start, Time{}}};
    CHECK(world.said() ==
          "fault_on_purpose 3 | node_killed 2 | node_killed 3 <1 | no_quorum 2 3 <2");
  }
  SECTION("a pause") {
    world.node(3).report.process = RunState::paused;
    world.node(3).report.answer.reset();
    world.symptoms.healings = {{"k", "pause 3", "3", Healing::How::resume, Time{}}};
    CHECK(world.said() == "fault_on_purpose 3 | node_paused 3 <1");
  }
}

// ---- the chain ----------------------------------------------------------------------------------

TEST_CASE("dead nodes explain a lost quorum, which explains a stall") {
  World world;
  world.wait(1, 4);
  CHECK(world.said() == "stalled 1");
  world.kill(2);
  CHECK(world.said() == "node_killed 2 | stalled 1");  // two of three go on: that is not why
  world.kill(3);
  CHECK(world.said() == "node_killed 2 | node_killed 3 | no_quorum 2 3 <1 | stalled 1 <3");
  CHECK(world.found()[2].cause == "1 of 3 authorities are there, 2 are needed; missing: 2, 3");
  world.kill(1);
  world.symptoms.best.reset();
  CHECK(world.said() == "node_killed 1 | node_killed 2 | node_killed 3 | no_quorum 1 2 3 <1");
}

TEST_CASE("a quorum of votes may need more than blocks do, and followers do not count") {
  World world;
  world.symptoms.quorum = Quorum::bft;
  world.kill(3);
  CHECK(world.said() == "node_killed 3 | no_quorum 3 <1");
  world.symptoms.quorum = Quorum::majority;
  world.node(2).report.authority = false;  // by the file; the chain has it
  CHECK(world.said() == "node_killed 3");
}

TEST_CASE("a node that hears too few says so, and is not the cause of others") {
  World world;
  world.pause_itself(3, "no quorum 1/3 since 12:00:00");
  CHECK(world.said() == "no_quorum 3");
  world.hears_not(3, 1);
  CHECK(world.said() == "peer_unreachable 3 | no_quorum 3 <1");
}

TEST_CASE("a branch of its own is told with who has what final") {
  World world;
  world.symptoms.best = Tip{20, 20, {}};
  for (const std::size_t each : {1U, 2U}) world.answer(each).head = *world.symptoms.best;
  world.answer(1).final.height = 18;
  world.answer(3).head = {15, 15, {}};
  world.node(3).report.state = {Kind::diverged, 12, ""};
  CHECK(world.said() == "diverged 3");
  CHECK(world.found()[0].cause ==
        "since block 12 it has 3 blocks of its own (not final), nodes 1, 2 have 8 (final up to "
        "18)");
}

TEST_CASE("a node that lacks blocks is told with whom it hears") {
  World world;
  world.node(3).report.state = {Kind::behind, 5, ""};
  world.symptoms.poll_only = true;
  CHECK(world.said() == "behind 3");
  CHECK(world.found()[0].cause ==
        "it lacks 5 blocks, and gets none; it hears 2 of 2 peers; it asks at intervals alone "
        "(poll_only)");
  world.hears_not(3, 1);
  CHECK(world.said() == "peer_unreachable 3 | behind 3 <1");
}

TEST_CASE("a transaction that can never be next is stuck, and stalls nobody") {
  World world;
  world.wait(1, 6);
  world.wait(2, 6);
  CHECK(world.said() == "tx_stuck 1 2");
  CHECK(world.found()[0].cause ==
        "2 of ait1alice wait: the lowest nonce is 6, the account's next 4");
  CHECK(world.found()[0].cure.ends_with("--nonce 4"));
  world.symptoms.waiting.clear();
  world.wait(1, 4, 120);
  CHECK(world.said() == "tx_stuck 1");
  CHECK(world.found()[0].cure.ends_with("aitbc faucet ait1alice 20"));
  world.symptoms.waiting.clear();
  world.wait(1, 4, 100);
  CHECK(world.said() == "stalled 1");
}

TEST_CASE("what may pass by itself is told when it was there before") {
  World before, now;
  CHECK_FALSE(is_doubtful(before.found()));
  before.wait(1, 4);
  now.wait(2, 4);
  now.wait(1, 4);
  CHECK(is_doubtful(before.found()));
  CHECK(persisting(before.found(), now.found()).size() == 1);  // others have heard of it
  now.symptoms.best->height = 1;
  now.symptoms.best->id.data[0] = 1;  // a block came
  CHECK(persisting(before.found(), now.found()).empty());
  CHECK(persisting({}, now.found()).empty());

  // With its cause it needs no second look, and without it, it goes.
  World known;
  known.kill(2);
  known.kill(3);
  known.wait(1, 4);
  CHECK_FALSE(is_doubtful(known.found()));
  CHECK(persisting({}, known.found()).size() == 4);
  World orphan;
  orphan.pause_itself(1, "asking the peers");
  orphan.pause_itself(2, "asking the peers");
  orphan.wait(3, 4);
  CHECK(orphan.said() == "no_quorum 1 2 | stalled 3 <1");
  CHECK(persisting({}, orphan.found()).empty());
}
