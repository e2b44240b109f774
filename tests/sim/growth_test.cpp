// Networks of more nodes than one follows, simulated.

#include "sync/sim/growth.hpp"

#include <catch2/catch.hpp>

#include "chain/core/percentile.hpp"

using namespace aitbc;

TEST_CASE("news cross a network of many nodes and sites, and cost the same each time") {
  const sim::Growth growth{
      .authorities = 5, .followers = 15, .sites = 5, .latency = Duration{40}, .payments = 3};
  const sim::Grown grown = sim::grow(growth);
  CHECK(grown.failure.has_value() == false);
  CHECK(grown.differences == "");
  CHECK(grown.payments == 3);
  CHECK(grown.reached_all == 3);
  REQUIRE_FALSE(grown.to_final.empty());
  // Nobody may follow a node that has just started; then others look at it, in their time.
  CHECK(percentile(grown.to_all, 100) < Duration{60'000});
  // A request and an answer each.
  const std::uint64_t nodes = growth.authorities + growth.followers;
  const std::uint64_t polls = nodes * limits::followed_max * 6;
  CHECK(grown.messages_at_rest > 2 * polls * 8 / 10);
  CHECK(grown.messages_at_rest < 2 * (polls + nodes * nodes));
  const sim::Grown again = sim::grow(growth);
  CHECK(again.to_all == grown.to_all);
  CHECK(again.bytes_at_rest == grown.bytes_at_rest);
}

TEST_CASE("longer ways take longer") {
  const auto final_after = [](Duration latency) {
    sim::Growth growth{.authorities = 3, .followers = 0, .sites = 3, .payments = 5};
    growth.latency = latency;
    return percentile(sim::grow(growth).to_final, 50);
  };
  CHECK(final_after(Duration{10}) + Duration{50} < final_after(Duration{200}));
}
