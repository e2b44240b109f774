#include "rpc/json.hpp"

#include <algorithm>
#include <exception>
#include <set>
#include <utility>

namespace aitbc::rpc {
namespace {

constexpr std::size_t shown_value_bytes_max = 60;  // of somebody else's value inside our sentence
constexpr std::size_t reason_bytes_max = 240;      // of the library's explanation

std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  text.resize(bytes_max);
  return text + "...";
}

Error wrong(const std::string& path, const std::string& expected, const std::string& got) {
  const std::string sentence = "expected " + expected + ", got " + got;
  return error(Errc::bad_json, path.empty() ? sentence : path + ": " + sentence);
}

// Composite values are named, not printed: they may be long.
std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "an array";
  return shortened(dump(value), shown_value_bytes_max);
}

// Builds the value while the library reads, and stops the reading at the first thing this project
// does not accept: the library's own builder takes duplicate keys and any depth.
class StrictBuilder final : public nlohmann::json_sax<Json> {
  using Members = Json::object_t::Container;

 public:
  Json take() { return std::move(root_); }
  const std::string& reason() const { return reason_; }

  bool null() override { return add(nullptr) != nullptr; }
  bool boolean(bool flag) override { return add(flag) != nullptr; }
  bool number_integer(std::int64_t number) override { return add(number) != nullptr; }
  bool number_unsigned(std::uint64_t number) override { return add(number) != nullptr; }
  bool number_float(double number, const std::string&) override { return add(number) != nullptr; }
  bool string(std::string& text) override { return add(std::move(text)) != nullptr; }
  bool binary(Json::binary_t&) override { return refuse("binary values are not JSON"); }

  bool start_object(std::size_t) override { return open(Json::object()); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    // Asking the ordered object for each key would take quadratic time in a body of many keys.
    if (!keys_.back().insert(name).second) {
      const std::string outer = path_through(parents_.size() - 1);
      return refuse(shortened(outer + (outer.empty() ? "" : ".") + name, shown_value_bytes_max) +
                    ": this key is given twice");
    }
    names_.back() = std::move(name);
    return true;
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& failure) override {
    std::string what = failure.what();
    const std::size_t id_end = what.find("] ");
    if (id_end != std::string::npos) what.erase(0, id_end + 2);
    return refuse(shortened("not valid JSON: " + what, reason_bytes_max));
  }

 private:
  bool refuse(std::string reason) {
    reason_ = std::move(reason);
    return false;
  }

  Json* add(Json value) {
    if (parents_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Json& parent = *parents_.back();
    if (parent.is_array()) {
      parent.push_back(std::move(value));
      return &parent.back();
    }
    // Past the map's own emplace, which compares with every key there is: key() has done that.
    Members& members = parent.get_ref<Json::object_t&>();
    members.emplace_back(names_.back(), std::move(value));
    return &members.back().second;
  }

  bool open(Json empty) {
    if (parents_.size() == limits::json_depth_max) {
      return refuse(shortened(path_through(parents_.size()), shown_value_bytes_max) +
                    ": expected at most " + std::to_string(limits::json_depth_max) +
                    " levels of nesting, got more");
    }
    parents_.push_back(add(std::move(empty)));
    keys_.emplace_back();
    names_.emplace_back();
    return true;
  }

  bool close() {
    parents_.pop_back();
    keys_.pop_back();
    names_.pop_back();
    return true;
  }

  // Of the `levels` outermost open values: for each the key or the index that leads into it.
  std::string path_through(std::size_t levels) const {
    std::string path;
    for (std::size_t level = 0; level < levels; ++level) {
      const Json& parent = *parents_[level];
      const bool innermost = level + 1 == parents_.size();  // its next element is not there yet
      if (parent.is_array()) {
        path += "[" + std::to_string(parent.size() - (innermost ? 0U : 1U)) + "]";
      } else {
        path += (path.empty() ? "" : ".") + names_[level];
      }
    }
    return path;
  }

  Json root_;
  std::string reason_;
  std::vector<Json*> parents_;               // the open objects and arrays, outermost first
  std::vector<std::set<std::string>> keys_;  // of each open object
  std::vector<std::string> names_;           // the key being read in each open object
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (text.empty()) return error(Errc::bad_json, "expected JSON, got nothing");
  if (text.starts_with("\xEF\xBB\xBF")) {
    return error(Errc::bad_json, "expected JSON at byte 1, got a byte order mark");
  }
  try {
    StrictBuilder builder;
    if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
      return error(Errc::bad_json, builder.reason());
    }
    return builder.take();
  } catch (const std::exception& failure) {
    return error(Errc::bad_json, shortened(failure.what(), reason_bytes_max));
  }
}

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string canonical_json(const Json& value) {
  return nlohmann::json(value).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

Result<ObjectReader> ObjectReader::open(const Json& value, std::string path) {
  if (!value.is_object()) return wrong(path, "an object", shown(value));
  return ObjectReader(value, std::move(path));
}

std::string ObjectReader::path_of(std::string_view name) const {
  std::string path = path_;
  if (!path.empty()) path += '.';
  return path.append(name);
}

bool ObjectReader::has(std::string_view name) const { return value_->contains(std::string(name)); }

const Json* ObjectReader::find(std::string_view name) {
  taken_.emplace_back(name);
  const auto found = value_->find(taken_.back());
  return found == value_->end() ? nullptr : &*found;
}

Error ObjectReader::missing(std::string_view name, const std::string& expected) const {
  return wrong(path_of(name), expected, "nothing");
}

namespace {

std::string expected_integer(IntegerRange range) {
  return "an integer from " + std::to_string(range.min) + " to " + std::to_string(range.max);
}

std::string expected_text(std::size_t bytes_max) {
  return "a string of at most " + std::to_string(bytes_max) + " bytes";
}

std::string expected_array(std::size_t items_max) {
  return "an array of at most " + std::to_string(items_max) + " items";
}

Result<std::uint64_t> read_integer(const Json& value, const std::string& path, IntegerRange range) {
  // The library calls every integer without a minus sign unsigned, and those above 64 bits floats.
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number >= range.min && number <= range.max) return number;
  }
  return wrong(path, expected_integer(range), shown(value));
}

Result<std::string> read_text(const Json& value, const std::string& path, std::size_t bytes_max) {
  if (!value.is_string()) return wrong(path, expected_text(bytes_max), shown(value));
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > bytes_max) {
    return wrong(path, expected_text(bytes_max), std::to_string(text.size()) + " bytes");
  }
  return text;
}

Result<bool> read_boolean(const Json& value, const std::string& path) {
  if (!value.is_boolean()) return wrong(path, "true or false", shown(value));
  return value.get<bool>();
}

Result<const Json*> read_array(const Json& value, const std::string& path, std::size_t items_max) {
  if (!value.is_array()) return wrong(path, expected_array(items_max), shown(value));
  if (value.size() > items_max) {
    return wrong(path, expected_array(items_max), std::to_string(value.size()) + " items");
  }
  return &value;
}

// Present means well-typed: the value is read as if it were required.
template <class T>
Result<std::optional<T>> some(Result<T> read) {
  if (!read) return std::move(read).error();
  return std::optional<T>(std::move(read).value());
}

}  // namespace

Result<std::uint64_t> ObjectReader::integer(std::string_view name, IntegerRange range) {
  const Json* found = find(name);
  if (found == nullptr) return missing(name, expected_integer(range));
  return read_integer(*found, path_of(name), range);
}

Result<std::string> ObjectReader::text(std::string_view name, std::size_t bytes_max) {
  const Json* found = find(name);
  if (found == nullptr) return missing(name, expected_text(bytes_max));
  return read_text(*found, path_of(name), bytes_max);
}

Result<bool> ObjectReader::boolean(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return missing(name, "true or false");
  return read_boolean(*found, path_of(name));
}

Result<ObjectReader> ObjectReader::object(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return missing(name, "an object");
  return open(*found, path_of(name));
}

Result<const Json*> ObjectReader::array(std::string_view name, std::size_t items_max) {
  const Json* found = find(name);
  if (found == nullptr) return missing(name, expected_array(items_max));
  return read_array(*found, path_of(name), items_max);
}

Result<std::vector<ObjectReader>> ObjectReader::objects(std::string_view name,
                                                        std::size_t items_max) {
  AITBC_TRY_ASSIGN(const Json* items, array(name, items_max));
  std::vector<ObjectReader> readers;
  readers.reserve(items->size());
  for (const Json& item : *items) {
    const std::string path = path_of(name) + "[" + std::to_string(readers.size()) + "]";
    AITBC_TRY_ASSIGN(ObjectReader reader, open(item, path));
    readers.push_back(std::move(reader));
  }
  return readers;
}

Result<std::vector<std::string>> ObjectReader::texts(std::string_view name, std::size_t items_max,
                                                     std::size_t bytes_max) {
  AITBC_TRY_ASSIGN(const Json* items, array(name, items_max));
  std::vector<std::string> texts;
  texts.reserve(items->size());
  for (const Json& item : *items) {
    const std::string path = path_of(name) + "[" + std::to_string(texts.size()) + "]";
    AITBC_TRY_ASSIGN(std::string text, read_text(item, path, bytes_max));
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<const Json*> ObjectReader::value(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return missing(name, "a value");
  return found;
}

Result<std::optional<std::uint64_t>> ObjectReader::optional_integer(std::string_view name,
                                                                    IntegerRange range) {
  const Json* found = find(name);
  if (found == nullptr) return std::optional<std::uint64_t>();
  return some(read_integer(*found, path_of(name), range));
}

Result<std::optional<std::string>> ObjectReader::optional_text(std::string_view name,
                                                               std::size_t bytes_max) {
  const Json* found = find(name);
  if (found == nullptr) return std::optional<std::string>();
  return some(read_text(*found, path_of(name), bytes_max));
}

Result<std::optional<bool>> ObjectReader::optional_boolean(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return std::optional<bool>();
  return some(read_boolean(*found, path_of(name)));
}

Result<std::optional<ObjectReader>> ObjectReader::optional_object(std::string_view name) {
  const Json* found = find(name);
  if (found == nullptr) return std::optional<ObjectReader>();
  return some(open(*found, path_of(name)));
}

Status ObjectReader::finish() const {
  for (const auto& [name, ignored] : value_->get_ref<const Json::object_t&>()) {
    if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) {
      return error(Errc::bad_json, path_of(shortened(name, shown_value_bytes_max)) +
                                       ": unknown field, expected no such key");
    }
  }
  return ok();
}

}  // namespace aitbc::rpc
