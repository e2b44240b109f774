#include <catch2/catch.hpp>

#include <set>

#include "chain/chain.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/store_disk.hpp"

using namespace aitbc;
using test::ChainBuilder;
using Kind = AuthorityChange::Kind;

namespace {

// A node of the network whose votes all make every block final at once, and the keys of all.
struct Town {
  test::Disk disk{test::any_kind()};
  ChainBuilder builder{{.authorities = 3, .users = 4, .balance = 1'000, .fee_min = 0}};
  std::vector<KeyPair> keys;  // of the three, and of one who is none yet
  Chain chain{open()};
  Time now = start_of(builder.params(), 1);

  Town() {
    for (const KeyPair& key : builder.ledger.authorities)
      keys.emplace_back(Seed(key.seed().bytes()));
    gen::Rng rng(77);
    keys.push_back(std::move(gen::keys(rng, 1)[0]));
    for (const KeyPair& key : keys) authorities.push_back(test::authority_of(key));
  }

  Chain open() { return std::move(*Chain::open(builder.genesis(), disk.open())); }

  CheckedTx ballot(std::size_t voter, const AuthorityChange& change, bool approve = true) const {
    const KeyPair& key = keys[voter];
    return builder.ledger.checked_tx(
        key, Ballot{change, approve},
        {.fee = 0, .nonce = chain.mempool().next_nonce(chain.state(), test::Ledger::address(key))});
  }
  Result<TxId> submit(const CheckedTx& tx) {
    return test::must(chain.submit(std::span(&tx, 1))).front();
  }

  // The next block, sealed by whoever's turn comes; nullopt if nobody seals within `slots`.
  std::optional<CheckedBlock> seal(int slots = 20) {
    for (int slot = 0; slot < slots; ++slot) {
      now += builder.params().slot;
      for (Authority& authority : authorities) {
        if (auto sealed = test::must(chain.propose(authority, now))) return sealed;
      }
    }
    return std::nullopt;
  }
  // Everybody votes for the head until it is final.
  void vote() {
    for (int round = 0; round < 3; ++round) {
      for (Authority& authority : authorities) {
        const auto next = test::must(chain.next_vote(authority, true));
        if (!next) continue;
        const SignedVote vote = test::must(authority.vote(builder.params().genesis_hash, *next));
        REQUIRE(chain.add_votes(std::span(&vote, 1)));
      }
    }
  }
  // Two of three agree; the block that decides is the head.
  Height decide(const AuthorityChange& change) {
    REQUIRE(submit(ballot(0, change)));
    REQUIRE(submit(ballot(1, change)));
    REQUIRE(seal());
    REQUIRE(chain.state().governance().decision);
    return chain.head().height;
  }
  AuthorityChange add() const { return {Kind::add, keys[3].public_key()}; }

  std::vector<Authority> authorities;
};

}  // namespace

TEST_CASE("a change of authorities comes into force 2n blocks later, with proof, also when idle") {
  Town town;
  const Height decided = town.decide(town.add());
  std::vector<CheckedBlock> blocks;
  while (town.chain.head().height < decided + 6) {
    town.vote();
    CHECK(town.chain.final() == town.chain.head());
    auto block = town.seal();
    REQUIRE(block);  // empty ones: nobody pays anybody
    CHECK(block->sealed.handover.has_value() == (block->header().height == decided + 6));
    blocks.push_back(*block);
  }
  CHECK(town.chain.state().authorities().size() == 4);
  const Certificate& proof = *blocks.back().sealed.handover;
  CHECK(proof.block.height >= decided);
  CHECK(proof.block.height < decided + 6);
  town.vote();
  CHECK_FALSE(town.seal());  // and idle again
}

TEST_CASE("an added authority votes and seals, a removed one does neither") {
  Town town;
  const auto reach = [&](Height height) {
    while (town.chain.head().height < height) {
      town.vote();
      REQUIRE(town.seal());
    }
    town.vote();
  };
  reach(town.decide(town.add()) + 6);
  CHECK(town.chain.final() == town.chain.head());
  std::set<PublicKey> sealers;
  for (int i = 0; i < 8; ++i) {
    REQUIRE(town.submit(town.builder.ledger.transfer(
        town.builder.user(0), town.builder.user(1),
        {.amount = 1,
         .fee = 0,
         .nonce = town.chain.mempool().next_nonce(town.chain.state(), town.builder.address(0))})));
    sealers.insert(town.seal()->header().proposer);
    town.vote();
  }
  CHECK(sealers.contains(town.keys[3].public_key()));
  CHECK(sealers.size() == 4);

  const AuthorityChange removal{Kind::remove, town.keys[0].public_key()};
  for (const std::size_t voter : {0U, 1U, 3U}) REQUIRE(town.submit(town.ballot(voter, removal)));
  REQUIRE(town.seal());
  reach(town.chain.head().height + 8);
  CHECK_FALSE(is_authority(town.chain.state().authorities(), town.keys[0].public_key()));
  CHECK_FALSE(town.chain.next_proposal(town.authorities[0], town.now));
}

TEST_CASE("without proof that the decision is final the chain waits for votes") {
  Town town;
  const Height decided = town.decide(town.add());
  while (town.chain.head().height < decided + 5) REQUIRE(town.seal());
  CHECK_FALSE(town.seal());
  town.vote();
  const auto block = town.seal();
  REQUIRE(block);
  CHECK(block->sealed.handover.has_value());
}

TEST_CASE("a block that hands over is refused without its proof, or with another") {
  Town town;
  const Height decided = town.decide(town.add());
  while (town.chain.head().height < decided + 5) {
    town.vote();
    REQUIRE(town.seal());
  }
  town.vote();
  std::vector<CheckedBlock> blocks;
  {
    const auto view = test::must(town.chain.reader().snapshot());
    for (Height height = 1; height <= decided + 5; ++height) {
      blocks.push_back(
          test::must(CheckedBlock::check(town.builder.params(), *test::must(view->block(height)))));
    }
  }
  const CheckedBlock good = *town.seal();
  Chain other = std::move(*Chain::open(town.builder.genesis(), std::make_unique<MemoryStore>()));
  REQUIRE(other.import(blocks, town.now));
  const auto refusal = [&](const std::function<void(CheckedBlock&)>& change) {
    CheckedBlock bad = good;
    change(bad);
    const auto imported = other.import(std::span(&bad, 1), town.now);
    return imported ? std::optional<Errc>() : imported.error().code;
  };
  CHECK(refusal([](CheckedBlock& block) { block.sealed.handover.reset(); }) == Errc::bad_handover);
  CHECK(refusal([](CheckedBlock& block) { block.sealed.handover->votes.resize(1); }) ==
        Errc::bad_certificate);
  CHECK(refusal([](CheckedBlock& block) { block.sealed.handover->block.id.data[0] ^= 1; }) ==
        Errc::bad_handover);
  CHECK(refusal([](CheckedBlock& block) { block.sealed.handover->block.height = 0; }) ==
        Errc::bad_handover);
  CHECK(refusal([&](CheckedBlock& block) {
          // Of the block before the decision: final, but it proves nothing of it.
          const Checkpoint early = checkpoint_of(tip_of(blocks.front().header()));
          Certificate& proof = *block.sealed.handover;
          proof.block = early;
          proof.votes.clear();
          for (const std::size_t voter : {0U, 1U}) {
            proof.votes.push_back(
                sign(town.builder.params().genesis_hash, Vote::commit(early), town.keys[voter]));
          }
          std::sort(proof.votes.begin(), proof.votes.end(),
                    [](const auto& a, const auto& b) { return a.voter < b.voter; });
        }) == (decided == 1 ? std::optional<Errc>() : Errc::bad_handover));
  CHECK_FALSE(refusal([](CheckedBlock&) {}));
  const CheckedBlock& ordinary = blocks.back();
  CheckedBlock strange = ordinary;
  strange.sealed.handover = good.sealed.handover;
  Chain third = std::move(*Chain::open(town.builder.genesis(), std::make_unique<MemoryStore>()));
  REQUIRE(third.import(std::span(blocks).first(blocks.size() - 1), town.now));
  CHECK(third.import(std::span(&strange, 1), town.now).error().code == Errc::bad_handover);
}

TEST_CASE("the authorities are the same after a restart") {
  Town town;
  town.decide(town.add());
  const int blocks = GENERATE(0, 1, 5, 6);
  for (int i = 0; i < blocks; ++i) {
    town.vote();
    REQUIRE(town.seal());
  }
  const Governance governance = town.chain.state().governance();
  const Tip head = town.chain.head();
  town.chain = test::must(Chain::open(town.builder.genesis(), std::make_unique<MemoryStore>()));
  town.chain = town.open();
  CHECK(town.chain.state().governance() == governance);
  CHECK(town.chain.head() == head);
  CHECK(town.chain.authorities_at(head.height + 1).size() == (blocks < 5 ? 3 : 4));
}

TEST_CASE("a ballot that would change nothing is refused when it is handed in") {
  Town town;
  CHECK(town.submit(town.ballot(3, town.add())).error().code == Errc::not_an_authority);
  CHECK(town.submit(town.ballot(0, {Kind::add, town.keys[1].public_key()})).error().code ==
        Errc::bad_ballot);
  CHECK(town.submit(town.ballot(0, town.add())));
  // What another node acknowledged is passed on and included, and changes nothing.
  const CheckedTx late = town.ballot(3, town.add());
  CHECK(test::must(town.chain.submit(std::span(&late, 1), Chain::Submitter::peer)).front());
  REQUIRE(town.seal());
  CHECK(town.chain.mempool().size() == 0);
  CHECK(town.chain.state().governance().open->approvals.size() == 1);
}

TEST_CASE("a reorg takes a decision back, and its ballots wait again") {
  Town town;
  Town other;
  town.decide(town.add());
  REQUIRE(town.seal());
  const auto pay = [&](std::size_t user) {
    return test::must(other.submit(other.builder.transfer(user, 3)));
  };
  std::vector<CheckedBlock> branch;
  for (std::size_t user = 0; user < 3; ++user) {
    pay(user);
    branch.push_back(*other.seal());
  }
  REQUIRE(test::must(town.chain.import(branch, other.now)).kind == Imported::Kind::reorganised);
  const auto is_undone = [&] {
    const Governance& governance = town.chain.state().governance();
    return !governance.decision && !governance.open &&
           town.chain.state().root() == other.chain.state().root();
  };
  CHECK(is_undone());
  CHECK(town.chain.mempool().size() == 2);
  town.chain = test::must(Chain::open(town.builder.genesis(), std::make_unique<MemoryStore>()));
  town.chain = town.open();
  CHECK(is_undone());
  town.now = other.now;
  REQUIRE(town.seal());
  CHECK(town.chain.state().governance().decision);
}

TEST_CASE("a block is made final by the authorities of its own height") {
  Town town;
  const Height decided = town.decide(town.add());
  while (town.chain.head().height < decided + 5) {
    if (town.chain.head().height == decided) town.vote();
    REQUIRE(town.seal());
  }
  REQUIRE(town.chain.final().height == decided);
  const Tip last_of_three = town.chain.head();
  REQUIRE(town.seal());
  const Tip first_of_four = town.chain.head();
  REQUIRE(town.chain.state().authorities().size() == 4);
  const Checkpoint source = checkpoint_of(town.chain.final());
  const auto vote = [&](const Vote& what, std::initializer_list<std::size_t> voters) {
    for (const std::size_t voter : voters) {
      const SignedVote signed_vote =
          sign(town.builder.params().genesis_hash, what, town.keys[voter]);
      REQUIRE(town.chain.add_votes(std::span(&signed_vote, 1)));
    }
  };
  vote(Vote::prepare(checkpoint_of(last_of_three), source), {0, 3});
  CHECK(town.chain.justified().height == decided);  // the new one was not yet there
  vote(Vote::prepare(checkpoint_of(last_of_three), source), {1});
  CHECK(town.chain.justified() == last_of_three);
  vote(Vote::prepare(checkpoint_of(first_of_four), checkpoint_of(last_of_three)), {0, 1});
  CHECK(town.chain.justified() == last_of_three);  // two of four
  vote(Vote::prepare(checkpoint_of(first_of_four), checkpoint_of(last_of_three)), {3});
  CHECK(town.chain.justified() == first_of_four);
}

TEST_CASE("a branch is judged by the votes of the authorities that it agreed on itself") {
  Town town;
  Town other;
  // A longer chain here; there a shorter one that changed the set and is justified under the new.
  for (int i = 0; i < 9; ++i) {
    REQUIRE(town.submit(
        town.builder.ledger.transfer(town.builder.user(0), town.builder.user(1),
                                     {.amount = 1, .fee = 0, .nonce = static_cast<Nonce>(i)})));
    REQUIRE(town.seal());
  }
  const Height decided = other.decide(other.add());
  while (other.chain.head().height < decided + 6) {
    if (other.chain.head().height == decided) other.vote();
    REQUIRE(other.seal());
  }
  std::vector<CheckedBlock> branch;
  const auto view = test::must(other.chain.reader().snapshot());
  for (Height height = 1; height <= other.chain.head().height; ++height) {
    branch.push_back(
        test::must(CheckedBlock::check(other.builder.params(), *test::must(view->block(height)))));
  }
  const Vote prepare = Vote::prepare(checkpoint_of(other.chain.head()),
                                     checkpoint_of(genesis_tip(other.builder.params())));
  const auto votes = [&](std::initializer_list<std::size_t> voters) {
    std::vector<SignedVote> signed_votes;
    for (const std::size_t voter : voters) {
      signed_votes.push_back(sign(town.builder.params().genesis_hash, prepare, town.keys[voter]));
    }
    return signed_votes;
  };
  REQUIRE(town.chain.add_votes(votes({0, 1})));
  CHECK(test::must(town.chain.import(branch, town.now)).kind == Imported::Kind::side);
  REQUIRE(town.chain.add_votes(votes({2})));
  CHECK(test::must(town.chain.import(branch, town.now)).kind == Imported::Kind::reorganised);
  CHECK(town.chain.state().authorities().size() == 4);
}
