#include "chain/core/poa.hpp"

#include <deque>
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/generators.hpp"

using namespace aitbc;

namespace {

constexpr std::int64_t start_ms = 1'700'000'000'000;

Params some_params() {
  Params params;
  params.genesis_time = from_unix_ms(start_ms);
  params.slot = Duration{2'000};
  params.tail_guard = Duration{500};
  return params;
}

std::vector<PublicKey> authorities(std::size_t count) {
  gen::Rng rng(1);
  return gen::public_keys(gen::keys(rng, count));
}

BlockId id_number(Byte number) {
  BlockId id;
  id.data[0] = number;
  return id;
}

}  // namespace

TEST_CASE("the slot is the whole number of slot times since the genesis") {
  struct Case {
    std::int64_t ms;
    std::optional<Slot> slot;
  };
  const auto [ms, slot] = GENERATE(values<Case>({
      {-1'000'000'000'000, std::nullopt},
      {-1, std::nullopt},
      {0, Slot{0}},
      {1'999, Slot{0}},
      {2'000, Slot{1}},
      {2'001, Slot{1}},
      {3'999, Slot{1}},
      {4'000, Slot{2}},
      {2'000'000'000'000, Slot{1'000'000'000}},
  }));
  CHECK(slot_at(some_params(), from_unix_ms(start_ms + ms)) == slot);
}

TEST_CASE("a slot contains its start and not the start of the next") {
  const Params params = some_params();
  for (const Slot slot : {Slot{0}, Slot{1}, Slot{2}, Slot{1'000'000}}) {
    const Time start = start_of(params, slot);
    CHECK(slot_at(params, start) == slot);
    CHECK(slot_at(params, start + Duration{1'999}) == slot);
    CHECK(slot_at(params, start + Duration{2'000}) == slot + 1);
    CHECK((slot == 0 || slot_at(params, start - Duration{1}) == slot - 1));
  }
}

TEST_CASE("sealing ends where the tail guard begins") {
  Params params = some_params();
  CHECK(sealing_ends(params, 0) == from_unix_ms(start_ms + 1'500));
  CHECK(sealing_ends(params, 7) == start_of(params, 7) + Duration{1'500});
  params.tail_guard = Duration{0};
  CHECK(sealing_ends(params, 7) == start_of(params, 8));
}

TEST_CASE("authorities take turns") {
  const std::vector<PublicKey> keys = authorities(3);
  CHECK(proposer_of(keys, 0) == keys[0]);
  CHECK(proposer_of(keys, 1) == keys[1]);
  CHECK(proposer_of(keys, 2) == keys[2]);
  CHECK(proposer_of(keys, 3) == keys[0]);
  CHECK(proposer_of(keys, 3'000'000'000'001) == keys[1]);
  CHECK(proposer_of(std::span(keys).first(1), 17) == keys[0]);
}

TEST_CASE("the next turn is the first own slot afterwards") {
  const std::vector<PublicKey> keys = authorities(4);
  for (Slot after = 0; after < 12; ++after) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::optional<Slot> turn = next_turn(keys, keys[i], after);
      REQUIRE(turn);
      CHECK(*turn > after);
      CHECK(*turn <= after + keys.size());
      CHECK(*turn % keys.size() == i);
    }
  }
  CHECK(next_turn(std::span(keys).first(1), keys[0], 5) == Slot{6});
  CHECK_FALSE(next_turn(std::span(keys).first(3), keys[3], 5));
  CHECK_FALSE(next_turn({}, keys[0], 5));
}

TEST_CASE("the window of recent signers is half of the authorities") {
  const std::vector<std::size_t> expected = {0, 0, 1, 1, 2, 2, 3, 3};
  for (std::size_t n = 1; n < expected.size(); ++n) CHECK(recent_window(n) == expected[n]);
}

TEST_CASE("a parent remembers the blocks that the rules look at, newest last") {
  gen::Rng rng(2);
  for (std::size_t n = 1; n <= 7; ++n) {
    Parent parent;
    std::deque<Parent::Ancestor> expected;
    for (Height height = 1; height < 20; ++height) {
      Header header = gen::any_sealed_header(rng).header;
      header.height = height;
      parent.advance(header, n);
      expected.push_back({id_of(header), header.proposer});
      while (expected.size() > 2 * n + 2) expected.pop_front();
      CHECK(parent.tip == tip_of(header));
      CHECK(parent.recent == std::vector<Parent::Ancestor>(expected.begin(), expected.end()));
      CHECK(parent.id_at(height) == id_of(header));
      const Height lowest = height + 1 - expected.size();
      CHECK(parent.id_at(lowest) == expected.front().id);
      if (lowest > 0) CHECK_FALSE(parent.id_at(lowest - 1));
      CHECK_FALSE(parent.id_at(height + 1));
    }
  }
}

TEST_CASE("a header follows its parent, rises in height and slot, and is in turn") {
  const std::vector<PublicKey> keys = authorities(3);
  Parent parent;
  parent.tip = {7, 9, id_number(1)};
  Header good;
  good.height = 8;
  good.slot = 10;
  good.parent = id_number(1);
  good.proposer = keys[10 % 3];
  good.tx_count = 1;
  REQUIRE(check_header(parent, {keys, {}, {}}, good));

  const auto code_of = [&](const Header& header) {
    const Status status = check_header(parent, {keys, {}, {}}, header);
    return status ? std::optional<Errc>() : status.error().code;
  };
  Header bad = good;
  bad.parent = id_number(2);
  CHECK(code_of(bad) == Errc::unknown_parent);
  for (const Height height : {Height{0}, Height{7}, Height{9}, ~Height{0}}) {
    bad = good;
    bad.height = height;
    CHECK(code_of(bad) == Errc::bad_height);
  }
  for (const Slot slot : {Slot{0}, Slot{8}, Slot{9}}) {
    bad = good;
    bad.slot = slot;
    bad.proposer = keys[slot % 3];
    CHECK(code_of(bad) == Errc::bad_slot);
  }
  for (const Slot slot : {Slot{11}, Slot{12}, Slot{14}}) {
    bad = good;
    bad.slot = slot;  // in the turn of another
    CHECK(code_of(bad) == Errc::bad_proposer);
  }
  bad = good;
  bad.proposer = PublicKey{};
  CHECK(code_of(bad) == Errc::bad_proposer);
  bad = good;
  bad.slot = 13;  // a slot may be left out
  CHECK_FALSE(code_of(bad));
}

TEST_CASE("a block may be empty once its parent waited three rounds for votes") {
  for (std::size_t n = 1; n <= 7; ++n) {
    const std::vector<PublicKey> keys = authorities(n);
    Parent parent;
    parent.tip = {7, 9, id_number(1)};
    Header header;
    header.height = 8;
    header.parent = id_number(1);
    for (const auto& [slots, empty] : {std::pair(3 * n, false), std::pair(3 * n + 1, true)}) {
      header.slot = 9 + slots;
      header.proposer = proposer_of(keys, header.slot);
      header.tx_count = 1;
      CHECK(check_header(parent, {keys, {}, {}}, header));
      header.tx_count = 0;
      const auto status = check_header(parent, {keys, {}, {}}, header);
      CHECK(status.has_value() == empty);
      if (!empty) CHECK(status.error().code == Errc::empty_block);
    }
  }
}

TEST_CASE("the branch with the higher justified block wins, whatever the lengths") {
  const Tip longer{9, 20, id_number(1)}, shorter{8, 15, id_number(2)};
  CHECK(better(Standing{3, shorter}, Standing{2, longer}));
  CHECK_FALSE(better(Standing{2, longer}, Standing{3, shorter}));
  CHECK(better(Standing{2, longer}, Standing{2, shorter}));
  CHECK_FALSE(better(Standing{2, longer}, Standing{2, longer}));
}

TEST_CASE("a recent signer must wait, for one to seven authorities") {
  for (std::size_t n = 1; n <= 7; ++n) {
    const std::vector<PublicKey> keys = authorities(n);
    // Each gap, in blocks, after which the first authority comes again.
    for (std::size_t gap = 1; gap <= n; ++gap) {
      Parent parent;
      Header header;
      for (std::size_t i = 0; i < gap; ++i) {
        header.height = parent.tip.height + 1;
        header.slot = parent.tip.slot / n * n + n + i;  // a round later, the turn of i
        header.parent = parent.tip.id;
        header.proposer = keys[i];
        header.tx_count = 1;
        REQUIRE(check_header(parent, {keys, {}, {}}, header));
        parent.advance(header, n);
      }
      header.height = parent.tip.height + 1;
      header.slot = parent.tip.slot / n * n + n;
      header.parent = parent.tip.id;
      header.proposer = keys[0];
      const Status status = check_header(parent, {keys, {}, {}}, header);
      INFO(n << " authorities, again after " << gap);
      // At most one of any floor(n/2) + 1 consecutive blocks.
      CHECK(status.has_value() == (gap > n / 2));
      if (!status) CHECK(status.error().code == Errc::recent_signer);
    }
  }
}

TEST_CASE("more blocks are better, then the lower slot, then the lower hash") {
  const Tip tip{5, 20, id_number(8)};
  struct Case {
    Tip other;
    bool better;
  };
  const auto [other, expected] = GENERATE(values<Case>({
      {{6, 99, id_number(9)}, true},
      {{4, 1, id_number(1)}, false},
      {{5, 19, id_number(9)}, true},
      {{5, 21, id_number(1)}, false},
      {{5, 20, id_number(7)}, true},
      {{5, 20, id_number(9)}, false},
  }));
  CHECK(better(other, tip) == expected);
  CHECK(better(tip, other) != expected);
}

TEST_CASE("nothing is better than itself") {
  const Tip tip{5, 20, id_number(8)};
  CHECK_FALSE(better(tip, tip));
}
