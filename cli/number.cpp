#include "cli/number.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace aitbc::cli {

namespace {

Error unexpected(std::string_view what, const std::string& expected, std::string_view text) {
  return error(Errc::bad_config, std::string(what) + ": expected " + expected + ", got '" +
                                     std::string(text.substr(0, 80)) + "'");
}

struct Unit {
  std::string_view name;
  std::uint64_t ms;
};
constexpr std::array<Unit, 5> units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::uint64_t duration_ms_max = 366 * std::uint64_t{86'400'000};

}  // namespace

Result<std::uint64_t> parse_number(std::string_view text, std::string_view what,
                                   NumberRange range) {
  const std::string expected =
      "a whole number from " + std::to_string(range.min) + " to " + std::to_string(range.max);
  const bool digits =
      !text.empty() && text.size() <= 19 &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (text.size() > 1 && text.front() == '0')) return unexpected(what, expected, text);
  std::uint64_t value = 0;  // 19 digits fit
  for (const char c : text) value = 10 * value + static_cast<std::uint64_t>(c - '0');
  if (value < range.min || value > range.max) return unexpected(what, expected, text);
  return value;
}

Result<Amount> parse_amount(std::string_view text, std::string_view what) {
  AITBC_TRY_ASSIGN(const std::uint64_t units_given, parse_number(text, what, {1}));
  const auto amount = Amount::from(units_given);
  AITBC_CHECK(amount.has_value());
  return *amount;
}

Result<Duration> parse_duration(std::string_view text, std::string_view what) {
  const auto letters = text.find_first_not_of("0123456789");
  if (letters != std::string_view::npos) {
    for (const Unit& unit : units) {
      if (text.substr(letters) != unit.name) continue;
      AITBC_TRY_ASSIGN(const std::uint64_t count,
                       parse_number(text.substr(0, letters), what, {0, duration_ms_max / unit.ms}));
      return Duration{static_cast<std::int64_t>(count * unit.ms)};
    }
  }
  return unexpected(what, "a number with a unit (ms, s, m, h or d), e.g. 30s", text);
}

}  // namespace aitbc::cli
