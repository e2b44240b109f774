#include "chain/core/time.hpp"

#include <array>
#include <cstdio>

namespace aitbc {

namespace {

// To the second; then the fraction as `format` spells it, unless it is zero.
std::string clock_text(Time time, const char* format) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  std::string result(text.data(), static_cast<std::size_t>(length));
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    std::snprintf(text.data(), text.size(), format, static_cast<int>(fraction));
    result += text.data();
  }
  return result;
}

}  // namespace

std::string to_iso(Time time) { return clock_text(time, ".%03d") + "Z"; }
std::string to_naive_iso(Time time) { return clock_text(time, ".%03d000"); }
std::string to_time_of_day(Time time) { return to_iso(time).substr(11, 8); }

}  // namespace aitbc
