// `aitbc top` without a terminal: what comes in, which keys are pressed, and what is shown then.

#include "cli/top.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "cli/log_lines.hpp"
#include "cli/schema.hpp"
#include "cli/top_view.hpp"
#include "rpc/json.hpp"
#include "rpc/native_fields.hpp"
#include "tests/http/schema_check.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

using What = TopWish::What;
using Kind = SyncState::Kind;

const Time start = *rpc::parse_iso("2026-03-01T12:00:00Z");
constexpr std::string_view control = "\x1b[2J";

std::string hash_of_block(Height height) {
  std::string digits = std::to_string(height);
  return "0x" + std::string(64 - digits.size(), 'a') + digits;
}

sites::NodeReport report_of(const std::string& id, Height height) {
  sites::NodeReport report;
  report.node = id;
  report.process = sites::RunState::running;
  report.state = {Kind::in_sync, 0, ""};
  report.answer.emplace();
  report.answer->node_id = id;
  report.answer->authority.emplace();
  report.answer->authority->data.fill(static_cast<Byte>(id.front()));
  report.answer->head.height = height;
  report.answer->final.height = height - std::min<Height>(height, 1);
  report.answer->mempool_txs = 4;
  report.answer->started = start;
  report.answer->clock_offset = Duration{-3};
  for (int i = 1; i <= 2; ++i) {
    PeerStatus& peer = report.answer->peers.emplace_back();
    peer.url = "http://127.0.0.1:" + std::to_string(8081 + i);
    peer.node_id = std::to_string(i + 1);
    peer.state = {i == 1 ? Kind::in_sync : Kind::unreachable, 0, ""};
    peer.last_error = i == 1 ? "" : "refused" + std::string(control);
  }
  return report;
}

std::string key_of(const std::string& id) { return report_of(id, 1).answer->authority->hex(); }

// A model of three nodes at two sites, and a person before it.
struct Watched {
  TopModel model{"ait-devnet", "ait-devnet", nodes()};
  std::vector<sites::NodeReport> reports{report_of("1", 40), report_of("2", 40),
                                         report_of("3", 40)};
  Time now = start;

  static std::vector<TopNode> nodes() {
    std::vector<TopNode> nodes(3);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      nodes[i].id = std::to_string(i + 1);
      nodes[i].site = i < 2 ? "site_a_localhost" : "site_c_ns3_container";
      nodes[i].url = "http://127.0.0.1:808" + nodes[i].id;
    }
    return nodes;
  }

  void take(const TopNews& news) { model.take(news, now); }
  void answer() {
    sites::NetworkStatus status;
    status.nodes = reports;
    take(StatusNews{std::move(status)});
  }
  void silence(std::size_t index, Kind kind, sites::RunState process) {
    reports[index].answer.reset();
    reports[index].process = process;
    reports[index].state = {kind, 0, kind == Kind::paused ? "stopped by SIGSTOP" : ""};
    answer();
  }
  void listen() {
    for (const char* id : {"1", "2", "3"}) take(StreamNews{id, true});
  }
  NodeEvent event(NodeEvent::Kind kind, Height height) const {
    NodeEvent event;
    event.kind = kind;
    event.time = now;
    event.height = height;
    event.hash = hash_of_block(height);
    return event;
  }
  void head(const std::string& node, Height height, std::uint64_t txs = 1) {
    NodeEvent told = event(NodeEvent::Kind::head, height);
    told.tx_count = txs;
    told.proposer = key_of("2");
    take(EventNews{node, told});
  }
  void final(const std::string& node, Height height) {
    take(EventNews{node, event(NodeEvent::Kind::final, height)});
  }

  TopWish press(std::string_view keys) {
    TopWish wish;
    for (const Key& key : KeyReader().read(keys)) wish = model.press(key);
    return wish;
  }
  TopWish press(Key::Name name) { return model.press({name}); }

  std::vector<std::string> lines(ScreenSize size = {100, 30}) {
    const TopPicture picture = draw(model, size, now);
    model.fit(picture.scroll_max);
    std::vector<std::string> texts;
    for (const ScreenLine& line : picture.screen.lines) texts.push_back(line.text());
    return texts;
  }
  std::string text(ScreenSize size = {100, 30}) {
    std::string text;
    for (const std::string& line : lines(size)) text += line + "\n";
    return text;
  }
  std::string foot() { return lines().back(); }
};

// Two minutes with a block every two seconds, final a second later; then node 3 is frozen.
Watched busy() {
  Watched watched;
  watched.answer();
  watched.listen();
  for (Height height = 41; height <= 100; ++height) {
    watched.now += Duration{1'000};
    for (const char* id : {"1", "2", "3"}) watched.head(id, height, 3);
    watched.now += Duration{1'000};
    for (const char* id : {"1", "2", "3"}) watched.final(id, height);
  }
  watched.silence(2, Kind::paused, sites::RunState::paused);
  watched.now += Duration{2'000};
  watched.head("1", 101);
  watched.head("2", 101);
  return watched;
}

std::string expected(const std::string& name, const std::string& actual) {
  const std::string file = "tests/golden/top/" + name + ".txt";
  const char* const mode = std::getenv("AITBC_GOLDEN");
  if (mode != nullptr && std::string(mode) == "write") std::ofstream(file) << actual;
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("top looks as it did, on screens of all sizes") {
  Watched watched = busy();
  const auto check = [&](const std::string& view, ScreenSize size) {
    const std::string name =
        view + "_" + std::to_string(size.columns) + "x" + std::to_string(size.rows);
    const std::string shown = watched.text(size);
    INFO(name);
    CHECK(shown == expected(name, shown));
  };
  for (const ScreenSize size : {ScreenSize{80, 24}, {200, 50}, {40, 10}}) check("network", size);
  watched.press("?");
  for (const ScreenSize size : {ScreenSize{80, 24}, {40, 10}}) check("help", size);
  watched.press("qe");
  for (const ScreenSize size : {ScreenSize{80, 24}, {40, 10}}) check("details", size);
}

TEST_CASE("no screen is too small to be drawn on, and no line too long for it") {
  for (const std::string keys : {"", "e", "l", "?", "r"}) {
    Watched watched = busy();
    watched.press(keys);
    for (const std::size_t columns : {1U, 5U, 39U, 80U, 300U}) {
      for (const std::size_t rows : {1U, 2U, 3U, 4U, 5U, 6U, 24U}) {
        const auto lines = watched.lines({columns, rows});
        CHECK(lines.size() == rows);
        for (const std::string& line : lines) CHECK(line.size() <= columns);
      }
    }
  }
}

TEST_CASE("what a node tells is shown at once, and what it answers only while it tells nothing") {
  Watched watched;
  watched.answer();
  CHECK(watched.model.nodes()[0].height == 40U);
  watched.listen();
  watched.head("1", 45);
  CHECK(watched.model.best() == 45U);
  CHECK(watched.model.lag_of(watched.model.nodes()[1]) == 5U);
  // A round that was asked before that.
  watched.answer();
  CHECK(watched.model.nodes()[0].height == 45U);
  watched.take(StreamNews{"1", false});
  watched.reports[0].answer->head.height = 44;
  watched.answer();
  CHECK(watched.model.nodes()[0].height == 44U);
}

TEST_CASE("a node on another genesis is not what others are behind of") {
  Watched watched;
  watched.reports[2].answer->head.height = 900;
  watched.reports[2].state = {Kind::wrong_genesis, 0, ""};
  watched.answer();
  CHECK(watched.model.best() == 40U);
  CHECK_FALSE(watched.model.lag_of(watched.model.nodes()[2]).has_value());
}

TEST_CASE("rates are those of the last minute, or of the time since it is listened to") {
  Watched watched;
  watched.answer();
  CHECK_FALSE(watched.model.nodes()[0].rates(watched.now).has_value());
  watched.listen();
  watched.now += Duration{10'000};
  watched.head("1", 41, 7);
  const TopRates first = watched.model.nodes()[0].rates(watched.now).value();
  CHECK(first.window == Duration{10'000});
  CHECK(first.blocks == 1);
  CHECK(first.txs == 7);
  CHECK_FALSE(first.to_final.has_value());
  CHECK(contains(watched.text(), "0.1 blocks/s  0.7 tx/s"));
  watched.now += Duration{61'000};
  const TopRates later = watched.model.nodes()[0].rates(watched.now).value();
  CHECK(later.window == rates_window);
  CHECK(later.blocks == 0);
  // What was missed is not made up: it is counted anew.
  watched.take(EventNews{"1", watched.event(NodeEvent::Kind::gap, 60)});
  watched.now += Duration{5'000};
  CHECK(watched.model.nodes()[0].rates(watched.now)->window == Duration{5'000});
  watched.take(StreamNews{"1", false});
  CHECK_FALSE(watched.model.nodes()[0].rates(watched.now).has_value());
}

TEST_CASE("the time to final is from a block's head to its finality, also of those in between") {
  Watched watched;
  watched.answer();
  watched.listen();
  watched.head("1", 41);
  watched.now += Duration{1'000};
  watched.head("1", 42);
  watched.now += Duration{500};
  // Of another branch: the one that was there is not what becomes final.
  watched.head("1", 42);
  watched.now += Duration{500};
  watched.head("1", 43);
  watched.now += Duration{400};
  watched.final("1", 43);
  // 2.4, 0.9 and 0.4 seconds.
  CHECK(watched.model.nodes()[0].rates(watched.now)->to_final == Duration{900});
  CHECK(contains(watched.text(), "final after 900 ms"));
}

TEST_CASE("a node's state is among its events when its own word is another one") {
  Watched watched;
  for (const std::string state : {"in_sync", "in_sync", "behind 1", "in_sync"}) {
    NodeEvent told = watched.event(NodeEvent::Kind::state, 0);
    told.state = state;
    watched.take(EventNews{"1", told});
  }
  CHECK(watched.model.nodes()[0].events.size() == 3);
}

TEST_CASE("the first node in sync that is listened to speaks for the network") {
  Watched watched;
  watched.answer();
  CHECK(watched.model.speaker() == nullptr);
  watched.listen();
  CHECK(watched.model.speaker()->id == "1");
  watched.silence(0, Kind::unreachable, sites::RunState::running);
  CHECK(watched.model.speaker()->id == "2");
}

TEST_CASE("p freezes a node and lets a frozen one go on") {
  Watched watched;
  watched.answer();
  CHECK(watched.press("jp") == TopWish{What::pause, "2"});
  CHECK(watched.foot() == "pausing node 2 ...");
  watched.silence(1, Kind::paused, sites::RunState::paused);
  // One at a time.
  CHECK(watched.press("p") == TopWish{});
  CHECK(watched.foot() == "wait: still pausing node 2");
  watched.take(DoneNews{{What::pause, "2"}, ok()});
  CHECK(watched.foot() == "node 2 is paused");
  CHECK(watched.press("p") == TopWish{What::resume, "2"});
  watched.take(DoneNews{{What::resume, "2"}, error(Errc::refused, "no\x1b[2J such process")});
  CHECK(watched.foot() == "resume node 2: no?[2J such process");
  watched.press("k");
  CHECK(contains(watched.foot(), "? help"));
}

TEST_CASE("a node is restarted only after a y") {
  for (const std::string key : {"n", "r", "q", "Y", "\r"}) {
    Watched watched;
    watched.answer();
    CHECK(watched.press("r") == TopWish{});
    CHECK(watched.foot() == "restart node 1? y/n");
    CHECK(watched.press(key) == TopWish{});
    CHECK(watched.foot() == "nothing is done to node 1");
    CHECK(watched.press("y") == TopWish{});
  }
  Watched watched;
  watched.answer();
  watched.press("r");
  CHECK(watched.press("y") == TopWish{What::restart, "1"});
  CHECK(watched.foot() == "restarting node 1 ...");
}

TEST_CASE("keys choose a node and never leave the list") {
  Watched watched;
  const auto after = [&](std::string_view keys) {
    watched.press(keys);
    return watched.model.chosen();
  };
  CHECK(after("k") == 0);
  CHECK(after("jj") == 2);
  CHECK(after("j\x1b[B\x1b[6~") == 2);
  CHECK(after("\x1b[A") == 1);
  CHECK(after("\x1b[5~") == 0);
  CHECK(after("G") == 2);
  CHECK(after("g") == 0);
  // The chosen row is in view, however few there are.
  watched.press("G");
  CHECK(contains(watched.text({40, 5}), "\n3 "));
}

TEST_CASE("q leaves a view, and from the first one the program; control-C always") {
  for (const std::string view : {"e", "l", "?", "\r"}) {
    Watched watched;
    CHECK(watched.press(view) == TopWish{});
    CHECK(watched.model.view() != TopModel::View::network);
    CHECK(watched.press("\x03").what == What::quit);
    CHECK(watched.press("q") == TopWish{});
    CHECK(watched.model.view() == TopModel::View::network);
    watched.press(view);
    CHECK(watched.press(Key::Name::escape) == TopWish{});
    CHECK(watched.model.view() == TopModel::View::network);
    CHECK(watched.press(Key::Name::escape) == TopWish{});
    CHECK(watched.press("q").what == What::quit);
  }
  CHECK(Watched().press("\x1a").what == What::suspend);
}

TEST_CASE("a log is followed at its end, and stands still for who reads further up") {
  Watched watched;
  watched.press("jl");
  CHECK(watched.model.followed() == "2");
  std::vector<std::string> many;
  for (int i = 0; i < 100; ++i) many.push_back("line " + std::to_string(i));
  watched.take(LogNews{"2", many});
  watched.take(LogNews{"1", std::vector<std::string>{"of another node"}});
  const ScreenSize size{60, 12};
  CHECK(watched.lines(size)[10] == "line 99");
  CHECK(watched.lines(size)[1] == "line 90");
  watched.press("kk");
  CHECK(watched.lines(size)[10] == "line 97");
  watched.take(LogNews{"2", std::vector<std::string>{"line 100"}});
  CHECK(watched.lines(size)[10] == "line 97");
  watched.press("g");
  CHECK(watched.lines(size)[1] == "line 0");
  watched.press("G");
  CHECK(watched.lines(size)[10] == "line 100");
  watched.take(LogNews{"2", std::vector<std::string>{"now\x1b[2J\x9b"
                                                     "2J"}});
  CHECK(watched.lines(size)[10] == "now?[2J2J");
  watched.take(LogNews{"2", error(Errc::unreachable, "no way there")});
  CHECK(watched.lines(size).back() == "no way there");
  watched.press("q");
  CHECK(watched.model.followed().empty());
}

TEST_CASE("a line of a log is read by people") {
  const auto shown = [](const std::string& text) { return readable(read_log_line("1", text)); };
  CHECK(
      shown(R"({"timestamp":"2026-03-01T12:00:00.125Z","service":"s","level":"INFO",)"
            R"("message":"Block sealed","event":"block_sealed","node":"1","height":7,"by":"k"})") ==
      "12:00:00 INFO block_sealed height=7 by=k");
  CHECK(shown("Segmentation fault") == "Segmentation fault");
  CHECK(shown("[1]") == "[1]");
}

TEST_CASE("a round that failed is told until one succeeds") {
  Watched watched;
  watched.take(StatusNews{error(Errc::unreachable, "no such host")});
  CHECK(watched.foot() == "no such host");
  watched.answer();
  CHECK(contains(watched.foot(), "? help"));
}

TEST_CASE("events of a node are read as the route describes them") {
  const auto head = parse_node_event(
      "head", R"({"time":"2026-03-01T12:00:00Z","height":7,"hash":"0xab","tx_count":2,)"
              R"("proposer":"cd"})");
  REQUIRE(head.has_value());
  CHECK(head->height == 7);
  CHECK(head->tx_count == 2);
  CHECK(head->time == start);
  const auto gap = parse_node_event(
      "gap", R"({"detail":"x","head":{"height":9,"slot":1,"hash":"0x1"},"final":{"height":8}})");
  REQUIRE(gap.has_value());
  CHECK(gap->height == 9);
  CHECK(gap->final_height == 8);
  CHECK(parse_node_event("head", "{}").error().code == Errc::bad_json);
  CHECK(parse_node_event("news", "{}").error().code == Errc::bad_json);
}

TEST_CASE("a line of JSON fits its schema, whatever is known") {
  const rpc::Json none = rpc::Json::object();
  const rpc::Json schema = *rpc::parse_json(*schema_of("top"));
  Watched fresh, full = busy();
  for (Watched* watched : {&fresh, &full}) {
    const auto json = rpc::parse_json(top_json(watched->model, watched->now));
    REQUIRE(json.has_value());
    CHECK(test::SchemaCheck(none).fault(*json, schema).value_or("fits") == "fits");
  }
  const rpc::Json json = *rpc::parse_json(top_json(full.model, full.now));
  CHECK(json["height"] == 101);
  CHECK(json["final_height"] == 100);
  CHECK(json["rates"]["time_to_final_ms"] == 1'000);
  CHECK(json["nodes"][2]["lag"] == 1);
  CHECK(json["nodes"][2]["state"] == "paused: stopped by SIGSTOP");
}
