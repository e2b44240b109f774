// `aitbc sim` from the command line, and what `aitbc dump` writes for it.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "cli/app.hpp"
#include "cli/dump_file.hpp"
#include "rpc/json.hpp"
#include "sync/sim/world.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

struct SimRun {
  int exit = 0;
  std::string out, talk;
};

SimRun run_sim(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream talk;
  const Environment nothing = [](const std::string&) { return std::nullopt; };
  const int exit = run(arguments, {out, talk, nothing});
  return {exit, out.str(), talk.str()};
}

rpc::Json simulated(std::vector<std::string> arguments, int exit = 0) {
  arguments.insert(arguments.begin(), "sim");
  arguments.emplace_back("--json");
  const SimRun ran = run_sim(arguments);
  INFO(ran.out << ran.talk);
  CHECK(ran.exit == exit);
  auto document = rpc::parse_json(ran.out);
  REQUIRE(document);
  return std::move(*document);
}

// Two nodes that were cut off from one another, as aitbc dump would have found them.
Dump a_dump() {
  sim::World world({.seed = 21});
  world.traffic(Duration{500}, world.now() + Duration{20'000});
  world.run_for(Duration{10'000});
  world.partition({0, 0, 1});
  world.run_for(Duration{10'000});
  sim::Recording recording = world.record();
  Dump dump;
  dump.genesis = recording.genesis;
  dump.made = recording.made;
  for (sim::RecordedNode& node : recording.nodes) {
    dump.nodes.push_back({std::move(node), "http://localhost:1", "{}", ""});
  }
  dump.nodes.push_back({});
  dump.nodes.back().recorded.name = "silent";
  dump.nodes.back().error = "no answer";
  return dump;
}

}  // namespace

TEST_CASE("sim lives the seeds that it is told to, and counts what happened") {
  const rpc::Json told = simulated({"--seed", "7", "--count", "2", "--hours", "0", "--faults",
                                    "crash,loss", "--nodes", "3", "--quorum", "bft"});
  CHECK(told["first"] == 7);
  CHECK(told["count"] == 2);
  CHECK(told["failed"] == 0);
  CHECK(told["failures"].empty());
  CHECK(told["commit"].get<std::string>().size() >= 7);
  CHECK(told["simulated_ms"].get<std::uint64_t>() >= 2 * 120'000);
  CHECK(told["faults"]["crash"].get<std::uint64_t>() > 0);
  CHECK_FALSE(told["faults"].contains("partition"));
  const rpc::Json again = simulated({"--seed", "7", "--count", "2", "--hours", "0", "--faults",
                                     "crash,loss", "--nodes", "3", "--quorum", "bft"});
  for (const char* field : {"blocks", "payments", "messages", "lost", "faults"}) {
    CHECK(told[field] == again[field]);
  }
}

TEST_CASE("what sim cannot do is a usage error that says what it can") {
  struct Case {
    std::vector<std::string> arguments;
    std::string said;
  };
  const std::vector<Case> cases{
      {{"--faults", "fire"}, "expected all, none, or some of loss,"},
      {{"--count", "0"}, "--count: expected a whole number from 1"},
      {{"--hours", "1."}, "--hours: expected a number with up to three decimals"},
      {{"--hours", "0.1234"}, "--hours: expected"},
      {{"--hours", "-1"}, "--hours"},
      {{"--nodes", "33"}, "--nodes: expected a whole number from 1 to 32"},
      {{"--nodes", "3", "--clones", "4"}, "--clones: expected a whole number from 0 to 3"},
      {{"--quorum", "all"}, "--quorum: expected majority or bft"},
      {{"--replay", "/nonexistent/dump.json"}, "cannot read /nonexistent/dump.json"},
      {{"--replay", "dump.json", "--nodes", "3"}, "are the recording's"},
  };
  for (const Case& each : cases) {
    INFO(each.said);
    auto arguments = each.arguments;
    arguments.insert(arguments.begin(), "sim");
    const SimRun ran = run_sim(arguments);
    CHECK(ran.exit == 2);
    CHECK(ran.talk.find(each.said) != std::string::npos);
  }
}

TEST_CASE("a dump is read as it was written, and replayed") {
  const Dump dump = a_dump();
  const std::string text = dump_json(dump);
  const auto read = parse_dump(text);
  REQUIRE(read);
  CHECK(read->genesis == dump.genesis);
  CHECK(read->made == dump.made);
  REQUIRE(read->nodes.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(read->nodes[i].name == dump.nodes[i].recorded.name);
    CHECK(read->nodes[i].blocks == dump.nodes[i].recorded.blocks);
    CHECK(read->nodes[i].votes == dump.nodes[i].recorded.votes);
    CHECK(read->nodes[i].pending == dump.nodes[i].recorded.pending);
    CHECK(read->nodes[i].clock_offset == dump.nodes[i].recorded.clock_offset);
  }

  const test::TempDir directory;
  const std::string file = directory.file("dump.json");
  std::ofstream(file) << text;
  const rpc::Json told = simulated({"--replay", file});
  CHECK(told["count"] == 1);
  CHECK(told["blocks"] == 0);
  CHECK(told["failures"].empty());

  Dump forged = dump;
  forged.nodes[2].recorded.blocks.back().sealed.seal.data[3] ^= Byte{1};
  std::ofstream(file, std::ios::trunc) << dump_json(forged);
  const rpc::Json failed = simulated({"--replay", file, "--seed", "4"}, 1);
  REQUIRE(failed["failures"].size() == 1);
  CHECK(failed["failures"][0]["invariant"] == "recording");
  CHECK(failed["failures"][0]["replay"].get<std::string>() ==
        "aitbc sim --seed 4 --count 1 --hours 0.1 --faults none --replay " + file);
}

TEST_CASE("a dump that was changed is refused, and says where") {
  const std::string text = dump_json(a_dump());
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string other = text;
    const auto at = other.find(from);
    REQUIRE(at != std::string::npos);
    other.replace(at, from.size(), to);
    const auto read = parse_dump(other);
    REQUIRE_FALSE(read);
    return read.error().detail;
  };
  CHECK(changed("\"version\":1", "\"version\":2").find("version") != std::string::npos);
  CHECK(changed("\"clock_offset_ms\":", "\"clock_offset_ms\":1.5,\"x\":").find("clock_offset_ms") !=
        std::string::npos);
  CHECK(changed("\"blocks\":[\"", "\"blocks\":[\"zz").find("blocks[0]") != std::string::npos);
  CHECK(changed("\"votes\":[\"", "\"votes\":[\"00").find("votes[0]") != std::string::npos);
  CHECK(changed("\"silent\":", "\"silence\":").find("silen") != std::string::npos);
  CHECK_FALSE(parse_dump("{}"));
  CHECK_FALSE(parse_dump(""));
}
