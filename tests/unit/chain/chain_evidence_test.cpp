#include <catch2/catch.hpp>

#include "chain/chain.hpp"
#include "chain/core/limits.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

Checkpoint block(const std::vector<CheckedBlock>& branch, std::size_t index) {
  return checkpoint_of(tip_of(branch[index].header()));
}

// Blocks of two branches that share the first one; the second branch is one block longer.
struct Twice {
  ChainBuilder builder;
  std::vector<CheckedBlock> left, right;  // above the shared block

  Twice() {
    builder.append();
    for (int i = 0; i < 2; ++i) builder.append();
    for (const Applied& applied : builder.rewind_to(1)) left.push_back(applied.block);
    for (int i = 0; i < 3; ++i) builder.append({builder.transfer(1, 2, 3)});
    for (std::size_t i = 1; i < 4; ++i) right.push_back(builder.blocks[i].block);
  }
  Time late() const { return start_of(builder.params(), 1'000); }
  std::vector<CheckedBlock> with_first(const std::vector<CheckedBlock>& branch) const {
    std::vector<CheckedBlock> whole{builder.blocks[0].block};
    whole.insert(whole.end(), branch.begin(), branch.end());
    return whole;
  }
  SignedVote vote(const Vote& what, std::size_t voter) const {
    return sign(builder.params().genesis_hash, what, builder.ledger.authorities[voter]);
  }
  Status add(Chain& chain, const Vote& what, std::initializer_list<std::size_t> voters) const {
    std::vector<SignedVote> votes;
    for (const std::size_t voter : voters) votes.push_back(vote(what, voter));
    return chain.add_votes(votes);
  }
};

Chain open(const Twice& twice, const test::Disk& disk) {
  return std::move(*Chain::open(twice.builder.genesis(), disk.open()));
}

}  // namespace

TEST_CASE("two blocks of one slot are evidence, on whichever branches, kept and counted once") {
  const test::Disk disk(test::any_kind());
  const Twice twice;
  // Both branches were sealed slot by slot, so their keys sealed each of these slots twice.
  REQUIRE(twice.left[0].header().slot == twice.right[0].header().slot);
  REQUIRE(twice.left[1].header().slot == twice.right[1].header().slot);
  {
    Chain chain = open(twice, disk);
    REQUIRE(chain.import(twice.with_first(twice.right), twice.late()));
    CHECK(chain.evidence().empty());
    const auto before = chain.mempool().last_sequence();
    SECTION("against a canonical block") {
      REQUIRE(chain.import(twice.left, twice.late())->kind == Imported::Kind::side);
    }
    SECTION("refused for its parent") {
      const auto refused = chain.import(std::span(twice.left).subspan(1), twice.late());
      CHECK(refused.error().code == Errc::unknown_parent);
      REQUIRE(chain.import(twice.left, twice.late()));
    }
    REQUIRE(chain.evidence().size() == 2);
    CHECK(chain.mempool().last_sequence() > before);  // peers are told
    for (const auto& proven : chain.evidence()) {
      CHECK(check_evidence(twice.builder.params().genesis_hash, proven.evidence));
      CHECK(proven.sequence > before);
    }
    REQUIRE(chain.import(twice.left, twice.late()));
    CHECK(chain.evidence().size() == 2);
  }
  Chain again = open(twice, disk);
  CHECK(again.evidence().size() == 2);
  CHECK(test::must(test::must(again.reader().snapshot())->evidence()).size() == 2);
}

TEST_CASE("a block is compared with losing ones from before a restart") {
  const test::Disk disk(test::any_kind());
  const Twice twice;
  CheckedBlock third = twice.left[0];
  third.sealed.header.state_root.data[0] ^= 1;
  third = twice.builder.ledger.reseal(third);
  {
    Chain chain = open(twice, disk);
    REQUIRE(chain.import(twice.with_first({}), twice.late()));
  }
  {
    const auto store = disk.open();
    REQUIRE(store->load(twice.builder.params()));
    Batch batch;
    batch.side = {third};
    REQUIRE(store->commit(batch));
  }
  Chain chain = open(twice, disk);
  REQUIRE(chain.import(twice.left, twice.late()));
  CHECK(chain.evidence().size() == 1);
}

TEST_CASE("votes are compared before they are dropped as too low") {
  const Twice twice;
  const test::Disk disk(test::Disk::Kind::memory);
  Chain chain = open(twice, disk);
  REQUIRE(chain.import(twice.with_first(twice.right), twice.late()));
  const Checkpoint genesis = checkpoint_of(genesis_tip(twice.builder.params()));
  REQUIRE(twice.add(chain, Vote::prepare(block(twice.right, 0), genesis), {0, 1}));
  REQUIRE(twice.add(chain, Vote::commit(block(twice.right, 0)), {0, 1}));
  REQUIRE(twice.add(chain, Vote::prepare(block(twice.right, 2), block(twice.right, 0)), {0, 1}));
  REQUIRE(twice.add(chain, Vote::commit(block(twice.right, 2)), {0, 1}));
  REQUIRE(chain.final().height == 4);
  CHECK(chain.evidence().empty());
  REQUIRE(twice.add(chain, Vote::prepare(block(twice.left, 0), genesis), {1}));
  REQUIRE(chain.evidence().size() == 1);
  CHECK(chain.evidence()[0].evidence.key() == twice.builder.ledger.authorities[1].public_key());
  // Of a stranger nothing is kept.
  const auto strange = breach(sign(twice.builder.params().genesis_hash,
                                   Vote::commit(block(twice.left, 0)), twice.builder.user(0)),
                              sign(twice.builder.params().genesis_hash,
                                   Vote::commit(block(twice.right, 0)), twice.builder.user(0)));
  REQUIRE(chain.add_evidence(std::span(&*strange, 1)));
  CHECK(chain.evidence().size() == 1);
}

TEST_CASE("evidence of a key is bounded") {
  const Twice twice;
  const test::Disk disk(test::Disk::Kind::memory);
  Chain chain = open(twice, disk);
  CheckedBlock forged = twice.left[0];
  for (std::size_t i = 0; i < limits::evidence_of_key_max + 3; ++i) {
    ++forged.sealed.header.tx_count;
    forged = twice.builder.ledger.reseal(forged);
    CHECK_FALSE(chain.import(std::span(&forged, 1), twice.late()));
  }
  CHECK(chain.evidence().size() == limits::evidence_of_key_max);
}

TEST_CASE("two final histories are seen, whichever side is higher, and never forgotten") {
  const test::Disk disk(test::any_kind());
  const Twice twice;
  const Checkpoint shared = checkpoint_of(tip_of(twice.builder.blocks[0].block.header()));
  const auto make_final = [&](Chain& chain, const Checkpoint& target, std::size_t honest) {
    REQUIRE(twice.add(chain, Vote::prepare(target, shared), {honest, 2}));
    REQUIRE(twice.add(chain, Vote::commit(target), {honest, 2}));
  };
  {
    Chain chain = open(twice, disk);
    SECTION("theirs is lower") {
      REQUIRE(chain.import(twice.with_first(twice.right), twice.late()));
      make_final(chain, block(twice.right, 2), 0);
      REQUIRE(chain.final().height == 4);
      CHECK_FALSE(chain.finality_conflict());
      REQUIRE(twice.add(chain, Vote::commit(block(twice.left, 1)), {1, 2}));
    }
    SECTION("theirs is higher, and their branch is refused") {
      REQUIRE(chain.import(twice.with_first(twice.left), twice.late()));
      make_final(chain, block(twice.left, 0), 0);
      REQUIRE(chain.final().height == 2);
      make_final(chain, block(twice.right, 2), 1);
      CHECK_FALSE(chain.finality_conflict());
      CHECK(chain.import(twice.right, twice.late()).error().code == Errc::below_final);
    }
    REQUIRE(chain.finality_conflict());
    // 2q - n = 1 key signed both.
    CHECK(std::any_of(chain.evidence().begin(), chain.evidence().end(), [&](const auto& proven) {
      return proven.evidence.key() == twice.builder.ledger.authorities[2].public_key();
    }));
  }
  Chain again = open(twice, disk);
  REQUIRE(again.finality_conflict());
  CHECK(test::must(test::must(again.reader().snapshot())->finality_conflict()) ==
        again.finality_conflict());
}
