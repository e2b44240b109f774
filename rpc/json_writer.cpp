#include "rpc/json_writer.hpp"

#include <algorithm>

#include "rpc/json.hpp"

namespace aitbc::rpc {

std::string json_text(std::string_view value) {
  // Nearly everything is hexadecimal or a name of ours.
  const bool plain = std::all_of(value.begin(), value.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (!plain) return dump(Json(value));
  std::string quoted;
  quoted.reserve(value.size() + 2);
  quoted += '"';
  quoted += value;
  quoted += '"';
  return quoted;
}

void ObjectWriter::key(std::string_view name) {
  if (out_.size() > 1) out_ += ',';
  out_ += '"';
  out_ += name;
  out_ += "\":";
}

ObjectWriter& ObjectWriter::text(std::string_view name, std::string_view value) {
  return json(name, json_text(value));
}

ObjectWriter& ObjectWriter::integer(std::string_view name, std::uint64_t value) {
  return json(name, std::to_string(value));
}

ObjectWriter& ObjectWriter::signed_integer(std::string_view name, std::int64_t value) {
  return json(name, std::to_string(value));
}

ObjectWriter& ObjectWriter::boolean(std::string_view name, bool value) {
  return json(name, value ? "true" : "false");
}

ObjectWriter& ObjectWriter::null(std::string_view name) { return json(name, "null"); }

ObjectWriter& ObjectWriter::json(std::string_view name, std::string_view value) {
  key(name);
  out_ += value;
  return *this;
}

std::string ObjectWriter::finish() && {
  out_ += '}';
  return std::move(out_);
}

ArrayWriter& ArrayWriter::json(std::string_view value) {
  if (out_.size() > 1) out_ += ',';
  out_ += value;
  return *this;
}

std::string ArrayWriter::finish() && {
  out_ += ']';
  return std::move(out_);
}

}  // namespace aitbc::rpc
