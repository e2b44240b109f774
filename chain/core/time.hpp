#pragma once
// Time is an argument: nothing in chain/, rpc/ or sync/ (but its runner) asks the OS for it.

#include <chrono>
#include <string>

namespace aitbc {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Duration>;  // UTC

// ISO 8601 in UTC, e.g. 2026-02-13T21:39:43.125Z; the fraction is left out when it is zero.
std::string to_iso(Time);
// The same without a zone and in microseconds, e.g. 2026-02-13T21:39:43.125000: how the
// predecessor's tools read the times of blocks.
std::string to_naive_iso(Time);
// The time of day alone, in UTC and to the second: 21:39:43.
std::string to_time_of_day(Time);

inline std::int64_t to_unix_ms(Time time) { return time.time_since_epoch().count(); }
inline Time from_unix_ms(std::int64_t ms) { return Time{Duration{ms}}; }

}  // namespace aitbc
