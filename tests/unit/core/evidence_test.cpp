#include "chain/core/evidence.hpp"

#include <catch2/catch.hpp>

#include <set>

#include "chain/core/limits.hpp"
#include "chain/core/signing_record.hpp"
#include "tests/support/chain_builder.hpp"

using namespace aitbc;
using test::ChainBuilder;

namespace {

Checkpoint branch_block(Height height, Byte branch = 0) {
  return {height, BlockId{{static_cast<Byte>(height), height == 0 ? Byte{0} : branch}}};
}

// Every vote for blocks of two branches, up to this height.
std::vector<Vote> all_votes(Height top) {
  std::vector<Checkpoint> blocks{branch_block(0)};
  for (Height height = 1; height <= top; ++height) {
    for (const Byte branch : {Byte{1}, Byte{2}}) blocks.push_back(branch_block(height, branch));
  }
  std::vector<Vote> votes;
  for (const Checkpoint& target : blocks) {
    if (target.height == 0) continue;
    votes.push_back(Vote::commit(target));
    for (const Checkpoint& source : blocks) {
      if (source.height < target.height) votes.push_back(Vote::prepare(target, source));
    }
  }
  return votes;
}

// Every pair of votes that some voter signs who keeps the rules.
void explore(const std::vector<Vote>& votes, const Watermarks& marks,
             std::vector<Vote>& signed_votes, std::set<std::pair<Vote, Vote>>& together) {
  for (const Vote& vote : votes) {
    if (!may_sign(marks, vote)) continue;
    for (const Vote& before : signed_votes) {
      together.emplace(before, vote);
      together.emplace(vote, before);
    }
    Watermarks next = marks;
    next.raise(vote);
    signed_votes.push_back(vote);
    explore(votes, next, signed_votes, together);
    signed_votes.pop_back();
  }
}

struct Signer {
  ChainBuilder builder;
  const GenesisHash& chain = builder.params().genesis_hash;
  const KeyPair& key = builder.ledger.authorities[0];
  const KeyPair& other = builder.ledger.authorities[1];

  SealedHeader sealed(Slot slot, Byte mark) const {
    Header header;
    header.height = 1;
    header.slot = slot;
    header.proposer = key.public_key();
    header.state_root.data[0] = mark;
    return {header, seal(chain, header, key)};
  }
};

}  // namespace

TEST_CASE("two votes are evidence exactly if nobody who keeps the rules signs both") {
  const Signer signer;
  const std::vector<Vote> votes = all_votes(4);
  std::set<std::pair<Vote, Vote>> together;
  std::vector<Vote> signed_votes;
  explore(votes, {}, signed_votes, together);
  for (const Vote& a : votes) {
    for (const Vote& b : votes) {
      if (a == b) continue;
      const auto found = breach({a, signer.key.public_key(), {}}, {b, signer.key.public_key(), {}});
      INFO(name(a.kind) << a.source.height << a.target.height << " " << name(b.kind)
                        << b.source.height << b.target.height);
      CHECK(found.has_value() == !together.contains({a, b}));
    }
  }
}

TEST_CASE("evidence holds by itself, whatever the order, and only with both signatures") {
  const Signer signer;
  const SealedHeader first = signer.sealed(7, 1), second = signer.sealed(7, 2);
  const auto evidence = breach(first, second);
  REQUIRE(evidence);
  CHECK(breach(second, first) == evidence);
  CHECK(evidence->key() == signer.key.public_key());
  CHECK(check_evidence(signer.chain, *evidence));
  CHECK(decode_evidence(encode(*evidence)).value() == *evidence);
  CHECK_FALSE(breach(first, first));
  CHECK_FALSE(breach(first, signer.sealed(8, 2)));
  CHECK(describe(*evidence).find("slot 7") != std::string::npos);

  const SignedVote a = sign(signer.chain, Vote::commit(branch_block(3, 1)), signer.key);
  const SignedVote b =
      sign(signer.chain, Vote::prepare(branch_block(4, 2), branch_block(2, 2)), signer.key);
  const auto votes = breach(a, b);
  REQUIRE(votes);
  CHECK(breach(b, a) == votes);
  CHECK(check_evidence(signer.chain, *votes));
  CHECK(decode_evidence(encode(*votes)).value() == *votes);
  CHECK_FALSE(breach(a, sign(signer.chain, b.vote, signer.other)));

  SECTION("another chain's") {
    CHECK(check_evidence(GenesisHash{{9}}, *votes).error().code == Errc::bad_evidence);
  }
  SECTION("the order turned round") {
    const auto& pair = std::get<Evidence::Votes>(votes->proof);
    const Evidence turned{Evidence::Votes{pair.second, pair.first}};
    CHECK(check_evidence(signer.chain, turned).error().code == Errc::bad_evidence);
  }
  SECTION("a signature that does not hold") {
    Evidence forged = *votes;
    std::get<Evidence::Votes>(forged.proof).second.signature.data[3] ^= 1;
    CHECK(check_evidence(signer.chain, forged).error().code == Errc::bad_evidence);
    forged = *evidence;
    std::get<Evidence::Seals>(forged.proof).first.seal.data[3] ^= 1;
    CHECK(check_evidence(signer.chain, forged).error().code == Errc::bad_evidence);
    CHECK(id_of(forged) == id_of(*evidence));  // it names what was signed
  }
  SECTION("cut short") {
    const Buffer bytes = encode(*evidence);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(decode_evidence(ByteView(bytes).first(size)));
    }
  }
}

TEST_CASE("a signing record finds the breach, and forgets the lowest first") {
  const Signer signer;
  SigningRecord record;
  constexpr Height far = 1'000'000;
  const auto commit = [&](Height height, Byte branch) {
    return sign(signer.chain, Vote::commit(branch_block(height, branch)), signer.key);
  };
  CHECK_FALSE(record.see(commit(1, 1), far));
  CHECK_FALSE(record.see(commit(1, 1), far));
  CHECK(record.see(commit(1, 2), far));
  CHECK_FALSE(record.see(commit(1, 2), far));  // it was compared before
  for (Height height = 2; height < limits::votes_compared_max + 2; ++height) {
    CHECK_FALSE(record.see(commit(height, 1), far));
  }
  CHECK_FALSE(record.see(commit(1, 3), far));
  CHECK(record.see(commit(limits::votes_compared_max, 2), far));

  // Behind votes for blocks that are far to come nothing is hidden.
  SigningRecord other;
  CHECK_FALSE(other.see(commit(7, 1), 7));
  for (Height height = 0; height < 2 * limits::votes_compared_max; ++height) {
    CHECK_FALSE(other.see(commit(far + height, 1), 7));
  }
  CHECK(other.see(commit(7, 2), 7));

  CHECK_FALSE(record.see(signer.sealed(5, 1)));
  CHECK(record.see(signer.sealed(5, 2)));
  CHECK(record.see(signer.sealed(5, 3)));
}
