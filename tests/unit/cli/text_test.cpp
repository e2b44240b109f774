// What people type and read: numbers, tables, progress, exit codes, log lines.

#include <filesystem>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "cli/file.hpp"
#include "cli/json_view.hpp"
#include "cli/log.hpp"
#include "cli/log_lines.hpp"
#include "cli/number.hpp"
#include "cli/outcome.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "rpc/json.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;

TEST_CASE("numbers are decimal digits and nothing else") {
  CHECK(*parse_number("0", "n") == 0);
  CHECK(*parse_number("9007199254740991", "n") == limits::supply_max);
  for (const char* text : {"", "-1", "+1", "1.5", "010", "0x10", "1e3", " 1", "1 ",
                           "9007199254740992", "18446744073709551616"}) {
    INFO(text);
    const auto number = parse_number(text, "AMOUNT");
    REQUIRE_FALSE(number.has_value());
    CHECK(number.error().detail.find("AMOUNT: expected a whole number from 0 to") == 0);
  }
  CHECK_FALSE(parse_amount("0", "AMOUNT").has_value());
  CHECK(parse_amount("1", "AMOUNT")->units() == 1);
}

TEST_CASE("spans of time have a unit") {
  CHECK(*parse_duration("250ms", "t") == Duration{250});
  CHECK(*parse_duration("30s", "t") == Duration{30'000});
  CHECK(*parse_duration("5m", "t") == Duration{300'000});
  CHECK(*parse_duration("2h", "t") == Duration{7'200'000});
  CHECK(*parse_duration("1d", "t") == Duration{86'400'000});
  for (const char* text : {"", "30", "s", "-1s", "1.5s", "30 s", "30x", "999999d"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text, "t").has_value());
  }
}

TEST_CASE("the sizes of faults have a unit, and a clock may be behind") {
  CHECK(*parse_signed_duration("-2s", "t") == Duration{-2'000});
  CHECK(*parse_signed_duration("2s", "t") == Duration{2'000});
  CHECK_FALSE(parse_signed_duration("--2s", "t").has_value());
  CHECK(*parse_percent("10%", "p") == 100'000);
  CHECK(*parse_percent("0.5%", "p") == 5'000);
  CHECK(*parse_percent("100%", "p") == 1'000'000);
  for (const char* text : {"", "10", "%", "-1%", "100.1%", "1.%", ".5%", "1.23456%", "1.-5%"}) {
    INFO(text);
    CHECK_FALSE(parse_percent(text, "p").has_value());
  }
  CHECK(*parse_ppm("200ppm", "d") == 200);
  CHECK(*parse_ppm("-200ppm", "d") == -200);
  for (const char* text : {"", "200", "ppm", "100001ppm", "1.5ppm"}) {
    INFO(text);
    CHECK_FALSE(parse_ppm(text, "d").has_value());
  }
  CHECK(*parse_bytes("64kB", "r") == 64'000);
  CHECK(*parse_bytes("1MB", "r") == 1'000'000);
  CHECK(*parse_bytes("500B", "r") == 500);
  for (const char* text : {"", "64", "0kB", "64KB", "-1B", "1.5kB"}) {
    INFO(text);
    CHECK_FALSE(parse_bytes(text, "r").has_value());
  }
}

TEST_CASE("the exit code says what came of it, and who said no") {
  const auto code = [](Errc what, Origin origin) { return exit_code({error(what, ""), origin}); };
  CHECK(code(Errc::bad_config, Origin::here) == Exit::usage);
  CHECK(code(Errc::bad_address, Origin::here) == Exit::usage);
  CHECK(code(Errc::in_use, Origin::here) == Exit::usage);
  CHECK(code(Errc::refused, Origin::here) == Exit::negative);
  CHECK(code(Errc::not_found, Origin::here) == Exit::negative);
  CHECK(code(Errc::storage, Origin::here) == Exit::internal);
  CHECK(code(Errc::corrupt, Origin::here) == Exit::internal);
  CHECK(code(Errc::unreachable, Origin::here) == Exit::unreachable);
  CHECK(code(Errc::timeout, Origin::here) == Exit::unreachable);
  CHECK(code(Errc::unreachable, Origin::node) == Exit::unreachable);
  CHECK(code(Errc::timeout, Origin::node) == Exit::unreachable);
  CHECK(code(Errc::not_found, Origin::node) == Exit::negative);
  CHECK(code(Errc::bad_signature, Origin::node) == Exit::refused);
  CHECK(code(Errc::insufficient_balance, Origin::node) == Exit::refused);
  CHECK(code(Errc::mempool_full, Origin::node) == Exit::refused);
  CHECK(code(Errc::storage, Origin::node) == Exit::refused);
}

TEST_CASE("columns line up, also under names that are not ASCII") {
  Table table({"NODE", "STATE"});
  table.add({"1", "in_sync"});
  table.add({"knöten", "behind 3", "x"});
  CHECK(table.text() == "NODE    STATE\n1       in_sync\nknöten  behind 3  x");
}

TEST_CASE("stdout is data or one document; talk is on stderr") {
  std::ostringstream out;
  std::ostringstream talk;
  Output output(out, talk);
  output.line("5");
  output.document("{}");
  output.say("done");
  CHECK(out.str() == "5\n");
  CHECK(talk.str() == "done\n");
  output.use_json(true);
  output.use_quiet(true);
  output.line("5");
  output.document("{\"a\":1}");
  output.say("done");
  output.fail(Failure{error(Errc::refused, "a \"quoted\" why"), Origin::here});
  CHECK(out.str() ==
        "5\n{\"a\":1}\n{\"error\":{\"code\":\"refused\",\"detail\":\"a \\\"quoted\\\" "
        "why\"}}\n");
  CHECK(talk.str() == "done\naitbc: a \"quoted\" why\n");
}

TEST_CASE("what a node says cannot move the cursor") {
  std::ostringstream out;
  std::ostringstream talk;
  Output output(out, talk);
  output.line("a\x1b[2Jb\r\nc\x7f ü");
  output.say("\x07");
  CHECK(out.str() == "a?[2Jb?\nc? ü\n");
  CHECK(talk.str() == "?\n");
}

namespace {
std::chrono::steady_clock::time_point frozen() { return {}; }
}  // namespace

TEST_CASE("progress is one line that changes on a terminal, and a line a step elsewhere") {
  std::ostringstream lines;
  {
    Progress progress(lines, Progress::Kind::lines, frozen);
    progress.step("node 1", 0, 3);
    progress.step("node 1", 0, 3);
    progress.step("node 2", 1, 3);
  }
  CHECK(lines.str() == "[0/3] node 1\n[1/3] node 2\n");
  std::ostringstream terminal;
  {
    Progress progress(terminal, Progress::Kind::terminal, frozen);
    progress.step("node 1", 0, 3);
  }
  CHECK(terminal.str() == "\r\x1b[K[0/3] node 1  0.0 s\r\x1b[K");
  std::ostringstream silent;
  Progress(silent, Progress::Kind::silent, frozen).step("node 1", 0, 3);
  CHECK(silent.str().empty());
}

TEST_CASE("a log line is one line of JSON, whatever a peer has sent") {
  std::ostringstream out;
  const auto log = make_log({.level = Log::Level::info, .node = "1", .into = &out});
  log->debug("dropped");
  log->info("peer_said", {{"text", "a\"b\n{\"level\":\"error\"} %v \x1b[2J \xff"},
                          {"height", 7},
                          {"ok", true},
                          {"audit.user_id", "local"},
                          {"audit.details.status", 200},
                          {"offset", -3}});
  const int here = __LINE__ - 6;
  std::string text = out.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  const auto line = rpc::parse_json(text);
  REQUIRE(line.has_value());
  CHECK((*line)["level"] == "INFO");
  CHECK((*line)["event"] == "peer_said");
  // The predecessor's fields: what reads its logs reads ours.
  CHECK((*line)["service"] == "aitbc-blockchain-node");
  CHECK((*line)["logger"] == "aitbc.cli");
  CHECK((*line)["module"] == "text_test");
  CHECK((*line)["function"].is_string());
  CHECK((*line)["line"] == here);
  CHECK((*line)["message"] == "peer said");
  CHECK((*line)["audit"]["user_id"] == "local");
  CHECK((*line)["audit"]["details"]["status"] == 200);
  CHECK((*line)["node"] == "1");
  CHECK((*line)["height"] == 7);
  CHECK((*line)["ok"] == true);
  CHECK((*line)["offset"] == -3);
  CHECK(read_log_line("1", text.substr(0, text.size() - 1)).time.has_value());

  std::ostringstream pretty;
  const auto text_log = make_log({.format = LogFormat::text, .node = "", .into = &pretty});
  text_log->warn("peer_said", {{"text", "\x1b[2J\n"}});
  text = pretty.str();
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find(" warn  peer_said text=") != std::string::npos);
}

TEST_CASE("a log level is one of four words") {
  CHECK(*parse_log_level("warn") == Log::Level::warn);
  for (const char* text : {"", "off", "WARN", "warning"}) CHECK_FALSE(parse_log_level(text));
}

namespace {

std::string stamped(int second, const std::string& rest) {
  return "{\"timestamp\":\"2026-01-01T00:00:0" + std::to_string(second) + "Z\",\"event\":\"" +
         rest + "\"}\n";
}

void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app) << text;
}

}  // namespace

TEST_CASE("logs of several nodes are shown in the order of time, the last lines of all") {
  const test::TempDir folder;
  append(folder.file("a"), stamped(1, "a1") + stamped(4, "a4"));
  append(folder.file("b"), stamped(2, "b2") + "plain words\n" + stamped(3, "b3") + "cut");
  const sites::SystemClock clock;
  sites::LocalTransport files(clock);
  std::vector<LogTail> tails{{"a", folder.file("a"), files}, {"b", folder.file("b"), files}};
  std::vector<std::vector<LogLine>> logs;
  for (LogTail& tail : tails) logs.push_back(*tail.read_new(1'000));
  const auto merged = merge_last(logs, 4);
  REQUIRE(merged.size() == 4);
  CHECK(merged[0].text.find("b2") != std::string::npos);
  CHECK(merged[1].text == "plain words");
  CHECK(merged[2].text.find("b3") != std::string::npos);
  CHECK(merged[3].node == "a");

  append(folder.file("b"), " line\n");
  const auto fresh = *tails[1].read_new(1'000);
  REQUIRE(fresh.size() == 1);
  CHECK(fresh[0].text == "cut line");
  CHECK(tails[1].read_new(1'000)->empty());
  append(folder.file("b2"), "new\n" + std::string(500, 'x') + "\n");
  std::filesystem::rename(folder.file("b2"), folder.file("b"));
  const auto replaced = *tails[1].read_new(1'000);
  REQUIRE(replaced.size() == 2);
  CHECK(replaced[0].text == "new");
  LogTail late("a", folder.file("a"), files);
  CHECK(late.read_new(60)->size() == 1);

  // On a machine whose clock is three seconds ahead a1 was written before everything else.
  LogTail ahead("a", folder.file("a"), files, Duration{3'000});
  const auto shifted = *ahead.read_new(1'000);
  CHECK(shifted[0].time == *read_log_line("a", stamped(1, "a1")).time - Duration{3'000});
}

TEST_CASE("log lines are chosen by a regular expression and by age") {
  const LogLine line =
      read_log_line("1", "{\"timestamp\":\"2026-01-01T00:00:05Z\",\"event\":\"block_x\"}");
  REQUIRE(line.time.has_value());
  CHECK(LogFilter::make("block_.", std::nullopt)->admits(line));
  CHECK_FALSE(LogFilter::make("^block", std::nullopt)->admits(line));
  CHECK(LogFilter::make(std::nullopt, line.time)->admits(line));
  CHECK_FALSE(LogFilter::make(std::nullopt, *line.time + Duration{1})->admits(line));
  CHECK_FALSE(LogFilter::make(std::nullopt, line.time)->admits(read_log_line("1", "plain")));
  const auto bad = LogFilter::make("(", std::nullopt);
  REQUIRE_FALSE(bad.has_value());
  CHECK(bad.error().code == Errc::bad_config);
  CHECK_FALSE(LogFilter::make(std::string(300, 'a'), std::nullopt).has_value());
}

TEST_CASE("a node's answer is shown field by field, or row by row") {
  const std::string answer = R"({"a":1,"b":{"c":"x"},"d":[{"e":true},{"e":null,"f":2}]})";
  CHECK(*fields_of(answer) == "a       1\nb.c     x\nd[0].e  true\nd[1].e  -\nd[1].f  2");
  CHECK(*rows_of(answer, "d", {"e", "f"}) == "E     F\ntrue  -\n-     2");
  CHECK_FALSE(rows_of(answer, "a", {"e"}).has_value());
  CHECK_FALSE(rows_of("[]", "a", {"e"}).has_value());
  CHECK(*number_in(R"({"height":7})", "height") == 7);
  CHECK_FALSE(fields_of("{").has_value());
}

TEST_CASE("a file is written whole and never by accident over another") {
  const test::TempDir folder;
  const std::string path = folder.file("a");
  REQUIRE(write_file(path, "one", {}).has_value());
  CHECK_FALSE(write_file(path, "two", {}).has_value());
  CHECK(*read_file(path, 10) == "one");
  REQUIRE(write_file(path, "two", {.existing = Existing::replace}).has_value());
  CHECK(*read_file(path, 10) == "two");
  CHECK_FALSE(read_file(path, 2).has_value());
  CHECK_FALSE(read_file(folder.path().string(), 10).has_value());
  CHECK_FALSE(write_file(folder.file("no/such/folder"), "x", {}).has_value());
  const std::filesystem::directory_iterator entries(folder.path());
  CHECK(std::distance(begin(entries), end(entries)) == 1);
}
