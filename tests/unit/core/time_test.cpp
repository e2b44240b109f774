#include "chain/core/time.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;

TEST_CASE("times print as ISO 8601 in UTC") {
  struct Case {
    std::int64_t ms;
    std::string text;
  };
  const auto [ms, text] = GENERATE(values<Case>({
      {0, "1970-01-01T00:00:00Z"},
      {1, "1970-01-01T00:00:00.001Z"},
      {999, "1970-01-01T00:00:00.999Z"},
      {1'000, "1970-01-01T00:00:01Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000, "2000-02-29T00:00:00Z"},
      {1'771'018'783'125, "2026-02-13T21:39:43.125Z"},
      {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
  }));
  CHECK(to_iso(from_unix_ms(ms)) == text);
  CHECK(to_unix_ms(from_unix_ms(ms)) == ms);
}
