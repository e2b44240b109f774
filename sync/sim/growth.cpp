#include "sync/sim/growth.hpp"

#include <cmath>

namespace aitbc::sim {

namespace {

constexpr Duration starting_time{90'000};  // until all have looked at all
constexpr Duration minute{60'000};
constexpr Duration last_payment_time{60'000};  // until it is final everywhere
constexpr double mean_distance = 0.5214;       // of two points in a square of length one

struct Place {
  double x = 0, y = 0;
};

double between_0_and_1(sync::Rng& rng) {
  constexpr std::uint64_t steps = 1'000'000;
  return static_cast<double>(rng.below(steps)) / steps;
}

Setup setup_of(const Growth& growth) {
  sync::Rng rng(growth.seed);
  std::vector<Place> places(std::max<std::size_t>(growth.sites, 1));
  for (Place& place : places) place = {between_0_and_1(rng), between_0_and_1(rng)};
  Setup setup;
  setup.seed = growth.seed;
  setup.nodes = growth.authorities;
  setup.followers = growth.followers;
  setup.costs = growth.costs;
  setup.way = [places, latency = growth.latency](NodeIndex from, NodeIndex to) {
    const Place& a = places[from % places.size()];
    const Place& b = places[to % places.size()];
    const double distance = std::hypot(a.x - b.x, a.y - b.y) / mean_distance;
    return Duration{std::lround(static_cast<double>(latency.count()) * distance / 2)};
  };
  return setup;
}

}  // namespace

Grown grow(const Growth& growth) {
  World world(setup_of(growth));
  Grown grown;
  world.run_for(starting_time);
  const std::uint64_t messages = world.messages(), bytes = world.bytes();
  world.run_for(minute);
  grown.messages_at_rest = world.messages() - messages;
  grown.bytes_at_rest = world.bytes() - bytes;

  const std::uint64_t before = world.bytes();
  const Time begun = world.now();
  for (std::size_t i = 0; i < growth.payments; ++i) {
    if (world.pay(i % Setup{}.users, world.rng().below(world.size()))) ++grown.payments;
    world.run_for(growth.interval);
  }
  world.run_for(last_payment_time);
  const auto rest_since = static_cast<std::uint64_t>((world.now() - begun) / Duration{1'000}) *
                          grown.bytes_at_rest / 60;
  if (grown.payments > 0) {
    grown.bytes_of_payment =
        (world.bytes() - before - std::min(world.bytes() - before, rest_since)) / grown.payments;
  }
  grown.failure = world.failure();
  grown.to_all = world.observer().times_to_all();
  std::erase(grown.to_all, Duration::max());
  grown.reached_all = grown.to_all.size();
  grown.to_final = world.observer().times_to_final(Observer::On::all);
  grown.differences = world.differences();
  return grown;
}

}  // namespace aitbc::sim
