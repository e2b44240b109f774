#include "chain/core/vote.hpp"

#include <catch2/catch.hpp>

#include "tests/support/checkpoints.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;
using test::block;

namespace {

Watermarks marks(std::optional<Height> prepared, std::optional<Height> committed) {
  Watermarks marks;
  if (prepared) marks.prepare = Vote::prepare(block(*prepared), block(0));
  if (committed) marks.commit = Vote::commit(block(*committed));
  return marks;
}

const GenesisHash chain{{1, 2, 3}};

}  // namespace

TEST_CASE("a prepare's target is above all that its voter prepared before") {
  CHECK(may_sign({}, Vote::prepare(block(1), block(0))));
  CHECK_FALSE(may_sign({}, Vote::prepare(block(0), block(0))));
  const Watermarks five = marks(5, std::nullopt);
  CHECK_FALSE(may_sign(five, Vote::prepare(block(4), block(0))));
  CHECK_FALSE(may_sign(five, Vote::prepare(block(5), block(0))));
  CHECK_FALSE(may_sign(five, Vote::prepare(block(5, 1), block(0))));
  CHECK(may_sign(five, Vote::prepare(block(6, 1), block(0))));
}

TEST_CASE("a prepare's source is below its target and not below the last commit") {
  const Watermarks committed = marks(5, 3);
  CHECK_FALSE(may_sign(committed, Vote::prepare(block(6), block(2))));
  CHECK(may_sign(committed, Vote::prepare(block(6), block(3))));
  CHECK(may_sign(committed, Vote::prepare(block(6), block(5))));
  CHECK_FALSE(may_sign(committed, Vote::prepare(block(6), block(6))));
}

TEST_CASE("a commit is for the latest prepared target alone, and once") {
  CHECK_FALSE(may_sign({}, Vote::commit(block(1))));
  const Watermarks five = marks(5, 3);
  CHECK(may_sign(five, Vote::commit(block(5))));
  CHECK_FALSE(may_sign(five, Vote::commit(block(5, 1))));
  CHECK_FALSE(may_sign(five, Vote::commit(block(4))));
  CHECK_FALSE(may_sign(marks(5, 5), Vote::commit(block(5))));
}

TEST_CASE("marks rise by what was signed") {
  Watermarks marks;
  const Vote prepare = Vote::prepare(block(2), block(0));
  marks.raise(prepare);
  marks.raise(Vote::commit(block(2)));
  CHECK(marks.prepare == prepare);
  CHECK(marks.commit == Vote::commit(block(2)));
}

TEST_CASE("a quorum is more than half, or more than two thirds") {
  struct Case {
    std::size_t authorities, majority, bft;
  };
  const auto [authorities, majority, bft] = GENERATE(values<Case>({{1, 1, 1},
                                                                   {2, 2, 2},
                                                                   {3, 2, 3},
                                                                   {4, 3, 3},
                                                                   {5, 3, 4},
                                                                   {6, 4, 5},
                                                                   {7, 4, 5},
                                                                   {100, 51, 67}}));
  CHECK(quorum_of(Quorum::majority, authorities) == majority);
  CHECK(quorum_of(Quorum::bft, authorities) == bft);
}

TEST_CASE("a vote is of its voter, its chain and its words alone") {
  gen::Rng rng(1);
  const auto keys = gen::keys(rng, 2);
  const SignedVote good = sign(chain, Vote::prepare(block(4), block(2)), keys[0]);
  CHECK(check_vote(chain, good));
  CHECK_FALSE(check_vote(GenesisHash{}, good));
  const auto changed = [&](auto change) {
    SignedVote bad = good;
    change(bad);
    const auto status = check_vote(chain, bad);
    return !status && status.error().code == Errc::bad_vote;
  };
  CHECK(changed([&](SignedVote& vote) { vote.voter = keys[1].public_key(); }));
  CHECK(changed([](SignedVote& vote) { vote.vote.target.id.data[5] ^= 1; }));
  CHECK(changed([](SignedVote& vote) { vote.vote.source.height = 3; }));
  CHECK(changed([](SignedVote& vote) { vote.signature.data[0] ^= 1; }));
  CHECK(changed([](SignedVote& vote) { vote.vote.kind = Vote::Kind::commit; }));
}

TEST_CASE("a vote of an impossible shape is none, whoever signed it") {
  gen::Rng rng(1);
  const auto keys = gen::keys(rng, 1);
  for (const Vote& vote : {Vote::prepare(block(2), block(2)), Vote::prepare(block(2), block(3)),
                           Vote::commit(block(0)), Vote{Vote::Kind::commit, block(2), block(1)}}) {
    CHECK(check_vote(chain, sign(chain, vote, keys[0])).error().code == Errc::bad_vote);
  }
}

TEST_CASE("a certificate holds a quorum of authorities' votes for one block") {
  gen::Rng rng(1);
  auto keys = gen::keys(rng, 4);
  std::sort(keys.begin(), keys.end(),
            [](const KeyPair& a, const KeyPair& b) { return a.public_key() < b.public_key(); });
  const auto authorities = [&] {
    auto all = gen::public_keys(keys);
    all.pop_back();
    return all;
  }();
  const Vote commit = Vote::commit(block(7));
  Certificate good{
      Vote::Kind::commit, block(7), {sign(chain, commit, keys[0]), sign(chain, commit, keys[1])}};
  const auto code = [&](const Certificate& certificate) {
    const auto status = check_certificate(chain, authorities, 2, certificate);
    return status ? std::optional<Errc>() : status.error().code;
  };
  CHECK(code(good) == std::nullopt);
  const auto read_back = [](const Certificate& certificate) {
    Encoder out;
    encode(out, certificate);
    Decoder in(out.bytes());
    Certificate read = decode_certificate(in);
    return in.finish("certificate") ? std::optional(read) : std::nullopt;
  };
  CHECK(read_back(good) == good);

  Certificate bad = good;
  bad.votes.pop_back();
  CHECK(code(bad) == Errc::bad_certificate);  // too few
  bad = good;
  bad.votes[1] = bad.votes[0];
  CHECK(code(bad) == Errc::bad_certificate);  // one voter twice
  bad = good;
  bad.votes[1] = sign(chain, commit, keys[3]);
  CHECK(code(bad) == Errc::bad_certificate);  // a stranger's
  bad = good;
  bad.votes[1] = sign(chain, Vote::commit(block(7, 1)), keys[1]);
  CHECK(code(bad) == Errc::bad_certificate);  // for another block
  bad = good;
  bad.votes[1].signature.data[0] ^= 1;
  CHECK(code(bad) == Errc::bad_vote);
  CHECK_FALSE(read_back(Certificate{}));
}
