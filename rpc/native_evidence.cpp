#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t evidence_digits_max = 2'048;
constexpr std::size_t claim_digits_max = 1'024;
constexpr std::size_t url_bytes_max = 1'024;

Result<Buffer> read_bytes(const std::string& path, const std::string& text) {
  Buffer bytes(text.size() / 2);
  if (!from_hex(text, bytes)) {
    return error(Errc::bad_json, path + ": expected lower-case hexadecimal");
  }
  return bytes;
}

std::string claim_text(const KeyClaim& claim) {
  Encoder out;
  encode(out, claim);
  return to_hex(out.bytes());
}

std::string conflict_json(const FinalityConflict& conflict) {
  ObjectWriter out;
  out.text("id", hash_text(id_of(conflict)))
      .json("ours", certificate_json(conflict.ours))
      .json("theirs", certificate_json(conflict.theirs));
  return std::move(out).finish();
}

}  // namespace

std::string evidence_list_json(std::span<const Evidence> evidence,
                               const std::optional<FinalityConflict>& conflict) {
  ArrayWriter rows;
  for (const Evidence& each : evidence) {
    ObjectWriter row;
    row.text("id", hash_text(id_of(each)))
        .text("key", each.key().hex())
        .text("kind", std::holds_alternative<Evidence::Seals>(each.proof) ? "seals" : "votes")
        .text("detail", describe(each))
        .text("encoding", to_hex(encode(each)));
    rows.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.integer("count", evidence.size()).json("evidence", std::move(rows).finish());
  conflict ? out.json("finality_conflict", conflict_json(*conflict))
           : out.null("finality_conflict");
  return std::move(out).finish();
}

std::string evidence_array(std::span<const Evidence> evidence) {
  ArrayWriter out;
  for (const Evidence& each : evidence) out.text(to_hex(encode(each)));
  return std::move(out).finish();
}

Result<std::vector<Evidence>> read_evidence(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::vector<std::string> texts,
                   reader.texts("evidence", limits::evidence_max, evidence_digits_max));
  std::vector<Evidence> evidence;
  for (const std::string& text : texts) {
    AITBC_TRY_ASSIGN(const Buffer bytes, read_bytes(reader.path_of("evidence"), text));
    AITBC_TRY_ASSIGN(Evidence each, decode_evidence(bytes));
    evidence.push_back(std::move(each));
  }
  return evidence;
}

std::string evidence_json(std::span<const Evidence> evidence) {
  ObjectWriter out;
  out.json("evidence", evidence_array(evidence));
  return std::move(out).finish();
}

Result<std::vector<Evidence>> parse_evidence(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(auto evidence, read_evidence(reader));
  AITBC_TRY(reader.finish());
  return evidence;
}

// ---- who signs with which key -------------------------------------------------------------------

void write_keys(ObjectWriter& out, const SyncAnswer& answer) {
  ArrayWriter sightings;
  for (const Sighting& sighting : answer.sightings) {
    ObjectWriter row;
    row.text("claim", claim_text(sighting.claim))
        .text("url", sighting.url)
        .integer("age_ms", static_cast<std::uint64_t>(sighting.age.count()));
    sightings.json(std::move(row).finish());
  }
  if (answer.runs) out.text("runs", claim_text(*answer.runs));
  out.json("sightings", std::move(sightings).finish());
}

Status read_keys(ObjectReader& reader, SyncAnswer& answer) {
  AITBC_TRY_ASSIGN(const auto runs, reader.optional_text("runs", claim_digits_max));
  if (runs) {
    AITBC_TRY_ASSIGN(const Buffer bytes, read_bytes(reader.path_of("runs"), *runs));
    AITBC_TRY_ASSIGN(answer.runs, decode_key_claim(bytes));
  }
  constexpr std::size_t sightings_max = limits::authorities_max * limits::key_runners_max;
  AITBC_TRY_ASSIGN(auto rows, reader.objects("sightings", sightings_max));
  for (ObjectReader& row : rows) {
    Sighting sighting;
    AITBC_TRY_ASSIGN(const std::string claim, row.text("claim", claim_digits_max));
    AITBC_TRY_ASSIGN(const Buffer bytes, read_bytes(row.path_of("claim"), claim));
    AITBC_TRY_ASSIGN(sighting.claim, decode_key_claim(bytes));
    AITBC_TRY_ASSIGN(sighting.url, row.text("url", url_bytes_max));
    AITBC_TRY_ASSIGN(sighting.age, read_ms(row, "age_ms"));
    answer.sightings.push_back(std::move(sighting));
  }
  return ok();
}

}  // namespace aitbc::rpc
