#include "chain/core/finality.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"
#include "tests/support/checkpoints.hpp"

using namespace aitbc;
using test::block;

namespace {

PublicKey voter(Byte number) {
  PublicKey key;
  key.data[0] = number;
  return key;
}

struct Votes {
  std::vector<PublicKey> authorities;
  std::size_t quorum;
  Finality finality{block(0)};
  Finality::Sequence sequence = 0;

  explicit Votes(std::size_t count = 3, std::size_t needed = 2) : quorum(needed) {
    for (std::size_t i = 0; i < count; ++i) authorities.push_back(voter(static_cast<Byte>(i)));
  }
  bool add(Byte by, const Vote& vote) { return finality.add({vote, voter(by), {}}, ++sequence); }
  // Of the branch's blocks, those that votes name.
  Finality::Branch named(Byte branch = 0, Height fork = 0) const {
    Finality::Branch found;
    for (const Checkpoint& named : finality.named()) {
      if (named == block(named.height, named.height <= fork ? 0 : branch)) found.insert(named);
    }
    return found;
  }
  Finality::Proof prove(Byte branch = 0, Height fork = 0) const {
    return finality.prove(named(branch, fork), [this](Height) {
      return Finality::Voters{authorities, quorum};
    });
  }
  void accept_all() {
    const auto proof = prove();
    for (const Certificate& certificate : proof.justified) finality.accept(certificate);
    if (proof.final) finality.accept(*proof.final);
  }
  // What voter 0 should sign.
  std::optional<Vote> next(Height head, const Watermarks& marks, bool impatient = false) const {
    auto branch = named();
    return next_vote(finality, branch, block(head), voter(0), marks, impatient);
  }
};

Watermarks after(std::initializer_list<Vote> votes) {
  Watermarks marks;
  for (const Vote& vote : votes) marks.raise(vote);
  return marks;
}

const Vote prepare_1 = Vote::prepare(block(1), block(0));

}  // namespace

TEST_CASE("a quorum of prepares justifies, a quorum of commits makes final") {
  Votes votes;
  votes.add(0, prepare_1);
  CHECK(votes.prove().justified.empty());
  votes.add(1, prepare_1);
  auto proof = votes.prove();
  REQUIRE(proof.justified.size() == 1);
  CHECK(proof.justified[0].block == block(1));
  CHECK(proof.justified[0].votes.size() == 2);
  CHECK_FALSE(proof.final);
  votes.accept_all();
  CHECK(votes.finality.is_justified(block(1)));
  CHECK(votes.prove().justified.empty());  // told once

  votes.add(0, Vote::commit(block(1)));
  CHECK_FALSE(votes.prove().final);
  votes.add(2, Vote::commit(block(1)));
  REQUIRE(votes.prove().final);
  votes.accept_all();
  CHECK(votes.finality.final() == block(1));
}

TEST_CASE("a voter counts once for a block, and a stranger not at all") {
  Votes votes;
  votes.add(0, Vote::prepare(block(2), block(0)));
  votes.finality.accept({Vote::Kind::prepare, block(1), {}});
  votes.add(0, Vote::prepare(block(2), block(1)));
  CHECK(votes.prove().justified.empty());
  votes.add(9, Vote::prepare(block(2), block(1)));
  CHECK(votes.prove().justified.empty());
  votes.add(1, Vote::prepare(block(2), block(1)));
  CHECK(votes.prove().justified.size() == 1);
}

TEST_CASE("a prepare counts once its source is justified") {
  Votes votes;
  votes.add(0, Vote::prepare(block(2), block(1)));
  votes.add(1, Vote::prepare(block(2), block(1)));
  CHECK(votes.prove().justified.empty());
  votes.add(0, prepare_1);
  votes.add(2, prepare_1);
  const auto proof = votes.prove();  // both at once, lowest first
  REQUIRE(proof.justified.size() == 2);
  CHECK(proof.justified[0].block == block(1));
  CHECK(proof.justified[1].block == block(2));
}

TEST_CASE(
    "of a source that is not above the final block it need not be known that it was justified") {
  Votes votes;
  // As after a restart: of what was justified below the final block nothing is kept.
  votes.finality.accept({Vote::Kind::commit, block(5), {}});
  votes.add(0, Vote::prepare(block(7), block(5)));
  votes.add(1, Vote::prepare(block(7), block(3)));
  REQUIRE(votes.prove().justified.size() == 1);
  CHECK(votes.prove().justified[0].block == block(7));
  votes.finality.accept(votes.prove().justified[0]);
  votes.add(0, Vote::prepare(block(9), block(7)));
  votes.add(1, Vote::prepare(block(9), block(8)));
  CHECK(votes.prove().justified.empty());
}

TEST_CASE("votes count on the branch that holds target and source") {
  Votes votes;
  votes.add(0, Vote::prepare(block(2, 1), block(0)));
  votes.add(1, Vote::prepare(block(2, 1), block(0)));
  CHECK(votes.prove().justified.empty());
  CHECK(votes.prove(1).justified.size() == 1);
  CHECK(votes.finality.justified(votes.named()) == block(0));
  votes.finality.accept(votes.prove(1).justified[0]);
  CHECK(votes.finality.justified(votes.named()) == block(0));
  CHECK(votes.finality.justified(votes.named(1)) == block(2, 1));
}

TEST_CASE("commits alone make a block final for those who missed its prepares") {
  Votes votes;
  votes.add(0, Vote::commit(block(5)));
  votes.add(1, Vote::commit(block(5)));
  votes.accept_all();
  CHECK(votes.finality.final() == block(5));
  CHECK(votes.finality.is_justified(block(5)));
}

TEST_CASE("votes that can prove nothing any more are not kept, those of the final block are") {
  Votes votes;
  for (const Byte by : {Byte{0}, Byte{1}}) {
    votes.add(by, Vote::prepare(block(3), block(0)));
    votes.add(by, Vote::commit(block(3)));
  }
  votes.add(2, prepare_1);
  votes.accept_all();
  const auto kept = votes.finality.since(0);
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].vote == Vote::commit(block(3)));
  CHECK_FALSE(votes.add(2, Vote::prepare(block(3), block(0))));
  CHECK_FALSE(votes.add(2, Vote::commit(block(2))));
  CHECK(votes.add(2, Vote::commit(block(3))));
  CHECK_FALSE(votes.add(2, Vote::commit(block(3))));  // known
}

TEST_CASE("a voter's votes are bounded, and the lowest go first") {
  Votes votes;
  for (Height height = 2; height < 2 + limits::votes_kept_max; ++height) {
    CHECK(votes.add(1, Vote::prepare(block(height), block(0))));
  }
  CHECK_FALSE(votes.add(1, prepare_1));
  CHECK(votes.add(2, prepare_1));  // another voter has a bound of its own
  CHECK(votes.add(1, Vote::prepare(block(100), block(0))));
  CHECK(votes.finality.since(0).size() == limits::votes_kept_max + 1);
  CHECK(votes.finality.prepares(block(2), voter(0)) == 0);
}

TEST_CASE("since() tells what came after") {
  Votes votes;
  votes.add(0, prepare_1);
  const auto seen = votes.sequence;
  votes.add(1, prepare_1);
  CHECK(votes.finality.since(0).size() == 2);
  REQUIRE(votes.finality.since(seen).size() == 1);
  CHECK(votes.finality.since(seen)[0].voter == voter(1));
  CHECK(votes.finality.since(votes.sequence).empty());
}

// ---- what to vote for ---------------------------------------------------------------------------

TEST_CASE("a voter prepares its head from the highest justified block below it") {
  Votes votes;
  CHECK(votes.next(1, {}) == prepare_1);
  CHECK(votes.next(0, {}) == std::nullopt);
  votes.finality.accept({Vote::Kind::prepare, block(1), {}});
  CHECK(votes.next(3, {}) == Vote::prepare(block(3), block(1)));
}

TEST_CASE("a voter commits what it prepared last once that is justified") {
  Votes votes;
  const Watermarks marks = after({prepare_1});
  votes.finality.accept({Vote::Kind::prepare, block(1), {}});
  CHECK(votes.next(2, marks) == Vote::commit(block(1)));
  const Watermarks done = after({prepare_1, Vote::commit(block(1))});
  CHECK(votes.next(2, done) == Vote::prepare(block(2), block(1)));
  CHECK(votes.next(1, done) == std::nullopt);
}

TEST_CASE("a voter waits for its target, unless it waited long or left the target's branch") {
  Votes votes;
  votes.add(0, prepare_1);
  CHECK(votes.next(2, after({prepare_1})) == std::nullopt);
  CHECK(votes.next(2, after({prepare_1}), true) == Vote::prepare(block(2), block(0)));
  const Watermarks elsewhere = after({Vote::prepare(block(1, 1), block(0))});
  CHECK(votes.next(2, elsewhere) == Vote::prepare(block(2), block(0)));
}

TEST_CASE("voters meet on what most others have prepared, then on the higher") {
  Votes votes(5, 3);
  votes.add(1, Vote::prepare(block(2), block(0)));
  CHECK(votes.next(4, {}) == Vote::prepare(block(2), block(0)));
  votes.add(2, Vote::prepare(block(3), block(0)));
  CHECK(votes.next(4, {}) == Vote::prepare(block(3), block(0)));
  votes.add(3, Vote::prepare(block(2), block(0)));
  CHECK(votes.next(4, {}) == Vote::prepare(block(2), block(0)));
  // Not below what it prepared, not of another branch, and its own vote does not count.
  CHECK(votes.next(4, after({Vote::prepare(block(2), block(0))}), true) ==
        Vote::prepare(block(3), block(0)));
  Votes others;
  others.add(1, Vote::prepare(block(2, 1), block(0)));
  others.add(0, Vote::prepare(block(3), block(0)));
  CHECK(others.next(4, {}) == Vote::prepare(block(4), block(0)));
}

TEST_CASE("nobody votes for what is final") {
  Votes votes;
  votes.finality.accept({Vote::Kind::commit, block(3), {}});
  CHECK(votes.next(3, {}) == std::nullopt);
  CHECK(votes.next(4, {}) == Vote::prepare(block(4), block(3)));
}

TEST_CASE("a voter that committed does not prepare from below, whatever it forgot since") {
  Votes votes;
  const Watermarks marks = after({Vote::prepare(block(2), block(0)), Vote::commit(block(2))});
  CHECK(votes.next(5, marks, true) == std::nullopt);  // it no longer knows 2 to be justified
}
