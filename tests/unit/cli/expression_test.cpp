#include "cli/expression.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;
using namespace aitbc::cli;

namespace {

NodeFacts node(const std::string& id, Height height, Byte head) {
  NodeFacts facts;
  facts.node = id;
  facts.state = SyncState::Kind::in_sync;
  facts.ledger = NodeFacts::Ledger{};
  facts.ledger->height = height;
  facts.ledger->final = height / 2;
  facts.ledger->mempool = 3;
  facts.ledger->head.data.fill(head);
  facts.ledger->state_root.data.fill(head);
  return facts;
}

NodeFacts silent(const std::string& id) {
  NodeFacts facts;
  facts.node = id;
  facts.state = SyncState::Kind::stopped;
  return facts;
}

bool judged(const std::string& text, const std::vector<NodeFacts>& nodes) {
  const auto expression = parse_expression(text);
  INFO(text);
  REQUIRE(expression.has_value());
  return holds(*expression, nodes);
}

}  // namespace

TEST_CASE("conditions are judged for all, for any, and for one node") {
  const std::vector<NodeFacts> nodes{node("1", 20, 1), node("2", 19, 2)};
  CHECK(judged("all: height >= 19", nodes));
  CHECK_FALSE(judged("all: height >= 20", nodes));
  CHECK(judged("any: height >= 20", nodes));
  CHECK_FALSE(judged("any: height > 20", nodes));
  CHECK(judged("2: height == 19", nodes));
  CHECK(judged("2: height != 20", nodes));
  CHECK(judged("2: height < 20", nodes));
  CHECK(judged("2: height <= 19", nodes));
  CHECK_FALSE(judged("2: height < 19", nodes));
  CHECK(judged("all: mempool == 3, reorgs == 0", nodes));
  CHECK_FALSE(judged("all: mempool == 3, reorgs == 1", nodes));
  CHECK(judged("1: final == 10 and 2: final == 9", nodes));
  CHECK_FALSE(judged("1: final == 10 and 2: final == 10", nodes));
  CHECK(judged("all: state == in_sync", nodes));
  CHECK(judged("any:state!=behind", nodes));
  CHECK_FALSE(judged("3: height == 0", nodes));
}

TEST_CASE("any asks one node for all of the clause's conditions") {
  const std::vector<NodeFacts> nodes{node("1", 20, 1), silent("2")};
  CHECK_FALSE(judged("any: height == 20, state == stopped", nodes));
  CHECK(judged("any: height == 20 and any: state == stopped", nodes));
}

TEST_CASE("heads are the same when all nodes answer and name one") {
  CHECK(judged("all: head == same", {node("1", 5, 1), node("2", 5, 1)}));
  CHECK_FALSE(judged("all: head == same", {node("1", 5, 1), node("2", 5, 2)}));
  CHECK(judged("all: head != same", {node("1", 5, 1), node("2", 5, 2)}));
  CHECK_FALSE(judged("all: head == same", {node("1", 5, 1), silent("2")}));
  CHECK_FALSE(judged("all: head != same", {node("1", 5, 1), silent("2")}));
  CHECK_FALSE(judged("all: head == same", {}));
  const std::string hash = "0x" + std::string(64, '1');
  CHECK(judged("1: head == " + hash + ", state_root == " + hash, {node("1", 5, 0x11)}));
  CHECK_FALSE(judged("1: head != " + hash, {node("1", 5, 0x11)}));
}

TEST_CASE("what a silent node's height is compared with does not hold") {
  CHECK_FALSE(judged("1: height >= 0", {silent("1")}));
  CHECK_FALSE(judged("1: height != 7", {silent("1")}));
  CHECK(judged("1: state == stopped", {silent("1")}));
}

TEST_CASE("an expression that is none says where and what was expected") {
  struct Case {
    std::string text, said;
  };
  const std::vector<Case> cases{
      {"", "at character 1: expected all, any or a node"},
      {"all", "expected ':' after 'all'"},
      {"all:", "expected height"},
      {"all: size > 1", "at character 6: expected height"},
      {"all: height", "expected ==, !=, <"},
      {"all: height = 1", "expected ==, !=, <"},
      {"all: height > x", "expected a whole number"},
      {"all: height > 1.5", "expected a whole number"},
      {"all: height > -1", "expected a whole number"},
      {"all: state > behind", "expected == or != for state"},
      {"all: state == good", "expected in_sync, behind"},
      {"all: head == 0x12", "expected 'same' or 0x and 64"},
      {"any: head == same", "'same' compares all nodes"},
      {"all: height > 1 or any: height > 2", "expected 'and', ',' or the end"},
      {"all: height > 1 and", "expected all, any or a node"},
      {std::string(2'000, 'a'), "longer than"},
  };
  for (const Case& each : cases) {
    INFO(each.text);
    const auto expression = parse_expression(each.text);
    REQUIRE_FALSE(expression.has_value());
    CHECK(expression.error().code == Errc::bad_config);
    CHECK(expression.error().detail.find(each.said) != std::string::npos);
  }
}

TEST_CASE("a node that does not exist is named before anything is waited for") {
  const auto expression = parse_expression("all: height > 1 and 4: height > 1");
  REQUIRE(expression.has_value());
  const Status known = check_scopes(*expression, {"1", "2"});
  REQUIRE_FALSE(known.has_value());
  CHECK(known.error().detail == "there is no node '4'; there are: 1, 2");
  CHECK(check_scopes(*expression, {"1", "4"}).has_value());
}
