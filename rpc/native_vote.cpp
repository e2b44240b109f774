#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t vote_digits_max = 1'024;

std::string checkpoint_json(const Checkpoint& block) {
  ObjectWriter out;
  out.integer("height", block.height).text("hash", hash_text(block.id));
  return std::move(out).finish();
}

std::string vote_text(const SignedVote& vote) {
  Encoder out;
  encode(out, vote);
  return to_hex(out.bytes());
}

}  // namespace

std::string certificate_json(const Certificate& certificate) {
  ArrayWriter votes;
  for (const SignedVote& vote : certificate.votes) {
    ObjectWriter row;
    row.text("voter", vote.voter.hex()).text("signature", vote.signature.hex());
    votes.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.text("kind", name(certificate.kind))
      .json("block", checkpoint_json(certificate.block))
      .json("votes", std::move(votes).finish());
  return std::move(out).finish();
}

Result<Certificate> read_certificate(ObjectReader reader) {
  AITBC_TRY_ASSIGN(const std::string kind, reader.text("kind", word_bytes_max));
  if (kind != name(Vote::Kind::commit)) {
    return error(Errc::bad_json,
                 reader.path_of("kind") + ": expected \"commit\", got " + json_text(kind));
  }
  Certificate certificate;
  AITBC_TRY_ASSIGN(ObjectReader block, reader.object("block"));
  AITBC_TRY_ASSIGN(certificate.block.height, block.integer("height", {1, limits::supply_max}));
  AITBC_TRY_ASSIGN(certificate.block.id, read_hash<BlockId>(block, "hash"));
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> votes,
                   reader.objects("votes", limits::authorities_max));
  if (votes.empty()) return error(Errc::bad_json, reader.path_of("votes") + ": expected some");
  for (ObjectReader& item : votes) {
    SignedVote vote{Vote::commit(certificate.block), {}, {}};
    AITBC_TRY_ASSIGN(vote.voter, read_hex<PublicKey>(item, "voter"));
    AITBC_TRY_ASSIGN(vote.signature, read_hex<Signature>(item, "signature"));
    certificate.votes.push_back(vote);
  }
  return certificate;
}

Result<std::optional<Certificate>> parse_certificate(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader answer, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(const Json* field, answer.value("certificate"));
  if (field->is_null()) return std::optional<Certificate>();
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(*field, "certificate"));
  AITBC_TRY_ASSIGN(Certificate certificate, read_certificate(std::move(reader)));
  return std::optional<Certificate>(std::move(certificate));
}

std::string votes_array(std::span<const SignedVote> votes) {
  ArrayWriter out;
  for (const SignedVote& vote : votes) out.text(vote_text(vote));
  return std::move(out).finish();
}

Result<std::vector<SignedVote>> read_votes(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::vector<std::string> texts,
                   reader.texts("votes", limits::sync_votes_max, vote_digits_max));
  std::vector<SignedVote> votes;
  votes.reserve(texts.size());
  for (const std::string& text : texts) {
    Buffer bytes(text.size() / 2);
    if (!from_hex(text, bytes)) {
      return error(Errc::bad_json, reader.path_of("votes") + "[" + std::to_string(votes.size()) +
                                       "]: expected lower-case hexadecimal");
    }
    Decoder in(bytes);
    votes.push_back(decode_signed_vote(in));
    AITBC_TRY(in.finish("vote"));
  }
  return votes;
}

std::string votes_json(std::span<const SignedVote> votes) {
  ObjectWriter out;
  out.json("votes", votes_array(votes));
  return std::move(out).finish();
}

Result<std::vector<SignedVote>> parse_votes(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(auto votes, read_votes(reader));
  AITBC_TRY(reader.finish());
  return votes;
}

}  // namespace aitbc::rpc
