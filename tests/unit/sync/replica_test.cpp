#include "sync/replica.hpp"

#include <catch2/catch.hpp>

#include "chain/memory_store.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using sync::Replica;
using test::ChainBuilder;

namespace {

Result<std::unique_ptr<Replica>> open(
    const ChainBuilder& builder, const KeyPair* key = nullptr,
    std::shared_ptr<SignGuard> guard = std::make_shared<MemorySignGuard>(),
    std::shared_ptr<MemoryDisk> disk = std::make_shared<MemoryDisk>()) {
  Replica::Options options;
  options.node_id = "n";
  options.site = "s";
  options.instance = "i";
  if (key != nullptr) options.authority = test::authority_of(*key, std::move(guard));
  return Replica::create(
      std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>(std::move(disk)))),
      std::move(options), builder.params().genesis_time);
}

// Its disk is full while `full` is set.
struct FillingGuard final : SignGuard {
  MemorySignGuard guard;
  bool full = false;

  const Watermarks& marks() const override { return guard.marks(); }
  Status raise(const Watermarks& marks) override {
    return full ? Status(error(Errc::disk_full, "disk full")) : guard.raise(marks);
  }
  const KeyNotes& notes() const override { return guard.notes(); }
  Status note(KeyNotes notes) override { return guard.note(std::move(notes)); }
  bool in_place() const override { return true; }
};

}  // namespace

TEST_CASE("a key that the chain does not list signs nothing") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, &builder.user(0)));
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  for (Slot slot = 1; slot <= 6; ++slot) {
    CHECK_FALSE(replica->tick(start_of(builder.params(), slot))->sealed);
  }
  const auto block = builder.append({tx}).block;
  const Time now = start_of(builder.params(), 10);
  REQUIRE(replica->import(std::span(&block, 1), now));
  REQUIRE(replica->tick(now));
  CHECK(replica->answer({}, now).votes.empty());
}

TEST_CASE("a node says where it runs") {
  ChainBuilder builder;
  const auto replica = std::move(*open(builder));
  CHECK(replica->status().site == "s");
  CHECK(replica->answer({}, builder.params().genesis_time).site == "s");
}

TEST_CASE("the node wakes for its turn only when there is something to seal") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, &builder.ledger.authorities[0]));
  const Time now = start_of(builder.params(), 1);
  CHECK_FALSE(replica->next_wake(now));
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  CHECK(replica->next_wake(now) == start_of(builder.params(), 3));
  CHECK_FALSE(replica->tick(now)->sealed);
  const auto step = replica->tick(start_of(builder.params(), 3));
  REQUIRE(step->sealed);
  CHECK(step->sealed->txs.size() == 1);
  // Until it is impatient for the votes of the others.
  CHECK(replica->next_wake(start_of(builder.params(), 3)) ==
        start_of(builder.params(), 3) + 3 * limits::poll_interval);
}

TEST_CASE("an authority votes for its head, tells it once, and again after a restart") {
  ChainBuilder builder;
  const auto guard = std::make_shared<MemorySignGuard>();
  const auto disk = std::make_shared<MemoryDisk>();
  const Time now = start_of(builder.params(), 3);
  const CheckedTx tx = builder.transfer(0, 1);
  {
    auto replica = std::move(*open(builder, &builder.ledger.authorities[0], guard, disk));
    REQUIRE(replica->submit(std::span(&tx, 1)));
    REQUIRE(replica->tick(now)->sealed);
    const SyncAnswer answer = replica->answer({}, now);
    REQUIRE(answer.votes.size() == 1);
    CHECK(answer.votes[0].vote == guard->marks().prepare);
    CHECK(answer.votes[0].vote.target == checkpoint_of(answer.head));
    CHECK(replica->answer({"i", answer.cursor, Duration{0}}, now).votes.empty());
    // Another's vote of the same kind makes a quorum of two: now it commits.
    const SignedVote other =
        sign(builder.params().genesis_hash, answer.votes[0].vote, builder.ledger.authorities[1]);
    REQUIRE(replica->add_votes(std::span(&other, 1)));
    REQUIRE(replica->tick(now));
    CHECK(replica->status().justified == answer.head);
    CHECK(guard->marks().commit == Vote::commit(checkpoint_of(answer.head)));
  }
  const auto again = std::move(*open(builder, &builder.ledger.authorities[0], guard, disk));
  const auto votes = again->answer({}, now).votes;
  CHECK(std::any_of(votes.begin(), votes.end(),
                    [&](const SignedVote& vote) { return vote.vote == guard->marks().commit; }));
}

TEST_CASE("after a full disk the node seals again a slot later, also if its clock steps back") {
  ChainBuilder builder;
  const auto guard = std::make_shared<FillingGuard>();
  auto replica = std::move(*open(builder, &builder.ledger.authorities[0], guard));
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  guard->full = true;
  CHECK_FALSE(replica->tick(start_of(builder.params(), 3'000))->sealed);
  guard->full = false;
  const Duration slot = builder.params().slot;
  SECTION("it goes on") {
    const Time soon = start_of(builder.params(), 3'000) + slot - Duration{1};
    CHECK_FALSE(replica->tick(soon)->sealed);
    CHECK(replica->tick(start_of(builder.params(), 3'003))->sealed);
  }
  SECTION("it steps back") {
    CHECK_FALSE(replica->tick(start_of(builder.params(), 30))->sealed);
    CHECK(replica->next_wake(start_of(builder.params(), 30)) ==
          start_of(builder.params(), 30) + slot);
    CHECK(replica->tick(start_of(builder.params(), 33))->sealed);
  }
}

TEST_CASE("an answer says what is newer than the cursor, and moves it on") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, &builder.ledger.authorities[0]));
  const Time now = start_of(builder.params(), 3);
  SyncAnswer answer = replica->answer({}, now);
  SyncQuery query{answer.instance, answer.cursor, Duration{0}};
  CHECK(replica->answer(query, now).cursor == query.cursor);

  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  answer = replica->answer(query, now);
  CHECK(answer.since == query.cursor);
  CHECK(answer.cursor > query.cursor);
  CHECK(answer.txs == std::vector{tx.id()});
  CHECK(answer.own_txs == std::vector{tx.signed_tx()});
  query.cursor = answer.cursor;
  CHECK(replica->answer(query, now).cursor == query.cursor);

  REQUIRE(replica->tick(now)->sealed);
  answer = replica->answer(query, now);
  CHECK(answer.txs.empty());
  REQUIRE(answer.own_block);
  CHECK(tip_of(answer.own_block->header()) == answer.head);
  query.cursor = answer.cursor;
  CHECK_FALSE(replica->answer(query, now).own_block);
}

TEST_CASE("a block that is too large to be sent along is fetched, and what waits is still sent") {
  constexpr std::size_t senders = 8;
  ChainBuilder builder({.users = senders, .balance = 1'000'000});
  auto replica = std::move(*open(builder, &builder.ledger.authorities[0]));
  std::vector<CheckedTx> txs;
  std::size_t bytes = 0;
  for (Nonce ahead = 0; bytes <= limits::push_bytes_max; ++ahead) {
    for (std::size_t user = 0; user < senders; ++user) {
      txs.push_back(builder.transfer(user, 0, 1, ahead));
      bytes += encode(txs.back().signed_tx()).size();
    }
  }
  REQUIRE(replica->submit(txs));
  const Time now = start_of(builder.params(), 3);
  const auto before = replica->answer({}, now).cursor;
  REQUIRE(replica->tick(now)->sealed);
  const CheckedTx waits = builder.transfer(0, 1, 1, txs.size() / senders);
  REQUIRE(replica->submit(std::span(&waits, 1)));
  const SyncAnswer answer = replica->answer({"i", before, Duration{0}}, now);
  CHECK_FALSE(answer.own_block);
  CHECK(answer.own_txs == std::vector{waits.signed_tx()});
}

TEST_CASE("at rest a node has its own block in the store alone, and goes on sending what waits") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, &builder.ledger.authorities[0]));
  const Time now = start_of(builder.params(), 3);
  const SyncQuery query{"i", replica->answer({}, now).cursor, Duration{0}};
  const CheckedTx included = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&included, 1)));
  REQUIRE(replica->tick(now)->sealed);
  const CheckedTx waiting = builder.transfer(0, 1, 10, 1);
  REQUIRE(replica->submit(std::span(&waiting, 1)));
  SyncAnswer answer = replica->answer(query, now);
  CHECK(answer.own_block);
  CHECK(answer.own_txs == std::vector{waiting.signed_tx()});

  replica->shrink();
  answer = replica->answer(query, now);
  CHECK_FALSE(answer.own_block);
  CHECK(answer.head.height == 1);
  CHECK(answer.own_txs == std::vector{waiting.signed_tx()});
  const auto snapshot = replica->chain().reader().snapshot();
  CHECK((*snapshot)->block(1).value().has_value());
}

TEST_CASE("what came from elsewhere is named, not sent whole") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder));
  builder.append();
  const SyncQuery query{"i", 0, Duration{0}};
  REQUIRE(replica->import(std::span(&builder.blocks[0].block, 1), start_of(builder.params(), 9)));
  const SyncAnswer answer = replica->answer(query, start_of(builder.params(), 9));
  CHECK(answer.head == builder.head());
  CHECK_FALSE(answer.own_block);
}
