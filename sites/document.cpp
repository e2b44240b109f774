#include "sites/document.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "chain/core/limits.hpp"

namespace aitbc::sites {

namespace {

std::string describe(const Document& node) {
  switch (node.kind) {
    case Document::Kind::nothing:
      return "nothing";
    case Document::Kind::list:
      return "a list";
    case Document::Kind::mapping:
      return "a mapping";
    case Document::Kind::scalar:
      break;
  }
  return "'" + (node.text.size() > 40 ? node.text.substr(0, 40) + "..." : node.text) + "'";
}

}  // namespace

Error bad(const Value& at, const std::string& what) {
  return error(Errc::bad_manifest, std::string(at.source) + ":" + std::to_string(at.node->line) +
                                       ":" + std::to_string(at.node->column) + ": " +
                                       (at.path.empty() ? "" : at.path + ": ") + what);
}

Error wrong(const Value& at, const std::string& expected) {
  return bad(at, "expected " + expected + ", got " + describe(*at.node));
}

Result<std::string> as_text(const Value& at) {
  if (!at.is_scalar()) return wrong(at, "a text");
  const bool printable = std::none_of(at.text().begin(), at.text().end(),
                                      [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; });
  if (at.text().size() > limits::manifest_text_bytes_max || !printable) {
    return wrong(
        at, "one line of at most " + std::to_string(limits::manifest_text_bytes_max) + " bytes");
  }
  return at.text();
}

Result<std::uint64_t> as_integer(const Value& at, IntegerRange range) {
  std::uint64_t value = 0;
  const std::string& text = at.text();
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = failed == std::errc{} && end == text.data() + text.size();
  // 010 is eight to some readers and ten to others.
  const bool ambiguous = text.size() > 1 && text[0] == '0';
  if (at.node->quoted || !whole || ambiguous || value < range.min || value > range.max) {
    return wrong(
        at, "an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max));
  }
  return value;
}

Result<bool> as_boolean(const Value& at) {
  if (at.node->quoted || (at.text() != "true" && at.text() != "false")) {
    return wrong(at, "true or false");
  }
  return at.text() == "true";
}

Result<std::string> as_word(const Value& at, std::initializer_list<std::string_view> words) {
  std::string expected;
  for (const std::string_view word : words) {
    if (at.is_scalar() && at.text() == word) return std::string(word);
    expected += (expected.empty() ? "" : " or ") + std::string(word);
  }
  return wrong(at, expected);
}

Result<std::string> as_address(const Value& at) {
  std::array<unsigned char, 16> bytes{};
  if (::inet_pton(AF_INET, at.text().c_str(), bytes.data()) != 1 &&
      ::inet_pton(AF_INET6, at.text().c_str(), bytes.data()) != 1) {
    return wrong(at, "a numeric IP address");
  }
  return at.text();
}

Result<std::vector<Value>> as_list(const Value& at, std::size_t items_max) {
  if (at.node->kind != Document::Kind::list) return wrong(at, "a list");
  if (at.node->items.size() > items_max) {
    return bad(at, "expected at most " + std::to_string(items_max) + " items, got " +
                       std::to_string(at.node->items.size()));
  }
  std::vector<Value> items;
  for (const Document& item : at.node->items) {
    items.push_back({&item, at.path + "[" + std::to_string(items.size()) + "]", at.source});
  }
  return items;
}

Result<Mapping> Mapping::open(const Value& at) {
  if (at.node->kind != Document::Kind::mapping) return wrong(at, "a mapping");
  Mapping mapping(at);
  for (std::size_t i = 0; i < at.node->keys.size(); ++i) {
    const Document& key = at.node->keys[i];
    const Document& value = at.node->items[i];
    AITBC_TRY_ASSIGN(const std::string name, as_text({&key, at.path, at.source}));
    const std::string path = at.path.empty() ? name : at.path + "." + name;
    if (!mapping.fields_.try_emplace(name, Value{&value, path, at.source}).second) {
      return bad({&key, path, at.source}, "this key is given twice");
    }
    mapping.order_.push_back(name);
  }
  return mapping;
}

Result<Mapping> Mapping::open(const Value& at, std::initializer_list<std::string_view> keys) {
  AITBC_TRY_ASSIGN(Mapping mapping, open(at));
  for (const Document& key : at.node->keys) {
    if (std::find(keys.begin(), keys.end(), key.text) != keys.end()) continue;
    std::string known;
    for (const std::string_view word : keys) {
      known += (known.empty() ? "" : ", ") + std::string(word);
    }
    return wrong({&key, mapping.fields_.at(key.text).path, at.source}, "one of the keys " + known);
  }
  return mapping;
}

const Value* Mapping::find(const std::string& key) const {
  const auto found = fields_.find(key);
  return found == fields_.end() ? nullptr : &found->second;
}

Result<const Value*> Mapping::need(const std::string& key) const {
  if (const Value* value = find(key)) return value;
  return bad(at_, "expected the key " + key + ", which is missing");
}

}  // namespace aitbc::sites
