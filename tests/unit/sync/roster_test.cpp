#include "sync/roster.hpp"

#include <catch2/catch.hpp>

#include "tests/support/ledger.hpp"

using namespace aitbc;
using sync::Roster;

namespace {

const Time roster_begin = from_unix_ms(1'700'000'000'000);

struct RosterBench {
  test::Ledger ledger;
  Roster roster{Duration{30'000}};

  KeyClaim claim(std::size_t authority, const std::string& instance,
                 Time signed_at = roster_begin) const {
    KeyClaim claim;
    claim.node = "node";
    claim.instance = instance;
    claim.origin = instance;
    claim.started = roster_begin;
    claim.signed_at = signed_at;
    sign(ledger.params.genesis_hash, claim, ledger.authorities[authority]);
    return claim;
  }
  Status hear(std::size_t authority, Duration age, Time now, const std::string& instance = "i") {
    return roster.hear(ledger.params.genesis_hash, {claim(authority, instance), "url", age}, now);
  }
  std::size_t heard(Time now) const {
    return roster.heard(ledger.genesis.authorities, ledger.authorities[0].public_key(), now);
  }
};

}  // namespace

TEST_CASE("a key counts as heard for a window, whoever passed it on") {
  RosterBench bench;
  CHECK(bench.heard(roster_begin) == 1);  // itself
  REQUIRE(bench.hear(1, Duration{10'000}, roster_begin));
  CHECK(bench.heard(roster_begin) == 2);
  CHECK(bench.heard(roster_begin + Duration{20'000}) == 2);
  CHECK(bench.heard(roster_begin + Duration{20'001}) == 1);
  REQUIRE(bench.hear(2, Duration{31'000}, roster_begin));
  CHECK(bench.heard(roster_begin) == 2);
  // A later report of what is older says nothing new.
  REQUIRE(bench.hear(1, Duration{25'000}, roster_begin));
  CHECK(bench.heard(roster_begin + Duration{20'000}) == 2);
}

TEST_CASE("two nodes cannot keep a third alive for one another") {
  RosterBench left, right;
  REQUIRE(left.hear(2, Duration{0}, roster_begin));
  Time now = roster_begin;
  for (int i = 0; i < 100'000; ++i) {
    now += Duration{1};
    for (auto* to : {&right, &left}) {
      RosterBench& from = to == &right ? left : right;
      for (const Sighting& sighting : from.roster.sightings(now)) {
        REQUIRE(to->roster.hear(to->ledger.params.genesis_hash, sighting, now));
      }
    }
    if (left.heard(now) == 1) break;
  }
  CHECK(now <= roster_begin + Duration{30'001});
}

TEST_CASE("nobody but its key can claim to run it") {
  RosterBench bench;
  Sighting forged{bench.claim(1, "i"), "url", Duration{0}};
  forged.claim.instance = "another";
  CHECK(bench.roster.hear(bench.ledger.params.genesis_hash, forged, roster_begin).error().code ==
        Errc::bad_signature);
  CHECK(bench.roster.runners(forged.claim.key, roster_begin).empty());
  REQUIRE(bench.hear(1, Duration{0}, roster_begin));
  REQUIRE(bench.hear(1, Duration{0}, roster_begin, "clone"));
  CHECK(bench.roster.runners(forged.claim.key, roster_begin).size() == 2);
}

TEST_CASE("what a process said before it ended is not passed on for ever") {
  RosterBench bench;
  const GenesisHash& chain = bench.ledger.params.genesis_hash;
  const Sighting replayed{bench.claim(1, "i"), "url", Duration{0}};
  for (Time now = roster_begin; now <= roster_begin + Duration{59'000}; now += Duration{1'000}) {
    REQUIRE(bench.roster.hear(chain, replayed, now));
    CHECK(bench.heard(now) == 2);
  }
  const Time late = roster_begin + Duration{60'001};
  REQUIRE(bench.roster.hear(chain, replayed, late));
  CHECK(bench.heard(late) == 1);
  // Renewed by the process itself it counts, as one process.
  REQUIRE(bench.roster.hear(chain, {bench.claim(1, "i", late), "url", Duration{0}}, late));
  CHECK(bench.heard(late) == 2);
  CHECK(bench.roster.runners(replayed.claim.key, late).size() == 1);
}

TEST_CASE("of two runners of a key one goes on, the same for both") {
  RosterBench bench;
  KeyClaim first = bench.claim(1, "a"), second = bench.claim(1, "b");
  second.started += Duration{1};
  CHECK(outranks(first, second));
  CHECK_FALSE(outranks(second, first));
  second.origin = "its predecessor";
  CHECK(outranks(second, first));
  first.forced = true;
  CHECK(outranks(first, second));
}

TEST_CASE("nothing was heard in the time to come, also when the clock has stepped back") {
  RosterBench bench;
  REQUIRE(bench.hear(1, Duration{0}, roster_begin));
  const auto sightings = bench.roster.sightings(roster_begin - Duration{400});
  REQUIRE(sightings.size() == 1);
  CHECK(sightings[0].age == Duration{1});
}

TEST_CASE("a simulator may remember which claims hold") {
  const RosterBench bench;
  std::size_t asked = 0;
  Roster roster(Duration{30'000}, [&](const GenesisHash&, const KeyClaim&) -> Status {
    if (++asked == 1) return ok();
    return error(Errc::bad_signature, "no");
  });
  KeyClaim claim = bench.claim(1, "i");
  const auto hear = [&] {
    return roster.hear(bench.ledger.params.genesis_hash, {claim, "url", Duration{0}}, roster_begin);
  };
  CHECK(hear());
  CHECK(hear());  // known
  claim = bench.claim(1, "i", roster_begin + Duration{1});
  CHECK_FALSE(hear());
  CHECK(asked == 2);
}
