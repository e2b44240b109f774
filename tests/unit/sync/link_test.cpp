#include "sync/link.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace aitbc;
using sync::Link;
using sync::Rng;

namespace {

constexpr std::size_t bytes = 1'000;
const Time link_begin = from_unix_ms(1'700'000'000'000);

LinkRule rule_with(std::uint32_t LinkRule::*chance, std::uint32_t ppm) {
  LinkRule rule;
  rule.*chance = ppm;
  return rule;
}

// The delay of a message that must arrive once.
Duration delay_of(const std::vector<Duration>& arrivals) {
  REQUIRE(arrivals.size() == 1);
  return arrivals.front();
}

}  // namespace

TEST_CASE("a plain link carries each message at once") {
  Link link;
  Rng rng(1);
  CHECK(delay_of(link.carry({}, rng, link_begin, bytes)) == Duration{0});
  CHECK(LinkRule{}.is_plain());
}

TEST_CASE("a cut link carries nothing") {
  Link link;
  Rng rng(1);
  CHECK(link.carry({.cut = true}, rng, link_begin, bytes).empty());
  CHECK_FALSE(sync::LinkRules{.out = {}, .in = {.cut = true}}.is_plain());
  CHECK(sync::LinkRules{.out = {}, .in = {.cut = true}}.cut());
}

TEST_CASE("of a million messages so many are lost, and so many come twice") {
  Rng rng(1);
  const LinkRule rule{.loss_ppm = 100'000, .duplicate_ppm = 50'000};
  Link link;
  int lost = 0;
  int doubled = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto arrivals = link.carry(rule, rng, link_begin, bytes);
    lost += arrivals.empty() ? 1 : 0;
    doubled += arrivals.size() == 2 ? 1 : 0;
  }
  CHECK(std::abs(lost - 1'000) < 100);
  CHECK(std::abs(doubled - 450) < 70);
  Link all;
  CHECK(all.carry(rule_with(&LinkRule::loss_ppm, 1'000'000), rng, link_begin, bytes).empty());
}

TEST_CASE("jitter delays by at most so much more, and keeps the order") {
  Link link;
  Rng rng(1);
  const LinkRule rule{.delay = Duration{100}, .jitter = Duration{50}};
  Duration most{0};
  Time last = link_begin;
  for (int i = 0; i < 1'000; ++i) {
    const Time now = link_begin + Duration{i};
    const Duration delay = delay_of(link.carry(rule, rng, now, bytes));
    REQUIRE(delay >= Duration{100});
    REQUIRE(delay <= Duration{150});
    REQUIRE(now + delay >= last);
    last = now + delay;
    most = std::max(most, delay);
  }
  CHECK(most > Duration{140});
}

TEST_CASE("later messages overtake one that is reordered") {
  Link link;
  Rng rng(1);
  const auto all = rule_with(&LinkRule::reorder_ppm, 1'000'000);
  const Duration first = delay_of(link.carry(all, rng, link_begin, bytes));
  const Duration second = delay_of(link.carry({}, rng, link_begin + Duration{1}, bytes));
  CHECK(link_begin + Duration{1} + second < link_begin + first);
}

TEST_CASE("a throttled link carries so many bytes a second, and drops what would wait too long") {
  Link link;
  Rng rng(1);
  const LinkRule rule{.bytes_per_second = 64'000};
  CHECK(delay_of(link.carry(rule, rng, link_begin, 64'000)) == Duration{1'000});
  CHECK(delay_of(link.carry(rule, rng, link_begin, 32'000)) == Duration{1'500});
  CHECK(delay_of(link.carry(rule, rng, link_begin + Duration{5'000}, 640)) == Duration{10});
  CHECK(link.carry(rule, rng, link_begin, 64'000 * 60).empty());
  // What was dropped used nothing.
  CHECK(delay_of(link.carry(rule, rng, link_begin + Duration{6'000}, 640)) == Duration{10});
}

TEST_CASE("two faults on a link add up") {
  const LinkRule slow{.delay = Duration{100}, .bytes_per_second = 1'000};
  const LinkRule lossy{.delay = Duration{20}, .loss_ppm = 500'000};
  const LinkRule both = slow + lossy;
  CHECK(both.delay == Duration{120});
  CHECK(both.loss_ppm == 500'000);
  CHECK(both.bytes_per_second == 1'000);
  CHECK((lossy + lossy).loss_ppm == 750'000);
  CHECK((slow + LinkRule{.bytes_per_second = 500}).bytes_per_second == 500);
  CHECK((slow + LinkRule{.cut = true}).cut);
  CHECK(slow + LinkRule{} == slow);
}

TEST_CASE("a poll is waited for longer than a fetch") {
  CHECK(sync::patience_of(sync::GetHeaders{1, 2}) == limits::answer_time_max);
  CHECK(sync::patience_of(SyncQuery{{}, 0, Duration{10'000}}) ==
        limits::answer_time_max + Duration{10'000});
}
