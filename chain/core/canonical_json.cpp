#include "chain/core/canonical_json.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr char32_t surrogate_first = 0xd800;
constexpr char32_t surrogate_low = 0xdc00;
constexpr char32_t surrogate_end = 0xe000;
constexpr char32_t plane_one = 0x10000;
constexpr char32_t code_point_max = 0x10ffff;

struct CodePoint {
  char32_t value;
  std::size_t bytes;
};

// At the front of the text; nullopt if that is no UTF-8 (RFC 3629).
std::optional<CodePoint> front(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead >= 0xf8 || text.size() < bytes) return std::nullopt;
  char32_t value = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if (byte(i) >> 6 != 2) return std::nullopt;
    value = value << 6 | (byte(i) & 0x3fU);
  }
  const char32_t least = bytes == 4 ? plane_one : bytes == 3 ? 0x800 : 0x80;
  const bool is_surrogate = value >= surrogate_first && value < surrogate_end;
  if (value < least || value > code_point_max || is_surrogate) return std::nullopt;
  return CodePoint{value, bytes};
}

void append_utf8(std::string& out, char32_t value) {
  const auto tail = [&](unsigned shift) {
    out.push_back(static_cast<char>(0x80 | (value >> shift & 0x3f)));
  };
  if (value < 0x80) {
    out.push_back(static_cast<char>(value));
  } else if (value < 0x800) {
    out.push_back(static_cast<char>(0xc0 | value >> 6));
    tail(0);
  } else if (value < plane_one) {
    out.push_back(static_cast<char>(0xe0 | value >> 12));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xf0 | value >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<JsonValue> whole() {
    AITBC_TRY_ASSIGN(JsonValue value, read_value(0));
    skip_space();
    if (at_ != text_.size()) return expected("the end");
    return value;
  }

 private:
  using Kind = JsonValue::Kind;

  Error expected(const std::string& what) const {
    return error(Errc::bad_json, "JSON: byte " + std::to_string(at_) + ": expected " + what);
  }
  bool is_next(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!is_next(c)) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (is_next(' ') || is_next('\t') || is_next('\n') || is_next('\r')) ++at_;
  }
  bool take_digits() {
    const std::size_t from = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
    return at_ > from;
  }

  Result<JsonValue> read_value(std::size_t depth) {
    skip_space();
    if (depth > limits::canonical_depth_max) {
      return expected("at most " + std::to_string(limits::canonical_depth_max) +
                      " values inside one another");
    }
    if (is_next('{')) return read_object(depth);
    if (is_next('[')) return read_array(depth);
    if (is_next('"')) {
      AITBC_TRY_ASSIGN(std::string text, read_text());
      return JsonValue{Kind::text, std::move(text), {}, {}};
    }
    for (const std::string_view word : {"null", "true", "false"}) {
      if (!text_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      return JsonValue{word == "null" ? Kind::null : Kind::boolean, std::string(word), {}, {}};
    }
    return read_number();
  }

  Result<JsonValue> read_number() {
    const std::size_t from = at_;
    take('-');
    const bool starts_well = take('0') || take_digits();
    if (!starts_well) return expected("a value");
    if (take('.') && !take_digits()) return expected("a digit");
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      if (!take_digits()) return expected("a digit");
    }
    return JsonValue{Kind::number, std::string(text_.substr(from, at_ - from)), {}, {}};
  }

  Result<JsonValue> read_array(std::size_t depth) {
    JsonValue array{Kind::array, {}, {}, {}};
    ++at_;
    skip_space();
    if (take(']')) return array;
    do {
      AITBC_TRY_ASSIGN(JsonValue item, read_value(depth + 1));
      array.items.push_back(std::move(item));
      skip_space();
    } while (take(','));
    if (!take(']')) return expected("',' or ']'");
    return array;
  }

  Result<JsonValue> read_object(std::size_t depth) {
    JsonValue object{Kind::object, {}, {}, {}};
    ++at_;
    skip_space();
    if (take('}')) return object;
    do {
      skip_space();
      if (!is_next('"')) return expected("a key");
      AITBC_TRY_ASSIGN(std::string key, read_text());
      skip_space();
      if (!take(':')) return expected("':'");
      AITBC_TRY_ASSIGN(JsonValue item, read_value(depth + 1));
      object.keys.push_back(std::move(key));
      object.items.push_back(std::move(item));
      skip_space();
    } while (take(','));
    if (!take('}')) return expected("',' or '}'");
    return sorted(std::move(object));
  }

  Result<JsonValue> sorted(JsonValue object) const {
    std::vector<std::size_t> order(object.keys.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    // The order of the bytes of UTF-8 is that of the code points.
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return object.keys[a] < object.keys[b]; });
    JsonValue ascending{Kind::object, {}, {}, {}};
    for (const std::size_t i : order) {
      if (!ascending.keys.empty() && ascending.keys.back() == object.keys[i]) {
        return expected("no key twice in the object that ends here");
      }
      ascending.keys.push_back(std::move(object.keys[i]));
      ascending.items.push_back(std::move(object.items[i]));
    }
    return ascending;
  }

  Result<std::string> read_text() {
    std::string out;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (take('\\')) {
        AITBC_TRY(read_escape(out));
        continue;
      }
      const auto point = front(text_.substr(at_));
      if (!point || point->value < ' ') return expected("UTF-8 without control characters");
      out += text_.substr(at_, point->bytes);
      at_ += point->bytes;
    }
    if (!take('"')) return expected("'\"'");
    return out;
  }

  Status read_escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meant = "\"\\/\b\f\n\r\t";
    if (at_ < text_.size()) {
      if (const auto known = letters.find(text_[at_]); known != std::string_view::npos) {
        ++at_;
        out.push_back(meant[known]);
        return ok();
      }
    }
    AITBC_TRY_ASSIGN(char32_t point, read_unit());
    if (point >= surrogate_low && point < surrogate_end) return expected("no half of a pair");
    if (point >= surrogate_first && point < surrogate_low) {
      if (!take('\\')) return expected("the other half of a pair");
      AITBC_TRY_ASSIGN(const char32_t low, read_unit());
      if (low < surrogate_low || low >= surrogate_end) return expected("the other half of a pair");
      point = plane_one + ((point - surrogate_first) << 10) + (low - surrogate_low);
    }
    append_utf8(out, point);
    return ok();
  }

  // 'u' and four digits.
  Result<char32_t> read_unit() {
    if (!take('u')) return expected("a character that may be escaped");
    char32_t unit = 0;
    for (std::size_t i = 0; i < 4; ++i, ++at_) {
      const char c = at_ < text_.size() ? text_[at_] : ' ';
      const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
      const auto digit = hex_digits.find(lower);
      if (digit == std::string_view::npos) return expected("four hexadecimal digits");
      unit = unit << 4 | static_cast<char32_t>(digit);
    }
    return unit;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

void append_unit(std::string& out, char32_t unit) {
  out += "\\u";
  for (const unsigned shift : {12U, 8U, 4U, 0U}) out.push_back(hex_digits[unit >> shift & 0xf]);
}

void append_text(std::string& out, std::string_view text) {
  constexpr std::string_view escaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  out.push_back('"');
  while (!text.empty()) {
    const auto point = front(text);
    AITBC_CHECK(point.has_value());
    const auto letter = escaped.find(text[0]);
    if (letter != std::string_view::npos) {
      out.push_back('\\');
      out.push_back(letters[letter]);
    } else if (point->value >= ' ' && point->value <= '~') {
      out.push_back(text[0]);
    } else if (point->value < plane_one) {
      append_unit(out, point->value);
    } else {
      append_unit(out, surrogate_first + ((point->value - plane_one) >> 10));
      append_unit(out, surrogate_low + ((point->value - plane_one) & 0x3ff));
    }
    text.remove_prefix(point->bytes);
  }
  out.push_back('"');
}

void append(std::string& out, const JsonValue& value) {
  using Kind = JsonValue::Kind;
  if (value.kind == Kind::text) return append_text(out, value.text);
  const bool is_object = value.kind == Kind::object;
  if (!is_object && value.kind != Kind::array) {
    out += value.text;
    return;
  }
  const std::size_t start = out.size();
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (value.items[i].kind == Kind::null) continue;
    out.push_back(out.size() == start ? (is_object ? '{' : '[') : ',');
    if (is_object) {
      append_text(out, value.keys[i]);
      out.push_back(':');
    }
    append(out, value.items[i]);
  }
  if (out.size() == start) out.push_back(is_object ? '{' : '[');
  out.push_back(is_object ? '}' : ']');
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto found = std::lower_bound(keys.begin(), keys.end(), key);
  if (found == keys.end() || *found != key) return nullptr;
  return &items[static_cast<std::size_t>(found - keys.begin())];
}

const std::string* JsonValue::find_text(std::string_view key) const {
  const JsonValue* value = find(key);
  return value == nullptr || value->kind != Kind::text ? nullptr : &value->text;
}

Result<JsonValue> read_json(std::string_view text) { return Reader(text).whole(); }

std::string canonical_text(const JsonValue& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace aitbc
