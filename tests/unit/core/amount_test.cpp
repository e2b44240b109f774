#include "chain/core/amount.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;

namespace {

constexpr std::uint64_t most = limits::supply_max;
Amount of(std::uint64_t units) { return Amount::from(units).value(); }

}  // namespace

TEST_CASE("an amount is exact in any JSON reader") {
  CHECK(most == 9'007'199'254'740'991);
  CHECK(static_cast<std::uint64_t>(static_cast<double>(most)) == most);
}

TEST_CASE("an amount is 0 up to the largest supply") {
  CHECK(Amount{}.units() == 0);
  CHECK(Amount::from(0) == Amount{});
  CHECK(Amount::from(most)->units() == most);
  CHECK_FALSE(Amount::from(most + 1));
  CHECK_FALSE(Amount::from(~std::uint64_t{0}));
}

TEST_CASE("sums and differences that leave the range are no amounts") {
  CHECK(of(2).plus(of(3)) == of(5));
  CHECK(of(most).plus(Amount{}) == of(most));
  CHECK(of(most - 1).plus(of(1)) == of(most));
  CHECK_FALSE(of(most).plus(of(1)));
  CHECK_FALSE(of(most).plus(of(most)));

  CHECK(of(5).minus(of(3)) == of(2));
  CHECK(of(5).minus(of(5)) == Amount{});
  CHECK_FALSE(of(5).minus(of(6)));
  CHECK_FALSE(Amount{}.minus(of(1)));
  CHECK(of(most).minus(of(most)) == Amount{});
}

TEST_CASE("amounts are ordered by their units") {
  CHECK(of(1) < of(2));
  CHECK(of(most) > of(most - 1));
  CHECK(of(7) == of(7));
}
