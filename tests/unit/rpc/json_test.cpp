#include <catch2/catch.hpp>

#include <ctime>
#include <string>

#include "chain/core/limits.hpp"
#include "rpc/json.hpp"
#include "tests/support/contains.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using test::contains;

namespace {

std::string refusal(std::string_view text) {
  const Result<Json> parsed = parse_json(text);
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == Errc::bad_json);
  return parsed.error().detail;
}

Json parsed(std::string_view text) {
  Result<Json> value = parse_json(text);
  INFO(text);
  REQUIRE(value.has_value());
  return *value;
}

}  // namespace

TEST_CASE("JSON goes through unchanged and in the order it was written") {
  const std::string text = R"({"hash":"ab","a":[1,-2,1.5,true,null,{"z":0,"b":"\"é"}]})";
  CHECK(dump(parsed(text)) == text);
  CHECK(dump(parsed("7")) == "7");
}

TEST_CASE("what is not strict JSON is refused with a place") {
  CHECK(refusal("") == "expected JSON, got nothing");
  CHECK(contains(refusal("{\"a\":1"), "line 1, column 7"));
  CHECK(contains(refusal("{\"a\":1}\nx"), "line 2, column 1"));
  CHECK(contains(refusal("[1,]"), "unexpected ']'"));
  CHECK(contains(refusal("\xEF\xBB\xBF{}"), "byte order mark"));
  CHECK(contains(refusal("\"\xff\""), "UTF-8"));
  CHECK(contains(refusal("1e999"), "number overflow parsing '1e999'"));
  for (const char* text : {"NaN", "{'a':1}", "01", "+1", "//x\n1", "nul", "1 2", "\"\\ud800\""}) {
    INFO(text);
    refusal(text);
  }
}

TEST_CASE("a key given twice is refused by its path") {
  CHECK(refusal(R"({"a":1,"a":1})") == "a: this key is given twice");
  CHECK(refusal(R"({"t":{"m":1,"m":2}})") == "t.m: this key is given twice");
  CHECK(refusal(R"({"t":[0,{"m":1,"\u006d":2}]})") == "t[1].m: this key is given twice");
  parsed(R"({"a":{"b":1},"b":{"a":1,"b":2},"c":[{"a":1},{"a":1}]})");
}

// By the processor's time, of ten times as many: about ten times as much, and not a hundred.
TEST_CASE("many keys take no quadratic time") {
  const auto ticks_for = [](int keys) {
    std::string text = "{";
    for (int i = 0; i < keys; ++i) text += "\"k" + std::to_string(i) + "\":1,";
    text.back() = '}';
    const std::clock_t before = std::clock();
    CHECK(parsed(text).size() == static_cast<std::size_t>(keys));
    return std::clock() - before;
  };
  const std::clock_t few = ticks_for(20'000);
  CHECK(ticks_for(200'000) < 40 * few);
}

TEST_CASE("depth is bounded, however deep the text is") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  parsed(nested(limits::json_depth_max));
  CHECK(contains(refusal(nested(limits::json_depth_max + 1)), "at most 16 levels of nesting"));
  CHECK(contains(refusal(nested(100'000)), "at most 16 levels of nesting"));
  CHECK(contains(refusal(std::string(100'000, '[')), "at most 16 levels of nesting"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  CHECK(contains(refusal(objects), "at most 16 levels of nesting"));
}

TEST_CASE("dump replaces what is not UTF-8") {
  Json value;
  value["detail"] = "a\xff";
  CHECK(dump(value) == "{\"detail\":\"a\xEF\xBF\xBD\"}");
}

TEST_CASE("an integer is an integer in its range") {
  const Json value = parsed(
      R"({"ok":7,"most":9007199254740991,"more":9007199254740992,"float":1.5,"whole":1.0,)"
      R"("minus":-1,"huge":18446744073709551616,"text":"1","null":null,"bool":true,"exp":1e2,)"
      R"("wrap":18446744073709551615,"list":[]})");
  ObjectReader reader = *ObjectReader::open(value, "transaction");
  CHECK(*reader.integer("ok") == 7);
  CHECK(*reader.integer("most") == limits::supply_max);
  CHECK(reader.integer("float").error().detail ==
        "transaction.float: expected an integer from 0 to 9007199254740991, got 1.5");
  for (const char* name :
       {"more", "float", "whole", "minus", "huge", "text", "null", "bool", "exp", "wrap", "list"}) {
    INFO(name);
    CHECK_FALSE(reader.integer(name).has_value());
    CHECK_FALSE(reader.optional_integer(name).has_value());
  }
  CHECK(reader.integer("text").error().detail ==
        "transaction.text: expected an integer from 0 to 9007199254740991, got \"1\"");
  CHECK(reader.integer("absent").error().detail ==
        "transaction.absent: expected an integer from 0 to 9007199254740991, got nothing");
  CHECK_FALSE(reader.integer("ok", {.min = 8, .max = 9}).has_value());
  CHECK_FALSE(reader.integer("ok", {.min = 0, .max = 6}).has_value());
  CHECK(*reader.integer("wrap", {.min = 0, .max = UINT64_MAX}) == UINT64_MAX);
  CHECK(*reader.optional_integer("absent") == std::nullopt);
  CHECK(*reader.optional_integer("ok") == 7);
}

TEST_CASE("texts, booleans, arrays and objects have exact types and bounds") {
  const Json value = parsed(
      R"({"t":"abc","b":false,"a":[1,2],"o":{"x":1},"os":[{"x":1},{"x":2}],"ts":["a","bc"]})");
  ObjectReader reader = *ObjectReader::open(value);
  CHECK(*reader.text("t", 3) == "abc");
  CHECK(reader.text("t", 2).error().detail ==
        "t: expected a string of at most 2 bytes, got 3 bytes");
  CHECK(reader.text("b", 9).error().detail == "b: expected a string of at most 9 bytes, got false");
  CHECK(*reader.boolean("b") == false);
  CHECK(reader.boolean("t").error().detail == "t: expected true or false, got \"abc\"");
  CHECK((*reader.array("a", 2))->size() == 2);
  CHECK(reader.array("a", 1).error().detail ==
        "a: expected an array of at most 1 items, got 2 items");
  CHECK(reader.array("o", 1).error().detail ==
        "o: expected an array of at most 1 items, got an object");
  CHECK(*reader.object("o")->integer("x") == 1);
  CHECK(reader.object("a").error().detail == "a: expected an object, got an array");
  auto objects = *reader.objects("os", 2);
  REQUIRE(objects.size() == 2);
  CHECK(*objects[1].integer("x") == 2);
  CHECK(contains(objects[1].text("x", 1).error().detail, "os[1].x: "));
  CHECK(contains(reader.objects("a", 2).error().detail, "a[0]: expected an object, got 1"));
  CHECK(*reader.texts("ts", 2, 2) == std::vector<std::string>{"a", "bc"});
  CHECK(contains(reader.texts("ts", 2, 1).error().detail, "ts[1]: "));
  CHECK(*reader.optional_text("none", 1) == std::nullopt);
  CHECK(*reader.optional_boolean("none") == std::nullopt);
  CHECK_FALSE(reader.optional_object("none")->has_value());
  CHECK_FALSE(reader.optional_boolean("t").has_value());
  CHECK_FALSE(reader.optional_object("t").has_value());
  CHECK(ObjectReader::open(parsed("[1]")).error().detail == "expected an object, got an array");
}

TEST_CASE("finish names the field nobody asked for") {
  const Json value = parsed(R"({"amount":1,"amuont":2})");
  ObjectReader reader = *ObjectReader::open(value, "transaction");
  CHECK(reader.has("amuont"));
  REQUIRE(reader.integer("amount").has_value());
  CHECK(reader.finish().error().code == Errc::bad_json);
  CHECK(contains(reader.finish().error().detail, "transaction.amuont: "));
  REQUIRE(reader.value("amuont").has_value());
  CHECK(reader.finish().has_value());
}
