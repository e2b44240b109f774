#include "sites/parallel.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;

TEST_CASE("of many a few are worked on at once, each of them once") {
  constexpr std::size_t count = 100, most = 8;
  std::vector<int> done(count, 0);
  std::atomic<std::size_t> under_way = 0, peak = 0;
  REQUIRE(sites::some_at_once(count, most, [&](std::size_t i) {
    const std::size_t now = ++under_way;
    for (std::size_t seen = peak; seen < now && !peak.compare_exchange_weak(seen, now);) continue;
    ++done[i];
    --under_way;
    return ok();
  }));
  CHECK(done == std::vector<int>(count, 1));
  CHECK(peak <= most);
  REQUIRE(sites::some_at_once(0, most, [](std::size_t) -> Status { return error(Errc::io, ""); }));
}

TEST_CASE("after a failure nothing more is begun, and the first is told") {
  std::atomic<std::size_t> begun = 0;
  const Status done = sites::some_at_once(1'000, 2, [&](std::size_t i) -> Status {
    ++begun;
    return error(Errc::io, std::to_string(i));
  });
  REQUIRE_FALSE(done);
  CHECK(done.error().detail == "0");
  CHECK(begun <= 2);
}
