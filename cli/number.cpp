#include "cli/number.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace aitbc::cli {

namespace {

Error unexpected(std::string_view what, const std::string& expected, std::string_view text) {
  return error(Errc::bad_config, std::string(what) + ": expected " + expected + ", got '" +
                                     std::string(text.substr(0, 80)) + "'");
}

struct Unit {
  std::string_view name;
  std::uint64_t size;  // in milliseconds, or bytes
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

Result<std::uint16_t> parse_port(std::string_view text, std::string_view what) {
  AITBC_TRY_ASSIGN(const std::uint64_t port,
                   parse_number(text, what, {1, std::numeric_limits<std::uint16_t>::max()}));
  return static_cast<std::uint16_t>(port);
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
      AITBC_TRY_ASSIGN(const std::uint64_t count, parse_number(text.substr(0, letters), what,
                                                               {0, duration_ms_max / unit.size}));
      return Duration{static_cast<std::int64_t>(count * unit.size)};
    }
  }
  return unexpected(what, "a number with a unit (ms, s, m, h or d), e.g. 30s", text);
}

Result<Duration> parse_signed_duration(std::string_view text, std::string_view what) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  AITBC_TRY_ASSIGN(const Duration size, parse_duration(text, what));
  return negative ? -size : size;
}

Result<std::uint32_t> parse_percent(std::string_view text, std::string_view what) {
  constexpr std::uint64_t ppm_of_percent = 10'000;
  const Error wrong = unexpected(what, "a percentage from 0 to 100, e.g. 10% or 0.5%", text);
  if (!text.ends_with('%')) return wrong;
  const std::string_view number = text.substr(0, text.size() - 1);
  const std::size_t point = std::min(number.find('.'), number.size());
  std::string decimals(number.substr(std::min(point + 1, number.size())));
  if (decimals.size() > 4 || number.ends_with('.')) return wrong;
  decimals.resize(4, '0');
  const auto whole = parse_number(number.substr(0, point), what, {0, 100});
  const auto part = parse_number("1" + decimals, what, {ppm_of_percent, 2 * ppm_of_percent});
  if (!whole || !part) return wrong;
  const std::uint64_t ppm = *whole * ppm_of_percent + (*part - ppm_of_percent);
  if (ppm > 100 * ppm_of_percent) return wrong;
  return static_cast<std::uint32_t>(ppm);
}

Result<std::int32_t> parse_ppm(std::string_view text, std::string_view what) {
  const Error wrong = unexpected(
      what,
      "a drift of at most " + std::to_string(limits::clock_drift_ppm_max) + "ppm, e.g. 200ppm",
      text);
  std::string_view digits = text;
  if (!digits.ends_with("ppm")) return wrong;
  digits.remove_suffix(3);
  const bool negative = digits.starts_with('-');
  if (negative) digits.remove_prefix(1);
  const auto size = parse_number(digits, what, {0, limits::clock_drift_ppm_max});
  if (!size) return wrong;
  const auto ppm = static_cast<std::int32_t>(*size);
  return negative ? -ppm : ppm;
}

Result<std::uint64_t> parse_bytes(std::string_view text, std::string_view what) {
  constexpr std::array<Unit, 3> sizes{{{"B", 1}, {"kB", 1'000}, {"MB", 1'000'000}}};
  const auto letters = std::min(text.find_first_not_of("0123456789"), text.size());
  for (const Unit& unit : sizes) {
    if (text.substr(letters) != unit.name) continue;
    AITBC_TRY_ASSIGN(const std::uint64_t count,
                     parse_number(text.substr(0, letters), what, {1, 1'000'000}));
    return count * unit.size;
  }
  return unexpected(what, "a number with a unit (B, kB or MB), e.g. 64kB", text);
}

}  // namespace aitbc::cli
