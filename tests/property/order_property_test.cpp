// The fork choice is a strict total order, and turns are fair.

#include <catch2/catch.hpp>

#include <set>

#include "chain/core/poa.hpp"
#include "tests/support/generators.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;

namespace {

// Close together, so that heights, slots and ids meet often.
Tip near_tip(gen::Rng& rng) {
  Tip tip{rng.below(3), rng.below(3), {}};
  tip.id.data[rng.index(2) * 31] = static_cast<Byte>(rng.below(3));
  return tip;
}

}  // namespace

TEST_CASE("of two different tips exactly one is better") {
  gen::Rng rng = gen::suite_rng();
  for (int i = 0; i < 20'000; ++i) {
    const Tip a = near_tip(rng);
    const Tip b = near_tip(rng);
    REQUIRE(static_cast<int>(better(a, b)) + static_cast<int>(better(b, a)) == (a == b ? 0 : 1));
  }
}

TEST_CASE("better is transitive") {
  gen::Rng rng = gen::suite_rng();
  for (int i = 0; i < 50'000; ++i) {
    const Tip a = near_tip(rng);
    const Tip b = near_tip(rng);
    const Tip c = near_tip(rng);
    if (better(a, b) && better(b, c)) REQUIRE(better(a, c));
  }
}

TEST_CASE("everybody finds the same best tip, whatever was seen first") {
  gen::Rng rng = gen::suite_rng();
  std::vector<Tip> tips;
  for (int i = 0; i < 20; ++i) tips.push_back(near_tip(rng));
  std::set<BlockId> winners;
  for (int i = 0; i < 50; ++i) {
    rng.shuffle(tips);
    Tip best = tips[0];
    for (const Tip& tip : tips) {
      if (better(tip, best)) best = tip;
    }
    winners.insert(best.id);
  }
  REQUIRE(winners.size() == 1);
}

TEST_CASE("time, slot and turn agree") {
  gen::Rng rng = gen::suite_rng();
  for (int i = 0; i < 2'000; ++i) {
    Params params;
    params.genesis_time = from_unix_ms(static_cast<std::int64_t>(rng.below(2'000'000'000'000)));
    params.slot = Duration{static_cast<std::int64_t>(100 + rng.below(10'000))};
    params.tail_guard = params.slot / 4;
    const Slot slot = rng.below(1'000'000'000);
    const Time start = start_of(params, slot);
    const Duration into{
        static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(params.slot.count())))};
    REQUIRE(slot_at(params, start + into) == slot);
    REQUIRE(sealing_ends(params, slot) > start);
    REQUIRE(slot_at(params, sealing_ends(params, slot)) == slot);
  }
}

TEST_CASE("each authority has every n-th slot") {
  gen::Rng rng = gen::suite_rng();
  for (std::size_t n = 1; n <= 7; ++n) {
    const auto keys = gen::public_keys(gen::keys(rng, n));
    const Slot first = rng.below(1'000'000);
    std::set<PublicKey> seen;
    for (Slot slot = first; slot < first + n; ++slot) seen.insert(proposer_of(keys, slot));
    REQUIRE(seen.size() == n);
    for (const PublicKey& key : keys) {
      const Slot turn = next_turn(keys, key, first).value();
      REQUIRE(proposer_of(keys, turn) == key);
      REQUIRE(next_turn(keys, key, turn) == turn + n);
    }
  }
}
