#pragma once
// JSON (RFC 8259) in the one spelling that the predecessor signs: what Python's json.dumps prints
// with sorted keys, without spaces and in ASCII, all nulls left out. A number keeps the text that
// it was given in, because no reader of floating-point numbers gives it back for certain. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "chain/core/result.hpp"

namespace aitbc {

struct JsonValue {
  enum class Kind : std::uint8_t { null, boolean, number, text, array, object };
  Kind kind = Kind::null;
  std::string text;               // a number or a word as it is written; a text decoded, in UTF-8
  std::vector<std::string> keys;  // of an object: ascending, distinct
  std::vector<JsonValue> items;   // of an array, or an object's in the order of its keys

  // Of an object; null if there is none of this name.
  const JsonValue* find(std::string_view key) const;
  // Of an object; null if there is none of this name, or it is no text.
  const std::string* find_text(std::string_view key) const;
};

// bad_json with the place for anything but one value: also for a key twice, a text that is no
// UTF-8, and more than limits::canonical_depth_max values inside one another.
Result<JsonValue> read_json(std::string_view text);
std::string canonical_text(const JsonValue&);

}  // namespace aitbc
