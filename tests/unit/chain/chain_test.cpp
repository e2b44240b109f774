#include "chain/chain.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

struct Watch {
  bool full = false;        // the disk takes nothing more
  std::size_t headers = 0;  // looked up by the chain's owner
};

class WatchedStore final : public Store {
 public:
  explicit WatchedStore(std::shared_ptr<Watch> watch) : watch_(std::move(watch)) {}
  Result<std::optional<Loaded>> load(const Params& params) override { return store_.load(params); }
  Status initialise(const Genesis& genesis) override { return store_.initialise(genesis); }
  Status commit(const Batch& batch) override {
    if (watch_->full) return error(Errc::disk_full, "disk full");
    return store_.commit(batch);
  }
  Result<std::optional<SealedHeader>> header(Height height) override {
    ++watch_->headers;
    return store_.header(height);
  }
  Result<bool> included(const TxId& id) override { return store_.included(id); }
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return store_.finality_of(height);
  }
  Result<std::vector<Applied>> applied_above(Height height) override {
    return store_.applied_above(height);
  }
  Reader& reader() override { return store_.reader(); }

 private:
  std::shared_ptr<Watch> watch_;
  MemoryStore store_;
};

Chain open(const ChainBuilder& builder, std::shared_ptr<MemoryDisk> disk,
           Mempool::Limits limits = {}) {
  auto chain =
      Chain::open(builder.genesis(), std::make_unique<MemoryStore>(std::move(disk)), limits);
  REQUIRE(chain);
  return std::move(chain).value();
}

Chain open(const ChainBuilder& builder, const std::shared_ptr<Watch>& watch) {
  auto chain = Chain::open(builder.genesis(), std::make_unique<WatchedStore>(watch));
  REQUIRE(chain);
  return std::move(chain).value();
}

std::vector<CheckedBlock> branch_of(const std::vector<Applied>& blocks) {
  std::vector<CheckedBlock> branch;
  for (const Applied& applied : blocks) branch.push_back(applied.block);
  return branch;
}

// Late enough for every block that a test builds.
Time late(const ChainBuilder& builder) { return start_of(builder.params(), 1'000); }

Time middle_of(const Params& params, Slot slot) { return start_of(params, slot) + params.slot / 4; }

Errc code_of(const Result<Imported>& result) {
  REQUIRE_FALSE(result);
  return result.error().code;
}

}  // namespace

TEST_CASE("a new chain stands at its genesis") {
  const ChainBuilder builder;
  const Chain chain = open(builder, std::make_shared<MemoryDisk>());
  CHECK(chain.head() == genesis_tip(builder.params()));
  CHECK(chain.final() == chain.head());
  CHECK(chain.id_at(0).value() == chain.head().id);
  CHECK(chain.id_at(1).value() == std::nullopt);
}

TEST_CASE("a branch that extends the head is imported, and survives a restart") {
  ChainBuilder builder;
  const auto disk = std::make_shared<MemoryDisk>();
  for (int i = 0; i < 5; ++i) builder.append();
  {
    Chain chain = open(builder, disk);
    const auto imported = chain.import(branch_of(builder.blocks), late(builder));
    REQUIRE(imported);
    CHECK(imported->kind == Imported::Kind::extended);
    CHECK(imported->appended == 5);
    CHECK(chain.head() == builder.head());
    CHECK(chain.import(branch_of(builder.blocks), late(builder))->kind == Imported::Kind::exists);
  }
  Chain again = open(builder, disk);
  CHECK(again.head() == builder.head());
  CHECK(again.state().root() == builder.ledger.state.root());
  builder.append();  // the recent signers are known after the restart too
  CHECK(again.import(branch_of({builder.blocks.back()}), late(builder)));
}

TEST_CASE("blocks that cannot stand are refused and change nothing") {
  ChainBuilder builder;
  for (int i = 0; i < 4; ++i) builder.append();
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  const auto all = branch_of(builder.blocks);
  const Tip before = chain.head();

  SECTION("an empty branch") {
    CHECK(code_of(chain.import({}, late(builder))) == Errc::bad_request);
  }
  SECTION("a gap in the branch") {
    const std::vector<CheckedBlock> gap = {all[0], all[2]};
    CHECK(code_of(chain.import(gap, late(builder))) == Errc::broken_branch);
  }
  SECTION("an unknown parent") {
    CHECK(code_of(chain.import(std::span(all).subspan(1), late(builder))) == Errc::unknown_parent);
  }
  SECTION("a first block whose parent is all zero") {
    CheckedBlock orphan = all[0];
    orphan.sealed.header.parent = BlockId{};
    orphan = builder.ledger.reseal(orphan);
    CHECK(code_of(chain.import(std::span(&orphan, 1), late(builder))) == Errc::unknown_parent);
  }
  SECTION("another block at the height of the genesis") {
    CheckedBlock other = all[0];
    other.sealed.header.height = 0;
    CHECK(code_of(chain.import(std::span(&other, 1), late(builder))) == Errc::below_final);
  }
  SECTION("a wrong state root at the end of a branch") {
    auto bad = all;
    bad.back().sealed.header.state_root = Hash{};
    bad.back() = builder.ledger.reseal(bad.back());
    CHECK(code_of(chain.import(bad, late(builder))) == Errc::bad_state_root);
  }
  CHECK(chain.head() == before);
  CHECK(chain.state().root() == State::of(builder.genesis()).root());
  CHECK(chain.import(all, late(builder)));
}

TEST_CASE("the known front of a branch is skipped, wherever it ends, with few look-ups") {
  ChainBuilder builder;
  for (int i = 0; i < 33; ++i) builder.append();
  const auto all = branch_of(builder.blocks);
  for (std::size_t known = 0; known <= all.size(); ++known) {
    INFO(known << " blocks known");
    const auto watch = std::make_shared<Watch>();
    Chain chain = open(builder, watch);
    if (known > 0) REQUIRE(chain.import(std::span(all).first(known), late(builder)));
    watch->headers = 0;
    const auto imported = chain.import(all, late(builder));
    REQUIRE(imported);
    CHECK(imported->kind ==
          (known == all.size() ? Imported::Kind::exists : Imported::Kind::extended));
    CHECK(imported->appended == all.size() - known);
    CHECK(chain.head() == builder.head());
    CHECK(watch->headers <= 6);  // halvings of 33
  }
}

TEST_CASE("a block of a future slot waits, and what is due before it is imported") {
  ChainBuilder builder;
  for (int i = 0; i < 3; ++i) builder.append();
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  const auto all = branch_of(builder.blocks);
  const Slot first = all[0].header().slot;
  const Time before_first =
      start_of(builder.params(), first - limits::slots_ahead_max) - Duration{1};
  CHECK(code_of(chain.import(all, before_first)) == Errc::from_future);
  const auto imported = chain.import(all, before_first + Duration{1});
  REQUIRE(imported);
  CHECK(imported->appended == 1);
  CHECK(chain.import(all, late(builder))->appended == 2);
}

TEST_CASE("the better of two branches wins, whatever was seen first") {
  ChainBuilder builder;
  builder.append();
  builder.append({builder.transfer(0, 1, 5)});
  const auto shorter = builder.rewind_to(1);
  builder.append({builder.transfer(2, 3, 6)});
  builder.append({builder.transfer(3, 2, 7)});
  const auto longer = branch_of(builder.blocks);
  auto first = branch_of({builder.blocks.front()});
  first.push_back(shorter.front().block);

  SECTION("the longer one comes second: reorganised") {
    Chain chain = open(builder, std::make_shared<MemoryDisk>());
    REQUIRE(chain.import(first, late(builder)));
    const auto imported = chain.import(longer, late(builder));
    REQUIRE(imported);
    CHECK(imported->kind == Imported::Kind::reorganised);
    CHECK(imported->rewound == 1);
    CHECK(chain.head() == builder.head());
    CHECK(chain.state().root() == builder.ledger.state.root());
    SECTION("and the rewound transaction waits again") {
      CHECK(chain.mempool().find(shorter.front().block.txs.front().id()) != nullptr);
    }
  }
  SECTION("the longer one comes first: the other is kept beside") {
    Chain chain = open(builder, std::make_shared<MemoryDisk>());
    REQUIRE(chain.import(longer, late(builder)));
    const auto imported = chain.import(first, late(builder));
    REQUIRE(imported);
    CHECK(imported->kind == Imported::Kind::side);
    CHECK(chain.head() == builder.head());
    const auto snapshot = chain.reader().snapshot();
    REQUIRE(snapshot);
    const auto side = (*snapshot)->side_blocks(10);
    REQUIRE(side);
    REQUIRE(side->size() == 1);
    CHECK(side->front().id == id_of(first.back().header()));
  }
}

TEST_CASE("a branch that turns out invalid after the rewind leaves everything as it was") {
  ChainBuilder builder;
  builder.append();
  builder.append({builder.transfer(0, 1, 5)});
  const auto ours = builder.rewind_to(1);
  builder.append({builder.transfer(2, 3, 6)});
  builder.append({builder.transfer(3, 2, 7)});
  auto theirs = branch_of(builder.blocks);
  theirs.back().sealed.header.state_root = Hash{};
  theirs.back() = builder.ledger.reseal(theirs.back());
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  auto first = branch_of({builder.blocks.front()});
  first.push_back(ours.front().block);
  REQUIRE(chain.import(first, late(builder)));
  const Tip head = chain.head();
  const Hash root = chain.state().root();

  CHECK(code_of(chain.import(theirs, late(builder))) == Errc::bad_state_root);
  CHECK(chain.head() == head);
  CHECK(chain.state().root() == root);
  CHECK(chain.mempool().size() == 0);
}

TEST_CASE("a transaction whose nonce another branch used is told to be replaced") {
  ChainBuilder builder;
  const CheckedTx one = builder.transfer(0, 1, 5);
  const CheckedTx other = builder.transfer(0, 2, 6);
  builder.append({one});
  const auto lost = builder.rewind_to(0);
  builder.append({other});
  builder.append({builder.transfer(2, 3, 1)});
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  REQUIRE(chain.import(branch_of(lost), late(builder)));
  REQUIRE(chain.import(branch_of(builder.blocks), late(builder))->kind ==
          Imported::Kind::reorganised);
  CHECK(chain.mempool().find(one.id()) == nullptr);
  const auto snapshot = chain.reader().snapshot();
  const auto verdict = (*snapshot)->replaced(one.id());
  REQUIRE(verdict);
  REQUIRE(*verdict);
  CHECK((*verdict)->by == other.id());
  CHECK((*verdict)->height == 1);
}

TEST_CASE("the chain decides while all readers are lent") {
  const test::Disk disk(test::any_kind());
  ChainBuilder builder;
  for (int i = 0; i < 4; ++i) builder.append();
  const auto shorter = branch_of(builder.blocks);
  builder.rewind_to(2);
  for (int i = 0; i < 3; ++i) builder.append({builder.transfer(2, 3, 2)});
  const auto longer = branch_of(builder.blocks);

  auto opened = Chain::open(builder.genesis(), disk.open());
  REQUIRE(opened);
  Chain& chain = *opened;
  std::vector<std::unique_ptr<Snapshot>> lent;
  for (std::size_t i = 0; i < limits::readers_max; ++i) {
    lent.push_back(test::must(chain.reader().snapshot()));
  }
  REQUIRE(chain.reader().snapshot().error().code == Errc::overloaded);

  REQUIRE(chain.import(shorter, late(builder)));
  CHECK(chain.import(shorter, late(builder))->kind == Imported::Kind::exists);
  // From the first block that differs on, so that its parent must be looked up.
  const auto reorganised = chain.import(std::span(longer).subspan(2), late(builder));
  REQUIRE(reorganised);
  CHECK(reorganised->kind == Imported::Kind::reorganised);
  CHECK(reorganised->rewound == 2);
  CHECK(chain.import(shorter, late(builder))->kind == Imported::Kind::side);
  for (const CheckedBlock& block : longer) {
    CHECK(chain.id_at(block.header().height).value() == id_of(block.header()));
  }
  const CheckedTx& included = longer.front().txs.front();
  CHECK(test::must(chain.submit(std::span(&included, 1))).front().error().code ==
        Errc::duplicate);
}

// ---- sealing ------------------------------------------------------------------------------------

TEST_CASE(
    "an authority seals in its turn, once a slot, before the tail guard, if there is something") {
  ChainBuilder builder;
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  const Params& params = builder.params();
  Authority key = test::authority_of(builder.ledger.authorities[0]);  // slots 3, 6, 9, …
  const auto sealed_at = [&](Time time) { return chain.propose(key, time).value().has_value(); };

  CHECK_FALSE(sealed_at(middle_of(params, 3)));  // nothing to include
  CHECK_FALSE(chain.next_proposal(key, middle_of(params, 3)));
  const std::vector<CheckedTx> txs = {builder.transfer(0, 1), builder.transfer(1, 2)};
  REQUIRE(chain.submit(std::span(txs).first(1)));

  CHECK_FALSE(sealed_at(middle_of(params, 4)));                     // another's turn
  CHECK_FALSE(sealed_at(start_of(params, 4) - params.tail_guard));  // the tail of slot 3
  CHECK(chain.next_proposal(key, start_of(params, 4) - params.tail_guard) == start_of(params, 6));
  CHECK(chain.next_proposal(key, middle_of(params, 3)) == middle_of(params, 3));
  CHECK(sealed_at(start_of(params, 4) - params.tail_guard - Duration{1}));
  CHECK(chain.head().height == 1);
  CHECK(chain.mempool().size() == 0);

  REQUIRE(chain.submit(std::span(txs).subspan(1)));
  CHECK_FALSE(sealed_at(middle_of(params, 6)));  // it sealed the block before: a recent signer
  CHECK_FALSE(chain.next_proposal(key, middle_of(params, 6)));
}

TEST_CASE(
    "a slot is never sealed twice, not even after its block was rewound or the node restarted") {
  ChainBuilder builder;
  const auto disk = std::make_shared<MemoryDisk>();
  Authority key = test::authority_of(builder.ledger.authorities[0]);
  const Time time = middle_of(builder.params(), 3);
  const std::vector<CheckedTx> own = {builder.transfer(0, 1)};
  builder.append({builder.transfer(2, 3, 6)});  // slots 1 and 2, by others
  builder.append({builder.transfer(3, 2, 7)});
  REQUIRE(builder.head().slot == 2);
  {
    Chain chain = open(builder, disk);
    REQUIRE(chain.submit(own));
    REQUIRE(chain.propose(key, time).value());
    REQUIRE(chain.import(branch_of(builder.blocks), time)->kind == Imported::Kind::reorganised);
    REQUIRE(chain.mempool().size() == 1);
    CHECK_FALSE(chain.propose(key, time).value());
  }
  Chain again = open(builder, disk);
  REQUIRE(again.mempool().size() == 1);
  CHECK_FALSE(again.propose(key, time).value());
  CHECK(again.propose(key, middle_of(builder.params(), 6)).value());
}

// ---- pending transactions -----------------------------------------------------------------------

TEST_CASE("what was acknowledged is pending after a restart, and known when it is sent again") {
  ChainBuilder builder;
  const auto disk = std::make_shared<MemoryDisk>();
  const CheckedTx tx = builder.transfer(0, 1);
  {
    Chain chain = open(builder, disk);
    const auto answers = chain.submit(std::span(&tx, 1));
    REQUIRE(answers);
    CHECK(answers->front().value() == tx.id());
  }
  Chain chain = open(builder, disk);
  CHECK(chain.mempool().find(tx.id()) != nullptr);
  CHECK(chain.submit(std::span(&tx, 1))->front().error().code == Errc::duplicate);
  builder.append({tx});
  REQUIRE(chain.import(branch_of(builder.blocks), late(builder)));
  CHECK(chain.mempool().size() == 0);
  CHECK(chain.submit(std::span(&tx, 1))->front().error().code == Errc::duplicate);  // included
  const CheckedTx rival = builder.ledger.transfer(builder.user(0), builder.user(2), {.nonce = 0});
  CHECK(chain.submit(std::span(&rival, 1))->front().error().code == Errc::nonce_used);
}

TEST_CASE("a claim that would mint nothing is refused where it is handed in, and taken of peers") {
  ChainBuilder builder({.reserve = 10'000});
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  const auto claim = [&](std::size_t user, std::string_view id, std::string_view units) {
    return builder.ledger.checked_tx(builder.user(user),
                                     builder.ledger.claim(id, units, builder.user(2)), {});
  };
  builder.append({claim(0, "r", "1")});
  REQUIRE(chain.import(branch_of(builder.blocks), late(builder)));
  const std::vector<CheckedTx> useless = {claim(1, "r", "1"), claim(0, "big", "10")};
  const auto refused = chain.submit(useless).value();
  CHECK(refused[0].error().code == Errc::receipt_claimed);
  CHECK(refused[1].error().code == Errc::refused);
  const auto taken = chain.submit(useless, Chain::Submitter::peer).value();
  CHECK(taken[0]);
  CHECK(taken[1]);
}

TEST_CASE("a batch is judged in its order") {
  const ChainBuilder builder;
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  const std::vector<CheckedTx> txs = {builder.transfer(0, 1, 900), builder.transfer(0, 2, 900, 1),
                                      builder.transfer(0, 2, 10, 1)};
  const auto answers = chain.submit(txs);
  REQUIRE(answers);
  CHECK((*answers)[0]);
  CHECK((*answers)[1].error().code == Errc::insufficient_balance);
  CHECK((*answers)[2]);
}

TEST_CASE("a full disk refuses and changes nothing, and the chain goes on when there is room") {
  ChainBuilder builder;
  const auto watch = std::make_shared<Watch>();
  Chain chain = open(builder, watch);
  const CheckedTx tx = builder.transfer(0, 1);
  builder.append({tx});
  const auto branch = branch_of(builder.blocks);

  watch->full = true;
  CHECK(chain.submit(std::span(&tx, 1)).error().code == Errc::disk_full);
  CHECK(chain.mempool().size() == 0);
  CHECK(chain.import(branch, late(builder)).error().code == Errc::disk_full);
  CHECK(chain.head().height == 0);
  CHECK(chain.state().root() == State::of(builder.genesis()).root());

  watch->full = false;
  CHECK(chain.submit(std::span(&tx, 1)));
  watch->full = true;
  const Time time = middle_of(builder.params(), 1);
  Authority key = test::authority_of(builder.ledger.proposer(1));
  CHECK(chain.propose(key, time).error().code == Errc::disk_full);
  CHECK(chain.mempool().size() == 1);
  watch->full = false;
  CHECK_FALSE(chain.propose(key, time).value());  // the slot was promised
  CHECK(chain.propose(key, middle_of(builder.params(), 4)).value());
}
