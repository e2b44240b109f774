#pragma once
// Numbers and spans of time as they are typed: decimal digits only, no sign, no leading zero, no
// octal surprise. `what` begins the error. Pure functions.

#include <cstdint>
#include <string_view>

#include "chain/core/amount.hpp"
#include "chain/core/result.hpp"
#include "chain/core/time.hpp"

namespace aitbc::cli {

struct NumberRange {
  std::uint64_t min = 0;
  std::uint64_t max = limits::supply_max;
};
Result<std::uint64_t> parse_number(std::string_view text, std::string_view what,
                                   NumberRange range = {});
// From 1 to 65535.
Result<std::uint16_t> parse_port(std::string_view text, std::string_view what);
// Above zero.
Result<Amount> parse_amount(std::string_view text, std::string_view what);
// 250ms, 30s, 5m, 2h, 1d; at most a year.
Result<Duration> parse_duration(std::string_view text, std::string_view what);

// The same with a minus sign, too.
Result<Duration> parse_signed_duration(std::string_view text, std::string_view what);
// 10%, 0.5% of a million; 200ppm, -200ppm; 64kB, 1MB, 500B.
Result<std::uint32_t> parse_percent(std::string_view text, std::string_view what);
Result<std::int32_t> parse_ppm(std::string_view text, std::string_view what);
Result<std::uint64_t> parse_bytes(std::string_view text, std::string_view what);

}  // namespace aitbc::cli
