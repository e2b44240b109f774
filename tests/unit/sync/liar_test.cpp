#include "sync/liar.hpp"

#include <catch2/catch.hpp>

#include "chain/core/apply.hpp"
#include "sync/protocol.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using sync::double_sign;
using sync::lie;
using test::ChainBuilder;

namespace {

// Three blocks, the last of them with two transactions of two senders, and the votes for it.
struct Scene {
  ChainBuilder builder;
  Verifier verifier{builder.params()};
  std::vector<Block> blocks;
  SyncAnswer answer;

  Scene() {
    builder.append();
    builder.append();
    builder.append({builder.transfer(0, 1), builder.transfer(1, 0)});
    for (const Applied& applied : builder.blocks) blocks.push_back(applied.block.block());
    answer.genesis_hash = params().genesis_hash;
    answer.head = builder.head();
    answer.own_block = blocks.back();
    answer.own_txs = blocks.front().txs;
    const Checkpoint genesis = checkpoint_of(genesis_tip(params()));
    answer.votes = {
        sign(params().genesis_hash, Vote::prepare(checkpoint_of(builder.head()), genesis),
             proposer()),
        sign(params().genesis_hash, Vote::commit(checkpoint_of(builder.head())), other())};
  }

  const Params& params() const { return builder.params(); }
  // Of the last block.
  const KeyPair& proposer() const { return key(true); }
  const KeyPair& other() const { return key(false); }
  std::vector<SealedHeader> headers() const {
    std::vector<SealedHeader> headers;
    for (const Block& block : blocks) headers.push_back(block.sealed);
    return headers;
  }

 private:
  const KeyPair& key(bool of_proposer) const {
    for (const KeyPair& each : builder.ledger.authorities) {
      if ((each.public_key() == blocks.back().header().proposer) == of_proposer) return each;
    }
    throw std::logic_error("no such authority");
  }
};

}  // namespace

TEST_CASE("a forged head is better than the true one, and nothing else of the answer is wrong") {
  Scene scene;
  const Tip head = scene.answer.head;
  lie(Lie::forged_head, scene.answer);
  CHECK(better(scene.answer.head, head));
  CHECK(scene.answer.head.id != head.id);
  CHECK(sync::hear(scene.verifier, scene.answer).has_value());
  auto blocks = scene.blocks;
  lie(Lie::forged_head, head, blocks);
  CHECK(blocks == scene.blocks);
}

TEST_CASE("garbage breaks rules wherever it is looked at") {
  Scene scene;
  auto headers = scene.headers();
  lie(Lie::garbage, scene.builder.head(), headers);
  CHECK_FALSE(check_seal(scene.params().genesis_hash, headers.front()));
  auto blocks = scene.blocks;
  lie(Lie::garbage, scene.builder.head(), blocks);
  CHECK(check_blocks(scene.params(), blocks).error().code == Errc::bad_seal);
  auto txs = scene.blocks.back().txs;
  lie(Lie::garbage, txs);
  CHECK(CheckedTx::check(scene.params(), txs.front()).error().code == Errc::bad_signature);
  lie(Lie::garbage, scene.answer);
  CHECK(category(sync::hear(scene.verifier, scene.answer).error().code) == Category::malformed);
}

TEST_CASE("who withholds gives nothing below its head") {
  Scene scene;
  auto headers = scene.headers();
  lie(Lie::withhold, scene.builder.head(), headers);
  CHECK(headers.empty());
  auto blocks = scene.blocks;
  lie(Lie::withhold, scene.builder.head(), blocks);
  CHECK(blocks.empty());
  std::vector<Block> last{scene.blocks.back()};
  lie(Lie::withhold, scene.builder.head(), last);
  CHECK(last.size() == 1);
}

TEST_CASE("a second vote stands beside each own one, and its signature holds") {
  Scene scene;
  const auto before = scene.answer.votes;
  double_sign(scene.proposer(), scene.params().genesis_hash, 0, scene.answer);
  REQUIRE(scene.answer.votes.size() == before.size() + 1);
  const SignedVote& twin = scene.answer.votes.back();
  CHECK(check_vote(scene.params().genesis_hash, twin));
  CHECK(twin.voter == before.front().voter);
  CHECK(twin.vote.kind == before.front().vote.kind);
  CHECK(twin.vote.target.height == before.front().vote.target.height);
  CHECK(twin.vote.target.id != before.front().vote.target.id);
}

TEST_CASE("every second asker is shown another block for the slot, as good as the first") {
  Scene scene;
  const Block sealed = *scene.answer.own_block;
  double_sign(scene.proposer(), scene.params().genesis_hash, 0, scene.answer);
  CHECK(scene.answer.own_block == sealed);
  double_sign(scene.proposer(), scene.params().genesis_hash, 1, scene.answer);
  const Block twin = *scene.answer.own_block;
  CHECK(twin.header().slot == sealed.header().slot);
  CHECK(twin.header().proposer == sealed.header().proposer);
  CHECK(id_of(twin.header()) != id_of(sealed.header()));
  const auto checked = CheckedBlock::check(scene.params(), twin);
  REQUIRE(checked);
  scene.builder.rewind_to(2);
  CHECK(scene.builder.ledger.apply(*checked));
}

TEST_CASE("the seal of the other block holds, also where only one block is valid") {
  Scene scene;
  scene.builder.append();
  scene.answer.own_block = scene.builder.blocks.back().block.block();
  const Block sealed = *scene.answer.own_block;
  for (const KeyPair& key : scene.builder.ledger.authorities) {
    double_sign(key, scene.params().genesis_hash, 1, scene.answer);
  }
  const Block twin = *scene.answer.own_block;
  CHECK(twin.header().slot == sealed.header().slot);
  CHECK(id_of(twin.header()) != id_of(sealed.header()));
  CHECK(check_seal(scene.params().genesis_hash, twin.sealed));
}
