#include "chain/core/canonical_json.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"

using namespace aitbc;

namespace {

// Errors too, so that one table holds both.
std::string canonical(std::string_view text) {
  const auto value = read_json(text);
  return value ? canonical_text(*value) : value.error().detail;
}

}  // namespace

TEST_CASE("canonical JSON is what json.dumps prints with sorted keys and no spaces") {
  // The right side is Python's, of the left side read by it with all nulls left out.
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"( { "b" : 1 , "a" : [ true , false , null , { } , [ ] ] } )",
       R"({"a":[true,false,{},[]],"b":1})"},
      {R"({"a":null})", "{}"},
      {"[null]", "[]"},
      {R"([1.9, 1e-05, -0.0, 1E5, 10.50, 123456789012345678901234567890])",
       R"([1.9,1e-05,-0.0,1E5,10.50,123456789012345678901234567890])"},
      {R"("grüße € 😀")", R"("gr\u00fc\u00dfe \u20ac \ud83d\ude00")"},
      {R"("\u0061\u00FC\ud83d\uDE00\/\"\\\b\f\n\r\t\u0000\u007f")",
       R"("a\u00fc\ud83d\ude00/\"\\\b\f\n\r\t\u0000\u007f")"},
      // By code point: U+E000 is before U+10000, whose escape begins with d8.
      {R"({"\ud800\udc00":1,"\ue000":2,"z":3,"":4})",
       R"({"":4,"z":3,"\ue000":2,"\ud800\udc00":1})"},
  };
  for (const auto& [text, expected] : cases) {
    CHECK(canonical(text) == expected);
    CHECK(canonical(expected) == expected);
  }
}

TEST_CASE("what is no JSON is refused with its place") {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "JSON: byte 0: expected a value"},
      {"NaN", "JSON: byte 0: expected a value"},
      {"-Infinity", "JSON: byte 1: expected a value"},
      {"01", "JSON: byte 1: expected the end"},
      {"+1", "JSON: byte 0: expected a value"},
      {"1.", "JSON: byte 2: expected a digit"},
      {"1e", "JSON: byte 2: expected a digit"},
      {"[1 2]", "JSON: byte 3: expected ',' or ']'"},
      {"[1,]", "JSON: byte 3: expected a value"},
      {"{1:2}", "JSON: byte 1: expected a key"},
      {R"({"a" 1})", "JSON: byte 5: expected ':'"},
      {R"({"a":1)", "JSON: byte 6: expected ',' or '}'"},
      {R"({"a":1,"\u0061":2})",
       "JSON: byte 18: expected no key twice in the object that ends here"},
      {R"("a)", "JSON: byte 2: expected '\"'"},
      {"\"\n\"", "JSON: byte 1: expected UTF-8 without control characters"},
      {"\"\xc0\x80\"", "JSON: byte 1: expected UTF-8 without control characters"},
      {"\"\xed\xa0\x80\"", "JSON: byte 1: expected UTF-8 without control characters"},
      {"\"\xf5\x80\x80\x80\"", "JSON: byte 1: expected UTF-8 without control characters"},
      {"\"\xe2\x82", "JSON: byte 1: expected UTF-8 without control characters"},
      {R"("\x")", "JSON: byte 2: expected a character that may be escaped"},
      {R"("\u12")", "JSON: byte 5: expected four hexadecimal digits"},
      {R"("\ud83d")", "JSON: byte 7: expected the other half of a pair"},
      {R"("\ud83d\u0041")", "JSON: byte 13: expected the other half of a pair"},
      {R"("\ude00")", "JSON: byte 7: expected no half of a pair"},
  };
  for (const auto& [text, expected] : cases) CHECK(canonical(text) == expected);
}

TEST_CASE("values lie inside one another up to the limit") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::string most = nested(limits::canonical_depth_max + 1);
  CHECK(canonical(most) == most);
  CHECK(canonical(nested(limits::canonical_depth_max + 2)).find("inside one another") !=
        std::string::npos);
}

TEST_CASE("an object's fields are found by their names") {
  const JsonValue object = read_json(R"({"b":"x","a":1})").value();
  REQUIRE(object.find("a") != nullptr);
  CHECK(object.find("a")->text == "1");
  CHECK(object.find("c") == nullptr);
  REQUIRE(object.find_text("b") != nullptr);
  CHECK(*object.find_text("b") == "x");
  CHECK(object.find_text("a") == nullptr);
}
