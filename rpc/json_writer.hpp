#pragma once
// Answers as JSON text, written in the order of the calls and compact, without a tree in between: a
// range of blocks is megabytes of it, and headers need not know the JSON library. The counterpart
// of ObjectReader. A value is used by one thread.

#include <cstdint>
#include <string>
#include <string_view>

namespace aitbc::rpc {

// Quoted and escaped; bytes that are not UTF-8 come out as U+FFFD.
std::string json_text(std::string_view);

class ObjectWriter {
 public:
  // Names are ours: they need no escaping.
  ObjectWriter& text(std::string_view name, std::string_view value);
  ObjectWriter& integer(std::string_view name, std::uint64_t value);
  ObjectWriter& signed_integer(std::string_view name, std::int64_t value);
  ObjectWriter& boolean(std::string_view name, bool value);
  ObjectWriter& null(std::string_view name);
  // A value that is JSON already.
  ObjectWriter& json(std::string_view name, std::string_view value);

  std::string finish() &&;

 private:
  void key(std::string_view name);
  std::string out_ = "{";
};

class ArrayWriter {
 public:
  ArrayWriter& json(std::string_view value);
  ArrayWriter& text(std::string_view value) { return json(json_text(value)); }

  std::string finish() &&;

 private:
  std::string out_ = "[";
};

}  // namespace aitbc::rpc
