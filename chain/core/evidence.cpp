#include "chain/core/evidence.hpp"

#include <algorithm>
#include <utility>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

enum class Kind : std::uint8_t { seals, votes };

bool between(const Vote& commit, const Vote& prepare) {
  return prepare.source.height < commit.target.height &&
         commit.target.height < prepare.target.height;
}

Status bad(const std::string& what) { return error(Errc::bad_evidence, "evidence: " + what); }

template <class Signed, class Before>
Evidence ordered(Signed a, Signed b, Before before) {
  if (before(b, a)) std::swap(a, b);
  return {Evidence::Pair<Signed>{std::move(a), std::move(b)}};
}

std::string text_of(const Vote& vote) {
  const std::string block =
      std::to_string(vote.target.height) + " " + hash_text(vote.target.id).substr(0, 10);
  if (vote.kind == Vote::Kind::commit) return "commit of block " + block;
  return "prepare of block " + block + " from " + std::to_string(vote.source.height);
}

}  // namespace

bool excludes(const Vote& a, const Vote& b) {
  if (a == b) return false;
  if (a.target.height == b.target.height) return a.kind == b.kind || a.target != b.target;
  if (a.kind == b.kind) return false;
  return a.kind == Vote::Kind::commit ? between(a, b) : between(b, a);
}

const PublicKey& Evidence::key() const {
  if (const auto* seals = std::get_if<Seals>(&proof)) return seals->first.header.proposer;
  return std::get<Votes>(proof).first.voter;
}

std::optional<Evidence> breach(const SealedHeader& a, const SealedHeader& b) {
  if (a.header.proposer != b.header.proposer || a.header.slot != b.header.slot) return std::nullopt;
  if (a.header == b.header) return std::nullopt;
  // What proves a change of authorities is no part of what was sealed.
  const SealedHeader first{a.header, a.seal}, second{b.header, b.seal};
  return ordered(first, second, [](const SealedHeader& left, const SealedHeader& right) {
    return id_of(left.header) < id_of(right.header);
  });
}

std::optional<Evidence> breach(const SignedVote& a, const SignedVote& b) {
  if (a.voter != b.voter || !excludes(a.vote, b.vote)) return std::nullopt;
  return ordered(
      a, b, [](const SignedVote& left, const SignedVote& right) { return left.vote < right.vote; });
}

EvidenceId id_of(const Evidence& evidence) {
  Encoder out;
  out.fixed(evidence.key());
  if (const auto* seals = std::get_if<Evidence::Seals>(&evidence.proof)) {
    out.integer(static_cast<std::uint8_t>(Kind::seals));
    out.fixed(id_of(seals->first.header));
    out.fixed(id_of(seals->second.header));
  } else {
    const auto& votes = std::get<Evidence::Votes>(evidence.proof);
    out.integer(static_cast<std::uint8_t>(Kind::votes));
    encode(out, votes.first.vote);
    encode(out, votes.second.vote);
  }
  return EvidenceId{hash("aitbc/evidence/1", {out.bytes()}).data};
}

Status check_evidence(const GenesisHash& chain, const Evidence& evidence) {
  if (const auto* seals = std::get_if<Evidence::Seals>(&evidence.proof)) {
    if (breach(seals->first, seals->second) != evidence) {
      return bad("expected two blocks of one key and slot, the lower hash first");
    }
    for (const SealedHeader* sealed : {&seals->first, &seals->second}) {
      if (!check_seal(chain, *sealed)) {
        return bad("the seal of " + hash_text(id_of(sealed->header)) + " does not hold");
      }
    }
    return ok();
  }
  const auto& votes = std::get<Evidence::Votes>(evidence.proof);
  if (breach(votes.first, votes.second) != evidence) {
    return bad("expected two votes of one key that cannot both be signed, the lower first");
  }
  for (const SignedVote* vote : {&votes.first, &votes.second}) {
    if (const auto checked = check_vote(chain, *vote); !checked) {
      return bad(checked.error().detail);
    }
  }
  return ok();
}

std::string describe(const Evidence& evidence) {
  if (const auto* seals = std::get_if<Evidence::Seals>(&evidence.proof)) {
    return "sealed two blocks for slot " + std::to_string(seals->first.header.slot) + ": " +
           hash_text(id_of(seals->first.header)) + " and " + hash_text(id_of(seals->second.header));
  }
  const auto& votes = std::get<Evidence::Votes>(evidence.proof);
  return "signed two votes that exclude one another: " + text_of(votes.first.vote) + " and " +
         text_of(votes.second.vote);
}

EvidenceId id_of(const FinalityConflict& conflict) {
  Encoder out;
  for (const Checkpoint& block : {conflict.ours.block, conflict.theirs.block}) {
    out.integer(block.height);
    out.fixed(block.id);
  }
  return EvidenceId{hash("aitbc/finality-conflict/1", {out.bytes()}).data};
}

Buffer encode(const Evidence& evidence) {
  Encoder out;
  if (const auto* seals = std::get_if<Evidence::Seals>(&evidence.proof)) {
    out.integer(static_cast<std::uint8_t>(Kind::seals));
    encode(out, seals->first);
    encode(out, seals->second);
  } else {
    const auto& votes = std::get<Evidence::Votes>(evidence.proof);
    out.integer(static_cast<std::uint8_t>(Kind::votes));
    encode(out, votes.first);
    encode(out, votes.second);
  }
  return std::move(out).bytes();
}

Result<Evidence> decode_evidence(ByteView bytes) {
  Decoder in(bytes);
  Evidence evidence;
  const auto kind = in.integer<std::uint8_t>();
  if (kind == static_cast<std::uint8_t>(Kind::seals)) {
    auto& seals = evidence.proof.emplace<Evidence::Seals>();
    seals.first = decode_sealed_header(in);
    seals.second = decode_sealed_header(in);
  } else if (kind == static_cast<std::uint8_t>(Kind::votes)) {
    auto& votes = evidence.proof.emplace<Evidence::Votes>();
    votes.first = decode_signed_vote(in);
    votes.second = decode_signed_vote(in);
  } else {
    in.fail();
  }
  AITBC_TRY(in.finish("evidence"));
  return evidence;
}

Buffer encode(const FinalityConflict& conflict) {
  Encoder out;
  encode(out, conflict.ours);
  encode(out, conflict.theirs);
  return std::move(out).bytes();
}

Result<FinalityConflict> decode_finality_conflict(ByteView bytes) {
  Decoder in(bytes);
  FinalityConflict conflict;
  conflict.ours = decode_certificate(in);
  conflict.theirs = decode_certificate(in);
  AITBC_TRY(in.finish("finality conflict"));
  return conflict;
}

}  // namespace aitbc
