// Many branches, in any order: every chain ends at the same head, and nothing else depends on what
// was seen first.

#include <set>

#include <catch2/catch.hpp>

#include "chain/chain.hpp"
#include "chain/memory_store.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

using Branch = std::vector<CheckedBlock>;  // from block 1 on

Chain open(const ChainBuilder& builder, std::shared_ptr<MemoryDisk> disk) {
  auto chain = Chain::open(builder.genesis(), std::make_unique<MemoryStore>(std::move(disk)));
  REQUIRE(chain);
  return std::move(chain).value();
}

Time late(const ChainBuilder& builder) { return start_of(builder.params(), 10'000); }

std::uint64_t supply(const Chain& chain, const ChainBuilder& builder) {
  std::uint64_t units = 0;
  for (const KeyPair& key : builder.ledger.users)
    units += chain.state().at(test::Ledger::address(key)).balance.units();
  for (const KeyPair& key : builder.ledger.authorities) {
    units += chain.state().at(test::Ledger::address(key)).balance.units();
  }
  return units;
}

// Branches that leave one another anywhere, often of the same length and sometimes of one slot.
std::vector<Branch> random_branches(ChainBuilder& builder, gen::Rng& rng, std::size_t count) {
  std::vector<Branch> branches;
  for (std::size_t i = 0; i < count; ++i) {
    builder.rewind_to(rng.index(builder.blocks.size() + 1));
    const std::size_t length = 1 + rng.index(4);
    for (std::size_t block = 0; block < length; ++block) {
      builder.ledger.slots_skipped = rng.below(3) * builder.ledger.authorities.size();
      builder.append({builder.transfer(rng.index(4), rng.index(4), 1 + rng.below(20))});
    }
    Branch branch;
    for (const Applied& applied : builder.blocks) branch.push_back(applied.block);
    branches.push_back(std::move(branch));
  }
  return branches;
}

Tip tip_of_branch(const Branch& branch) { return tip_of(branch.back().header()); }

// The best tip among all blocks, not only among the last ones: a prefix is never better.
Tip best_of(const std::vector<Branch>& branches) {
  Tip best = tip_of_branch(branches.front());
  for (const Branch& branch : branches) {
    if (better(tip_of_branch(branch), best)) best = tip_of_branch(branch);
  }
  return best;
}

}  // namespace

TEST_CASE("whatever the order in which branches come, the head is the best of them") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 12; ++round) {
    ChainBuilder builder({.authorities = 1 + rng.index(4)}, rng.next());
    std::vector<Branch> branches = random_branches(builder, rng, 5);
    const Tip best = best_of(branches);
    std::optional<Hash> root;
    for (int order = 0; order < 4; ++order) {
      rng.shuffle(branches);
      const auto disk = std::make_shared<MemoryDisk>();
      std::optional<Chain> chain(open(builder, disk));
      for (const Branch& branch : branches) {
        const Tip before = chain->head();
        REQUIRE(chain->import(branch, late(builder)));
        REQUIRE_FALSE(better(before, chain->head()));
        REQUIRE(supply(*chain, builder) == 4'000);
      }
      REQUIRE(chain->head() == best);
      if (root) REQUIRE(chain->state().root() == *root);
      root = chain->state().root();
      chain.reset();
      const Chain reopened = open(builder, disk);
      REQUIRE(reopened.head() == best);
      REQUIRE(reopened.state().root() == *root);
    }
  }
}

TEST_CASE("each transaction of a losing branch waits again or is on the chain") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 12; ++round) {
    ChainBuilder builder({}, rng.next());
    const std::vector<Branch> branches = random_branches(builder, rng, 4);
    Chain chain = open(builder, std::make_shared<MemoryDisk>());
    std::set<TxId> seen;  // of all that were once on the canonical chain
    for (const Branch& branch : branches) {
      REQUIRE(chain.import(branch, late(builder)));
      if (chain.head() != tip_of_branch(branch)) continue;
      for (const CheckedBlock& block : branch) {
        for (const CheckedTx& tx : block.txs) seen.insert(tx.id());
      }
    }
    const auto snapshot = chain.reader().snapshot();
    REQUIRE(snapshot);
    for (const TxId& id : seen) {
      const auto included = (*snapshot)->tx(id);
      const auto replaced = (*snapshot)->replaced(id);
      REQUIRE(included);
      REQUIRE(replaced);
      const int places = static_cast<int>(included->has_value()) +
                         static_cast<int>(replaced->has_value()) +
                         static_cast<int>(chain.mempool().find(id) != nullptr);
      REQUIRE(places == 1);
    }
  }
}

TEST_CASE("there is something to propose exactly when a pending transaction can be included") {
  gen::Rng rng = gen::suite_rng();
  std::size_t yes = 0;
  std::size_t no = 0;
  for (int round = 0; round < 30; ++round) {
    // One authority: every slot is its turn.
    ChainBuilder builder({.authorities = 1, .users = 4, .balance = 60}, rng.next());
    const Authority authority = test::authority_of(builder.ledger.authorities[0]);
    const auto disk = std::make_shared<MemoryDisk>();
    std::optional<Chain> chain(open(builder, disk));
    for (int step = 0; step < 16; ++step) {
      const std::size_t from = rng.index(4);
      const std::size_t to = rng.index(4);
      switch (rng.below(4)) {
        case 0: {  // also a reorg, when the branch left the chain below its head
          builder.rewind_to(builder.blocks.size() -
                            rng.below(std::min<std::size_t>(builder.blocks.size() + 1, 3)));
          for (int more = 0; more < 3; ++more) {
            const std::uint64_t balance =
                builder.ledger.account(builder.user(from)).balance.units();
            if (balance > 1) {
              builder.append({builder.transfer(from, to, 1 + rng.below(balance - 1))});
            }
          }
          if (builder.blocks.empty()) break;
          Branch branch;
          for (const Applied& applied : builder.blocks) branch.push_back(applied.block);
          REQUIRE(chain->import(branch, late(builder)));
          break;
        }
        case 1:
          chain.reset();
          chain.emplace(open(builder, disk));
          break;
        default: {
          const KeyPair& sender = builder.user(from);
          const Nonce next =
              chain->mempool().next_nonce(chain->state(), test::Ledger::address(sender));
          const CheckedTx tx =
              builder.ledger.transfer(sender, builder.user(to),
                                      {.amount = 1 + rng.below(40), .nonce = next + rng.below(2)});
          REQUIRE(chain->submit(std::span(&tx, 1)));
        }
      }
      const bool includable = chain->mempool().has_includable(chain->state());
      // Later than that a head that is not final may get an empty successor.
      const Params& params = builder.params();
      const Slot head = chain->head().slot;
      const auto at = chain->next_proposal(authority, start_of(params, head + 1));
      REQUIRE((at && *at <= start_of(params, head + 3)) == includable);
      ++(includable ? yes : no);
    }
  }
  CHECK(yes > 20);
  CHECK(no > 20);
}

TEST_CASE("blocks of two branches are no branch") {
  ChainBuilder builder;
  builder.append();
  builder.append();
  const auto first = builder.rewind_to(0);
  builder.append({builder.transfer(2, 3)});
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  const Branch mixed = {builder.blocks[0].block, first[1].block};
  const auto imported = chain.import(mixed, late(builder));
  REQUIRE_FALSE(imported);
  CHECK(imported.error().code == Errc::broken_branch);
  CHECK(chain.head() == genesis_tip(builder.params()));
}

TEST_CASE("a restarted chain remembers who sealed last") {
  ChainBuilder builder;
  builder.append();
  const auto disk = std::make_shared<MemoryDisk>();
  {
    Chain chain = open(builder, disk);
    REQUIRE(chain.import(std::vector{builder.blocks[0].block}, late(builder)));
  }
  builder.ledger.parent.recent.clear();
  builder.ledger.slots_skipped = 2;  // the turn of the same authority, a round later
  const CheckedBlock again = builder.ledger.make_block({builder.transfer(0, 1)});
  REQUIRE(again.header().proposer == builder.blocks[0].block.header().proposer);
  Chain chain = open(builder, disk);
  const auto imported = chain.import(std::span(&again, 1), late(builder));
  REQUIRE_FALSE(imported);
  CHECK(imported.error().code == Errc::recent_signer);
}

TEST_CASE("a losing branch is kept only if its headers are in order") {
  ChainBuilder builder;
  builder.append();
  builder.append();
  Chain chain = open(builder, std::make_shared<MemoryDisk>());
  REQUIRE(
      chain.import(std::vector{builder.blocks[0].block, builder.blocks[1].block}, late(builder)));
  builder.rewind_to(0);
  CheckedBlock stranger = builder.append({builder.transfer(2, 3)}).block;
  stranger.sealed.header.slot += 1;  // another's turn
  const auto refused = chain.import(std::span(&stranger, 1), late(builder));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::bad_proposer);
  const auto snapshot = chain.reader().snapshot();
  REQUIRE(snapshot);
  CHECK((*snapshot)->side_blocks(10)->empty());

  REQUIRE(chain.import(std::span(&builder.blocks[0].block, 1), late(builder)));
  const auto later = chain.reader().snapshot();
  REQUIRE(later);
  CHECK((*later)->side_blocks(10)->size() == 1);
}
