#include "sync/replica.hpp"

#include <catch2/catch.hpp>

#include "chain/memory_store.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using sync::Replica;
using test::ChainBuilder;

namespace {

Result<std::unique_ptr<Replica>> open(
    const ChainBuilder& builder, std::optional<KeyPair> key,
    std::unique_ptr<Store> store = std::make_unique<MemoryStore>()) {
  Replica::Options options;
  options.node_id = "n";
  options.instance = "i";
  options.authority = std::move(key);
  return Replica::create(std::move(*Chain::open(builder.genesis(), std::move(store))),
                         std::move(options), builder.params().genesis_time);
}

// Its disk is full while `full` is set.
class FillingStore final : public MemoryStore {
 public:
  explicit FillingStore(std::shared_ptr<bool> full) : full_(std::move(full)) {}
  Status commit(const Batch& batch) override {
    if (*full_) return error(Errc::disk_full, "disk full");
    return MemoryStore::commit(batch);
  }

 private:
  std::shared_ptr<bool> full_;
};

KeyPair copy_of(const KeyPair& key) { return KeyPair(Seed(key.seed().bytes())); }

}  // namespace

TEST_CASE("a key that the chain does not list is refused") {
  ChainBuilder builder;
  const auto refused = open(builder, copy_of(builder.user(0)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::not_an_authority);
}

TEST_CASE("the node wakes for its turn only when there is something to seal") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, copy_of(builder.ledger.authorities[0])));
  const Time now = start_of(builder.params(), 1);
  CHECK_FALSE(replica->next_wake(now));
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  CHECK(replica->next_wake(now) == start_of(builder.params(), 3));
  CHECK_FALSE(replica->tick(now)->sealed);
  const auto step = replica->tick(start_of(builder.params(), 3));
  REQUIRE(step->sealed);
  CHECK(step->sealed->txs.size() == 1);
  CHECK_FALSE(replica->next_wake(start_of(builder.params(), 3)));
}

TEST_CASE("after a full disk the node seals again a slot later, also if its clock steps back") {
  ChainBuilder builder;
  const auto full = std::make_shared<bool>(false);
  auto replica = std::move(
      *open(builder, copy_of(builder.ledger.authorities[0]), std::make_unique<FillingStore>(full)));
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  *full = true;
  CHECK_FALSE(replica->tick(start_of(builder.params(), 3'000))->sealed);
  *full = false;
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

TEST_CASE("a poll has news when a transaction or a head is newer than its cursor") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, copy_of(builder.ledger.authorities[0])));
  const Time now = start_of(builder.params(), 3);
  CHECK(replica->has_news({"another instance", 0, Duration{0}}));
  SyncAnswer answer = replica->answer({}, now);
  SyncQuery query{answer.instance, answer.cursor, Duration{0}};
  CHECK_FALSE(replica->has_news(query));

  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(replica->submit(std::span(&tx, 1)));
  CHECK(replica->has_news(query));
  answer = replica->answer(query, now);
  CHECK(answer.txs == std::vector{tx.id()});
  CHECK(answer.own_txs == std::vector{tx.signed_tx()});
  query.cursor = answer.cursor;
  CHECK_FALSE(replica->has_news(query));

  REQUIRE(replica->tick(now)->sealed);
  CHECK(replica->has_news(query));
  answer = replica->answer(query, now);
  CHECK(answer.txs.empty());
  REQUIRE(answer.own_block);
  CHECK(tip_of(answer.own_block->header()) == answer.head);
  query.cursor = answer.cursor;
  CHECK_FALSE(replica->answer(query, now).own_block);
}

TEST_CASE("what came from elsewhere is named, not sent whole") {
  ChainBuilder builder;
  auto replica = std::move(*open(builder, std::nullopt));
  builder.append();
  const SyncQuery query{"i", 0, Duration{0}};
  REQUIRE(replica->import(std::span(&builder.blocks[0].block, 1), start_of(builder.params(), 9)));
  const SyncAnswer answer = replica->answer(query, start_of(builder.params(), 9));
  CHECK(answer.head == builder.head());
  CHECK_FALSE(answer.own_block);
}
