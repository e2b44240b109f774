#include "chain/core/vote.hpp"

#include <algorithm>

#include "chain/core/crypto.hpp"
#include "chain/core/governance.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr std::size_t vote_bytes = 1 + 2 * (8 + 32) + 32 + 64;

void encode(Encoder& out, const Checkpoint& checkpoint) {
  out.integer(checkpoint.height);
  out.fixed(checkpoint.id);
}

Checkpoint decode_checkpoint(Decoder& in) {
  Checkpoint checkpoint;
  checkpoint.height = in.integer<std::uint64_t>();
  checkpoint.id = in.fixed<BlockId>();
  if (checkpoint.height > limits::supply_max) in.fail();
  return checkpoint;
}

Hash message_of(const GenesisHash& chain, const Vote& vote) {
  Encoder body;
  encode(body, vote);
  return hash("aitbc/vote/1", {chain.view(), body.bytes()});
}

Status bad(Errc code, const Checkpoint& block, const std::string& what) {
  return error(code, "block " + std::to_string(block.height) + ": " + what);
}

}  // namespace

Checkpoint checkpoint_of(const Tip& tip) { return {tip.height, tip.id}; }

std::string_view name(Vote::Kind kind) {
  switch (kind) {
    case Vote::Kind::prepare:
      return "prepare";
    case Vote::Kind::commit:
      return "commit";
  }
  AITBC_CHECK(false && "a Vote::Kind outside its enumerators");
}

SignedVote sign(const GenesisHash& chain, const Vote& vote, const KeyPair& key) {
  return {vote, key.public_key(), key.sign(message_of(chain, vote).view())};
}

Status check_vote(const GenesisHash& chain, const SignedVote& signed_vote) {
  const Vote& vote = signed_vote.vote;
  const bool well_formed = vote.kind == Vote::Kind::prepare
                               ? vote.source.height < vote.target.height
                               : vote.source == vote.target && vote.target.height > 0;
  if (!well_formed) {
    return bad(Errc::bad_vote, vote.target,
               "a prepare's source is below its target, a commit's is the target itself");
  }
  if (!verify(signed_vote.voter, message_of(chain, vote).view(), signed_vote.signature)) {
    return bad(Errc::bad_vote, vote.target,
               "the signature of its " + std::string(name(vote.kind)) + " by " +
                   signed_vote.voter.hex() + " does not hold");
  }
  return ok();
}

void Watermarks::raise(const Vote& vote) {
  AITBC_CHECK(may_sign(*this, vote));
  (vote.kind == Vote::Kind::prepare ? prepare : commit) = vote;
}

bool may_sign(const Watermarks& marks, const Vote& vote) {
  const Height prepared = marks.prepare ? marks.prepare->target.height : 0;
  const Height committed = marks.commit ? marks.commit->target.height : 0;
  if (vote.kind == Vote::Kind::prepare) {
    return vote.target.height > prepared && vote.source.height >= committed &&
           vote.source.height < vote.target.height;
  }
  return marks.prepare && vote.target == marks.prepare->target && vote.target.height > committed;
}

Status check_certificate(const GenesisHash& chain, std::span<const PublicKey> authorities,
                         std::size_t quorum, const Certificate& certificate) {
  const auto& votes = certificate.votes;
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const SignedVote& vote = votes[i];
    if (vote.vote.kind != certificate.kind || vote.vote.target != certificate.block) {
      return bad(Errc::bad_certificate, certificate.block, "a vote for something else is in it");
    }
    if (i > 0 && vote.voter <= votes[i - 1].voter) {
      return bad(Errc::bad_certificate, certificate.block, "a voter is twice or out of order");
    }
    if (!is_authority(authorities, vote.voter)) {
      return bad(Errc::bad_certificate, certificate.block,
                 "voter " + vote.voter.hex() + " is no authority");
    }
    AITBC_TRY(check_vote(chain, vote));
  }
  if (votes.size() < quorum) {
    return bad(Errc::bad_certificate, certificate.block,
               "expected the votes of " + std::to_string(quorum) + " authorities, got " +
                   std::to_string(votes.size()));
  }
  return ok();
}

void encode(Encoder& out, const Vote& vote) {
  out.integer(static_cast<std::uint8_t>(vote.kind));
  encode(out, vote.target);
  encode(out, vote.source);
}

Vote decode_vote(Decoder& in) {
  Vote vote;
  const auto kind = in.integer<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(Vote::Kind::commit)) in.fail();
  vote.kind = kind == 0 ? Vote::Kind::prepare : Vote::Kind::commit;
  vote.target = decode_checkpoint(in);
  vote.source = decode_checkpoint(in);
  return vote;
}

void encode(Encoder& out, const SignedVote& vote) {
  encode(out, vote.vote);
  out.fixed(vote.voter);
  out.fixed(vote.signature);
}

SignedVote decode_signed_vote(Decoder& in) {
  SignedVote vote;
  vote.vote = decode_vote(in);
  vote.voter = in.fixed<PublicKey>();
  vote.signature = in.fixed<Signature>();
  return vote;
}

// Its kind and block are those of its votes, of which there is at least one.
void encode(Encoder& out, const Certificate& certificate) {
  out.integer(static_cast<std::uint32_t>(certificate.votes.size()));
  for (const SignedVote& vote : certificate.votes) encode(out, vote);
}

Certificate decode_certificate(Decoder& in) {
  Certificate certificate;
  const std::size_t count = in.count(limits::authorities_max, vote_bytes);
  for (std::size_t i = 0; i < count && !in.failed(); ++i) {
    certificate.votes.push_back(decode_signed_vote(in));
  }
  if (certificate.votes.empty()) {
    in.fail();
    return certificate;
  }
  certificate.kind = certificate.votes.front().vote.kind;
  certificate.block = certificate.votes.front().vote.target;
  return certificate;
}

Buffer encode(const Certificate& certificate) {
  Encoder out;
  encode(out, certificate);
  return std::move(out).bytes();
}

Result<Certificate> decode_certificate(ByteView bytes) {
  Decoder in(bytes);
  Certificate certificate = decode_certificate(in);
  AITBC_TRY(in.finish("certificate"));
  return certificate;
}

}  // namespace aitbc
