#include <catch2/catch.hpp>

#include "chain/memory_store.hpp"
#include "sync/replica.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using sync::Fitness;
using sync::Replica;
using test::ChainBuilder;

namespace {

// A guard that was copied from elsewhere.
struct CopiedGuard final : SignGuard {
  MemorySignGuard guard;
  const Watermarks& marks() const override { return guard.marks(); }
  Status raise(const Watermarks& marks) override { return guard.raise(marks); }
  const KeyNotes& notes() const override { return guard.notes(); }
  Status note(KeyNotes notes) override { return guard.note(std::move(notes)); }
  bool in_place() const override { return false; }
};

// A node of three authorities that asks two peers, which the test plays.
struct KeysBench {
  ChainBuilder builder;
  Time now = start_of(builder.params(), 3);  // its first turn
  std::shared_ptr<SignGuard> guard = std::make_shared<MemorySignGuard>();
  std::unique_ptr<Replica> replica;
  std::vector<sync::Send> polls;
  Time polled;

  void start(bool forced = false) {
    Replica::Options options;
    options.node_id = "n";
    options.instance = "mine";
    options.forced = forced;
    options.authority = test::authority_of(builder.ledger.authorities[0], guard);
    options.agent.peers = {"http://b", "http://c"};
    replica = std::move(*Replica::create(
        std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>())),
        std::move(options), now));
    tick();
  }
  std::optional<CheckedBlock> tick(Duration later = Duration{0}) {
    now += later;
    auto step = replica->tick(now);
    REQUIRE(step);
    for (const sync::Send& send : step->sends) {
      if (!std::holds_alternative<SyncQuery>(send.request)) continue;
      polls.push_back(send);
      polled = now;
    }
    return step->sealed;
  }
  KeyClaim claim(std::size_t authority, const std::string& instance,
                 const std::optional<std::string>& origin = {}) const {
    KeyClaim claim;
    claim.node = "node-2 of site-a";
    claim.instance = instance;
    claim.origin = origin.value_or(instance);
    claim.started = now - Duration{60'000};
    claim.signed_at = now;
    sign(builder.params().genesis_hash, claim, builder.ledger.authorities[authority]);
    return claim;
  }
  // Both peers answer with this.
  void hear(std::vector<Sighting> sightings, Duration clock = Duration{0}) {
    for (const sync::Send& poll : std::exchange(polls, {})) {
      SyncAnswer answer = replica->answer({}, now);
      answer.runs.reset();
      answer.instance = "peer";
      answer.node_time = now + clock;
      answer.held = now - polled;
      answer.sightings = sightings;
      answer.votes.clear();
      answer.evidence.clear();
      answer.head = replica->chain().head();
      ++answer.cursor;
      REQUIRE(replica->on_reply(poll.id, sync::Reply(sync::Heard{answer, {}, {}}), now));
    }
    tick();
  }
  void pay() {
    const CheckedTx tx = builder.transfer(0, 1);
    REQUIRE(replica->submit(std::span(&tx, 1)));
  }
  // Its next turn.
  bool seals() {
    pay();
    const auto slot =
        next_turn(builder.genesis().authorities, builder.ledger.authorities[0].public_key(),
                  slot_at(builder.params(), now).value());
    now = start_of(builder.params(), *slot);
    return tick().has_value();
  }
  std::string state() const { return replica->status().state.text(); }
};

}  // namespace

TEST_CASE("a copied key is refused while another process is heard with it, and says where") {
  KeysBench bench;
  bench.guard = std::make_shared<CopiedGuard>();
  bench.start();
  CHECK(bench.replica->fitness().reason == Fitness::Reason::asking);
  bench.pay();
  CHECK_FALSE(bench.tick());  // though it is its turn
  CHECK_FALSE(bench.replica->answer({}, bench.now).runs);
  const Sighting original{bench.claim(0, "theirs"), "http://host:1", Duration{4'000}};
  bench.hear({original});
  CHECK_THAT(bench.state(), Catch::StartsWith("paused: authority key ") &&
                                Catch::EndsWith("is run by node-2 of site-a (http://host:1), heard "
                                                "4 s ago"));
  CHECK(bench.replica->status().other_runner);
  CHECK(bench.guard->notes().origin != "mine");  // it never used the key
  // Three polls after it was heard last.
  bench.tick(Duration{26'000});
  CHECK(bench.replica->fitness().reason == Fitness::Reason::other_runner);
  bench.tick(Duration{1});
  CHECK_FALSE(bench.replica->status().other_runner);
  CHECK(bench.guard->notes().origin == "mine");
  REQUIRE(bench.replica->answer({}, bench.now).runs);
  CHECK(bench.replica->answer({}, bench.now).runs->origin == "mine");
}

TEST_CASE("a claim is made anew with every second poll: each is checked by all who hear it") {
  KeysBench bench;
  bench.start();
  bench.hear({});
  const auto signed_at = [&] { return bench.replica->answer({}, bench.now).runs->signed_at; };
  const Time first = signed_at();
  bench.tick(2 * limits::poll_interval - Duration{1});
  CHECK(signed_at() == first);
  bench.tick(Duration{1});
  CHECK(signed_at() == first + 2 * limits::poll_interval);
}

TEST_CASE("its own predecessors do not hold up a restart, and silent peers do not for long") {
  KeysBench bench;
  SECTION("its predecessor is still remembered") {
    // Two of them: a node that is started again and again is not its own rival either.
    REQUIRE(bench.guard->note({"first", {}}));
    bench.start();
    CHECK(bench.replica->fitness().reason == Fitness::Reason::asking);
    bench.hear({{bench.claim(0, "first"), "http://host:1", Duration{2'000}},
                {bench.claim(0, "second", "first"), "http://host:1", Duration{1'000}}});
    CHECK(bench.seals());
    CHECK(bench.guard->notes().origin == "first");
  }
  SECTION("forced") {
    bench.guard = std::make_shared<CopiedGuard>();
    bench.start(true);
    bench.hear({{bench.claim(0, "theirs"), "http://host:1", Duration{0}}});
    CHECK(bench.seals());
    CHECK(bench.replica->answer({}, bench.now).runs->forced);
  }
  SECTION("all silent") {
    bench.guard = std::make_shared<CopiedGuard>();
    bench.start();
    bench.tick(limits::runner_check_time_max);
    CHECK(bench.replica->fitness().reason == Fitness::Reason::none);
  }
}

TEST_CASE("while it runs, a node gives way to who outranks it, and to nobody else") {
  KeysBench bench;
  bench.start();
  KeyClaim other = bench.claim(0, "theirs");
  bench.hear({});
  bench.tick(limits::poll_pause);
  SECTION("a copy does not stop it") {
    bench.hear({{other, "http://host:1", Duration{0}}});
    CHECK(bench.seals());
  }
  SECTION("a forced one does") {
    other.forced = true;
    sign(bench.builder.params().genesis_hash, other, bench.builder.ledger.authorities[0]);
    bench.hear({{other, "http://host:1", Duration{0}}});
    CHECK_FALSE(bench.seals());
    CHECK_THAT(bench.state(), Catch::EndsWith("started with --force"));
  }
}

TEST_CASE("an authority that hears no quorum stops sealing, not voting, and goes on when it does") {
  KeysBench bench;
  bench.start();
  CHECK(bench.seals());  // it has not had its chance to hear yet
  bench.tick(limits::silent_polls_max * limits::poll_interval);
  CHECK(bench.state() == "paused: no quorum 1/3 since " + to_iso(bench.now).substr(11, 8));
  CHECK(bench.replica->fitness().may_vote());
  CHECK_FALSE(bench.seals());
  // Passed on by others: nobody has to hear everybody.
  bench.hear({{bench.claim(2, "c"), "http://c", Duration{0}}});
  CHECK(bench.state() != "paused");
  CHECK(bench.replica->fitness().reason == Fitness::Reason::none);
}

TEST_CASE("a node that gets its first peer has its chance to hear a quorum before it pauses") {
  KeysBench bench;
  bench.start();
  const Duration window = limits::silent_polls_max * limits::poll_interval;
  const std::vector<std::string> none, one{"http://b"};
  bench.replica->set_peers(none, bench.now);
  bench.tick(2 * window);
  CHECK(bench.replica->fitness().reason == Fitness::Reason::none);  // it cannot tell
  bench.replica->set_peers(one, bench.now);
  bench.tick();
  CHECK(bench.replica->fitness().reason == Fitness::Reason::none);
  bench.tick(window);
  CHECK(bench.replica->fitness().reason == Fitness::Reason::no_quorum);
}

TEST_CASE("a clock far from the median stops sealing") {
  KeysBench bench;
  bench.start();
  bench.hear({}, Duration{400});
  CHECK(bench.replica->status().clock_offset == Duration{-400});
  CHECK(bench.replica->fitness().reason == Fitness::Reason::none);
  bench.tick(Duration{20'000});
  bench.hear({}, Duration{1'300});
  CHECK(bench.state() == "paused: this clock is 1300 ms behind the median of 3 clocks");
  CHECK_FALSE(bench.seals());
  bench.replica->clock_stepped();
  bench.tick();
  CHECK(bench.replica->fitness().reason != Fitness::Reason::clock);
}

TEST_CASE("evidence against its own key stops a node until its operator unlocks it") {
  KeysBench bench;
  bench.start();
  const GenesisHash& chain = bench.builder.params().genesis_hash;
  const auto evidence = [&](std::size_t authority) {
    const KeyPair& key = bench.builder.ledger.authorities[authority];
    return *breach(sign(chain, Vote::commit({3, BlockId{{1}}}), key),
                   sign(chain, Vote::commit({3, BlockId{{2}}}), key));
  };
  const Evidence others = evidence(1), own = evidence(0);
  bench.hear({});
  REQUIRE(bench.replica->add_evidence(std::span(&others, 1)));
  bench.tick();
  CHECK(bench.replica->fitness().reason == Fitness::Reason::none);
  CHECK(bench.replica->status().evidence == 1);
  REQUIRE(bench.replica->add_evidence(std::span(&own, 1)));
  CHECK_FALSE(bench.seals());
  CHECK(bench.state() == "paused: evidence against this key; aitbc authority unlock");
  CHECK_FALSE(bench.replica->fitness().may_vote());
  CHECK(bench.replica->answer({"mine", 0, Duration{0}}, bench.now).evidence.size() == 2);

  CHECK(bench.replica->unlock(bench.now).value() == std::vector{id_of(own)});
  CHECK(bench.seals());
  CHECK(bench.replica->unlock(bench.now)->empty());
}
