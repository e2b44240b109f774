#pragma once
// JSON text in and out: the only door between this project and the JSON library. What parse_json
// returns is strict JSON (UTF-8, no byte order mark, no key twice, bounded depth), and what
// ObjectReader returns has exactly the type and range that was asked for; nothing here throws.
// Plain values and functions: any thread may use its own.
//
// Json keeps the order in which keys were written, so that answers read as they were composed
// (a block's hash before its transactions), and tools that take the first "hash" find the right
// one.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"

namespace aitbc::rpc {

using Json = nlohmann::ordered_json;

// Fails with Errc::bad_json and a sentence that says what was expected, and where.
Result<Json> parse_json(std::string_view text);

// Compact, one line; bytes that are not UTF-8 come out as U+FFFD.
std::string dump(const Json& value);

// Keys sorted, ASCII alone, compact: as Python prints with sort_keys and separators (",", ":"). The
// predecessor hashes, signs and measures this form.
std::string canonical_json(const Json& value);

struct IntegerRange {
  std::uint64_t min = 0;
  std::uint64_t max = limits::supply_max;
};

// Takes the fields of one JSON object by name and type; finish() refuses what nobody took, so a
// misspelt field is an error and not a default. The required getters fail when the field is
// absent, the optional_ ones when it is there with the wrong type (null is a wrong type). Every
// error is Errc::bad_json and begins with the field's path. Borrows the object: it must outlive the
// reader.
class ObjectReader {
 public:
  // `path` names the object in errors, e.g. "transaction"; empty for the top of a document.
  static Result<ObjectReader> open(const Json& value, std::string path = {});

  bool has(std::string_view name) const;

  Result<std::uint64_t> integer(std::string_view name, IntegerRange range = {});
  Result<std::string> text(std::string_view name, std::size_t bytes_max);
  Result<bool> boolean(std::string_view name);
  Result<ObjectReader> object(std::string_view name);
  Result<const Json*> array(std::string_view name, std::size_t items_max);
  Result<std::vector<ObjectReader>> objects(std::string_view name, std::size_t items_max);
  Result<std::vector<std::string>> texts(std::string_view name, std::size_t items_max,
                                         std::size_t bytes_max);
  // Any type: for a field whose shape depends on another one.
  Result<const Json*> value(std::string_view name);

  Result<std::optional<std::uint64_t>> optional_integer(std::string_view name,
                                                        IntegerRange range = {});
  Result<std::optional<std::string>> optional_text(std::string_view name, std::size_t bytes_max);
  Result<std::optional<bool>> optional_boolean(std::string_view name);
  Result<std::optional<ObjectReader>> optional_object(std::string_view name);

  // Refuses the first field that no getter has asked for. The readers of nested objects are
  // finished on their own.
  Status finish() const;

  // "transaction.amount" for the field "amount" of the object "transaction".
  std::string path_of(std::string_view name) const;

 private:
  ObjectReader(const Json& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const Json* find(std::string_view name);
  Error missing(std::string_view name, const std::string& expected) const;

  const Json* value_;
  std::string path_;
  std::vector<std::string> taken_;
};

}  // namespace aitbc::rpc
