#include <catch2/catch.hpp>

#include "chain/chain.hpp"
#include "chain/core/limits.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

Time long_after(const ChainBuilder& builder) { return start_of(builder.params(), 1'000'000); }

std::vector<CheckedBlock> blocks_of(const ChainBuilder& builder, std::size_t from = 0) {
  std::vector<CheckedBlock> blocks;
  for (std::size_t i = from; i < builder.blocks.size(); ++i) {
    blocks.push_back(builder.blocks[i].block);
  }
  return blocks;
}

Checkpoint block(const ChainBuilder& builder, Height height) {
  return height == 0 ? checkpoint_of(genesis_tip(builder.params()))
                     : checkpoint_of(tip_of(builder.blocks[height - 1].block.header()));
}

// The vote of these authorities, by number.
std::vector<SignedVote> by(const ChainBuilder& builder, const Vote& vote,
                           std::initializer_list<std::size_t> voters) {
  std::vector<SignedVote> votes;
  for (const std::size_t voter : voters) {
    votes.push_back(sign(builder.params().genesis_hash, vote, builder.ledger.authorities[voter]));
  }
  return votes;
}

Status make_final(Chain& chain, const ChainBuilder& builder, Height height, Height source = 0) {
  const Vote prepare = Vote::prepare(block(builder, height), block(builder, source));
  AITBC_TRY(chain.add_votes(by(builder, prepare, {0, 1})));
  return chain.add_votes(by(builder, Vote::commit(block(builder, height)), {0, 1}));
}

}  // namespace

TEST_CASE("votes justify, then make final, durably, and tell the peers") {
  const test::Disk disk(test::any_kind());
  ChainBuilder builder;
  for (int i = 0; i < 3; ++i) builder.append();
  {
    Chain chain = std::move(*Chain::open(builder.genesis(), disk.open()));
    REQUIRE(chain.import(blocks_of(builder), long_after(builder)));
    CHECK(chain.final() == genesis_tip(builder.params()));
    const Vote prepare = Vote::prepare(block(builder, 2), block(builder, 0));
    REQUIRE(chain.add_votes(by(builder, prepare, {0})));
    CHECK(chain.justified().height == 0);
    const auto before = chain.mempool().last_sequence();
    REQUIRE(chain.add_votes(by(builder, prepare, {0})));
    CHECK(chain.mempool().last_sequence() == before);  // no news
    REQUIRE(chain.add_votes(by(builder, prepare, {2})));
    CHECK(chain.mempool().last_sequence() > before);
    CHECK(checkpoint_of(chain.justified()) == block(builder, 2));
    CHECK(chain.final().height == 0);
    REQUIRE(chain.add_votes(by(builder, Vote::commit(block(builder, 2)), {0, 1})));
    CHECK(checkpoint_of(chain.final()) == block(builder, 2));
    CHECK(chain.finality().since(0).size() == 2);
    const Vote higher = Vote::prepare(block(builder, 3), block(builder, 2));
    REQUIRE(chain.add_votes(by(builder, higher, {0, 1})));
  }
  Chain again = std::move(*Chain::open(builder.genesis(), disk.open()));
  CHECK(checkpoint_of(again.final()) == block(builder, 2));
  CHECK(checkpoint_of(again.justified()) == block(builder, 3));
  CHECK(again.finality().since(0).size() == 4);  // to be told again

  const auto view = test::must(again.reader().snapshot());
  for (const Height height : {1U, 2U}) {
    const auto certificate = test::must(view->finality_of(height));
    REQUIRE(certificate);
    CHECK(certificate->block == block(builder, 2));
    CHECK(check_certificate(builder.params().genesis_hash, builder.genesis().authorities, 2,
                            *certificate));
  }
  CHECK_FALSE(test::must(view->finality_of(3)).has_value());
}

TEST_CASE("votes of strangers count for nothing") {
  ChainBuilder builder;
  builder.append();
  Chain chain = std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()));
  REQUIRE(chain.import(blocks_of(builder), long_after(builder)));
  const Vote prepare = Vote::prepare(block(builder, 1), block(builder, 0));
  REQUIRE(chain.add_votes(by(builder, prepare, {0})));
  const SignedVote stranger = sign(builder.params().genesis_hash, prepare, builder.user(0));
  REQUIRE(chain.add_votes(std::span(&stranger, 1)));
  CHECK(chain.justified().height == 0);
}

TEST_CASE("votes that come before their block wait for it") {
  ChainBuilder builder;
  for (int i = 0; i < 2; ++i) builder.append();
  Chain chain = std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()));
  REQUIRE(make_final(chain, builder, 2));
  CHECK(chain.final().height == 0);
  REQUIRE(chain.import(blocks_of(builder), long_after(builder)));
  CHECK(chain.final().height == 2);
}

namespace {

// Two branches after one block: one more block, or three more in later slots.
struct Fork {
  ChainBuilder builder;  // stands on the longer one
  std::vector<CheckedBlock> shorter, longer;
  Chain chain;

  Fork() : chain(std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()))) {
    builder.append();
    builder.append();
    shorter = blocks_of(builder);
    builder.rewind_to(1);
    builder.ledger.slots_skipped = 1;
    for (int i = 0; i < 3; ++i) builder.append();
    longer = blocks_of(builder);
  }
  Imported import(const std::vector<CheckedBlock>& branch) {
    return test::must(chain.import(branch, long_after(builder)));
  }
  // Two authorities' prepares of the last block but `back`, from the genesis.
  void prepare(const std::vector<CheckedBlock>& branch, std::size_t back = 0) {
    const Tip tip = tip_of(branch[branch.size() - 1 - back].header());
    const Vote vote = Vote::prepare(checkpoint_of(tip), block(builder, 0));
    const auto first = tip.height % 2;  // nobody prepares one height twice
    REQUIRE(chain.add_votes(by(builder, vote, {first, first + 1})));
  }
};

}  // namespace

TEST_CASE("what is final is never rewound, however long the other branch is") {
  Fork fork;
  fork.import(fork.shorter);
  const Checkpoint head = checkpoint_of(fork.chain.head());
  REQUIRE(fork.chain.add_votes(by(fork.builder, Vote::commit(head), {0, 1})));
  CHECK(checkpoint_of(fork.chain.final()) == head);
  CHECK(fork.chain.import(fork.longer, long_after(fork.builder)).error().code == Errc::below_final);
  CHECK(checkpoint_of(fork.chain.head()) == head);
}

TEST_CASE("a justified block outweighs a longer branch, on either side") {
  Fork fork;
  SECTION("what we have is justified") {
    fork.import(fork.shorter);
    fork.prepare(fork.shorter);
    CHECK(fork.import(fork.longer).kind == Imported::Kind::side);
    // A higher justified block of the other branch outweighs ours.
    fork.prepare(fork.longer, 1);
    CHECK(fork.import(fork.longer).kind == Imported::Kind::reorganised);
    CHECK(fork.chain.justified().height == 3);
  }
  SECTION("what is offered is justified") {
    fork.import(fork.longer);
    CHECK(fork.import(fork.shorter).kind == Imported::Kind::side);
    fork.prepare(fork.shorter);
    CHECK(fork.import(fork.shorter).kind == Imported::Kind::reorganised);
    CHECK(fork.chain.head() == tip_of(fork.shorter.back().header()));
    CHECK(fork.chain.justified() == fork.chain.head());
  }
}

TEST_CASE("a head that waits for votes gets an empty successor after three rounds, a final none") {
  ChainBuilder builder;
  builder.append();  // slot 1
  Chain chain = std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()));
  REQUIRE(chain.import(blocks_of(builder), long_after(builder)));
  Authority authority = test::authority_of(builder.ledger.authorities[0]);
  const Params& params = builder.params();
  const Time early = start_of(params, 9), due = start_of(params, 12);
  SECTION("not final") {
    CHECK(chain.next_proposal(authority, early) == due);
    CHECK_FALSE(test::must(chain.propose(authority, early)));
    const auto sealed = test::must(chain.propose(authority, due));
    REQUIRE(sealed);
    CHECK(sealed->txs.empty());
    CHECK(chain.head().height == 2);
    // Whoever imports it agrees.
    Chain other = std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()));
    auto blocks = blocks_of(builder);
    blocks.push_back(*sealed);
    CHECK(other.import(blocks, due)->kind == Imported::Kind::extended);
  }
  SECTION("final") {
    REQUIRE(make_final(chain, builder, 1));
    CHECK_FALSE(chain.next_proposal(authority, due));
    CHECK_FALSE(test::must(chain.propose(authority, due)));
  }
}

TEST_CASE("an authority alone makes its own blocks final") {
  ChainBuilder builder({.authorities = 1});
  Chain chain = std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()));
  Authority authority = test::authority_of(builder.ledger.authorities[0]);
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(chain.submit(std::span(&tx, 1)));
  REQUIRE(test::must(chain.propose(authority, start_of(builder.params(), 1))));
  for (int votes = 0; votes < 2; ++votes) {
    const auto next = test::must(chain.next_vote(authority, false));
    REQUIRE(next);
    const auto vote = test::must(authority.vote(builder.params().genesis_hash, *next));
    REQUIRE(chain.add_votes(std::span(&vote, 1)));
  }
  CHECK(chain.final() == chain.head());
  CHECK_FALSE(test::must(chain.next_vote(authority, false)));
}
