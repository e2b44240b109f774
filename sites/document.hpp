#pragma once
// A parsed text file as a tree that remembers where everything stood, and strict readers over it:
// each returns exactly the asked type or an error that begins with FILE:LINE:COLUMN and the path of
// the key. Knows no YAML: yaml.cpp makes the tree. Plain values; a Value borrows the tree.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "chain/core/amount.hpp"
#include "chain/core/result.hpp"

namespace aitbc::sites {

struct Document {
  enum class Kind { nothing, scalar, list, mapping };
  Kind kind = Kind::nothing;
  std::string text;     // of a scalar
  bool quoted = false;  // then it is a text, even if it looks like a number
  int line = 1;
  int column = 1;
  std::vector<Document> items;  // of a list, or the values of a mapping
  std::vector<Document> keys;   // of a mapping, as they came
};

struct Value {
  const Document* node = nullptr;
  std::string path;
  std::string_view source;  // the file's name

  const std::string& text() const { return node->text; }
  bool is_scalar() const { return node->kind == Document::Kind::scalar; }
};

// "FILE:LINE:COLUMN: path: what".
Error bad(const Value& at, const std::string& what);
// "...: expected what, got 'text'".
Error wrong(const Value& at, const std::string& expected);

struct IntegerRange {
  std::uint64_t min = 0;
  std::uint64_t max = limits::supply_max;
};

Result<std::string> as_text(const Value&);  // one printable line, bounded
Result<std::uint64_t> as_integer(const Value&, IntegerRange);
Result<bool> as_boolean(const Value&);
Result<std::string> as_word(const Value&, std::initializer_list<std::string_view> words);
Result<std::string> as_address(const Value&);  // a numeric IP address
Result<std::vector<Value>> as_list(const Value&, std::size_t items_max);

// A mapping whose keys are texts, each given once.
class Mapping {
 public:
  static Result<Mapping> open(const Value&);  // with any keys
  static Result<Mapping> open(const Value&, std::initializer_list<std::string_view> keys);

  const std::vector<std::string>& keys() const { return order_; }
  const Value* find(const std::string& key) const;
  Result<const Value*> need(const std::string& key) const;

  // Reads a key that may be missing into `to`, with one of the functions above.
  template <class T, class Read>
  Status optional(const std::string& key, T& to, Read read) const {
    const Value* value = find(key);
    if (value == nullptr) return ok();
    AITBC_TRY_ASSIGN(to, read(*value));
    return ok();
  }

 private:
  explicit Mapping(Value at) : at_(std::move(at)) {}

  Value at_;
  std::map<std::string, Value> fields_;
  std::vector<std::string> order_;
};

}  // namespace aitbc::sites
