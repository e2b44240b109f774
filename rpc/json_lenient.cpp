#include "rpc/json_lenient.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace aitbc::rpc {

namespace {

constexpr std::size_t text_bytes_max = 4'096;

// 5, 5.0 and "5" are five; true and 1.5 are no whole number.
std::optional<std::int64_t> whole_of(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > limits::supply_max) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::abs(number) > static_cast<double>(limits::supply_max)) return std::nullopt;
    if (number != std::floor(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return number;
}

}  // namespace

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
  });
  return text;
}

LenientReader::LenientReader(const Json& object, std::vector<std::string> path)
    : object_(object.is_object() ? &object : nullptr), path_(std::move(path)) {
  if (object_ != nullptr) return;
  std::vector<std::string> loc{"body"};
  loc.insert(loc.end(), path_.begin(), path_.end());
  faults_.push_back({"dict_type", std::move(loc), "Input should be a valid dictionary"});
}

const Json* LenientReader::find(std::initializer_list<std::string_view> names,
                                std::string_view& found) {
  found = *names.begin();
  if (object_ == nullptr) return nullptr;
  for (const std::string_view name : names) {
    const auto at = object_->find(std::string(name));
    if (at == object_->end()) continue;
    found = name;
    return &*at;
  }
  fault("missing", found, "Field required");
  return nullptr;
}

bool LenientReader::has(std::string_view name) const {
  if (object_ == nullptr) return false;
  const auto at = object_->find(std::string(name));
  return at != object_->end() && !at->is_null();
}

std::string LenientReader::text(std::initializer_list<std::string_view> names) {
  std::string_view name;
  const Json* value = find(names, name);
  if (value == nullptr) return {};
  if (value->is_string() && value->get_ref<const std::string&>().size() <= text_bytes_max) {
    return value->get<std::string>();
  }
  fault("string_type", name, "Input should be a valid string");
  return {};
}

std::string LenientReader::text_or(std::string_view name, std::string fallback) {
  return has(name) ? text({name}) : std::move(fallback);
}

std::uint64_t LenientReader::whole(std::initializer_list<std::string_view> names,
                                   IntegerRange range) {
  std::string_view name;
  const Json* value = find(names, name);
  if (value == nullptr) return range.min;
  const auto number = whole_of(*value);
  if (!number) {
    fault(value->is_string() ? "int_parsing" : "int_type", name,
          "Input should be a valid integer below 2^53");
    return range.min;
  }
  if (*number < 0 || static_cast<std::uint64_t>(*number) < range.min) {
    fault("greater_than_equal", name,
          "Input should be greater than or equal to " + std::to_string(range.min));
    return range.min;
  }
  if (static_cast<std::uint64_t>(*number) > range.max) {
    fault("less_than_equal", name,
          "Input should be less than or equal to " + std::to_string(range.max));
    return range.min;
  }
  return static_cast<std::uint64_t>(*number);
}

std::uint64_t LenientReader::whole_or(std::string_view name, std::uint64_t fallback,
                                      IntegerRange range) {
  return has(name) ? whole({name}, range) : fallback;
}

const Json* LenientReader::object(std::string_view name) {
  std::string_view found;
  const Json* value = find({name}, found);
  if (value == nullptr || value->is_object()) return value;
  fault("dict_type", name, "Input should be a valid dictionary");
  return nullptr;
}

void LenientReader::fault(std::string_view type, std::string_view name, std::string msg) {
  std::vector<std::string> loc{"body"};
  loc.insert(loc.end(), path_.begin(), path_.end());
  if (!name.empty()) loc.emplace_back(name);
  faults_.push_back({type, std::move(loc), std::move(msg)});
}

void LenientReader::take_faults(const LenientReader& nested) {
  faults_.insert(faults_.end(), nested.faults_.begin(), nested.faults_.end());
}

}  // namespace aitbc::rpc
