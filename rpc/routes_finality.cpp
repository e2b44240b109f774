#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

using In = Parameter::In;
using Kind = Parameter::Kind;

// The genesis is final by itself.
Status write_certificate(ObjectWriter& out, Snapshot& snapshot, Height height) {
  std::optional<Certificate> certificate;
  if (height > 0) {
    AITBC_TRY_ASSIGN(certificate, snapshot.finality_of(height));
  }
  certificate ? out.json("certificate", certificate_json(*certificate)) : out.null("certificate");
  return ok();
}

Result<HttpResponse> finality(const Call& call) {
  // The status first: its certificate is then in the snapshot.
  const auto status = call.node.status();
  const Params& params = call.node.params();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  const std::size_t authorities = status->governance.authorities.size();
  ObjectWriter out;
  out.json("head", tip_json(status->head))
      .json("justified", tip_json(status->justified))
      .json("final", tip_json(status->final))
      .integer("authorities", authorities)
      .integer("quorum", quorum_of(params.quorum, authorities))
      .text("quorum_rule", name(params.quorum));
  AITBC_TRY(write_certificate(out, *snapshot, status->final.height));
  return json_response(std::move(out).finish());
}

Result<HttpResponse> finality_at(const Call& call) {
  const Height height = call.arguments.integer("height");
  const auto status = call.node.status();
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  BlockId id = genesis_tip(call.node.params()).id;
  if (height > 0) {
    AITBC_TRY_ASSIGN(const auto header, snapshot->header(height));
    if (!header) return error(Errc::not_found, "no block " + std::to_string(height));
    id = id_of(header->header);
  }
  ObjectWriter out;
  out.integer("height", height)
      .text("hash", hash_text(id))
      .boolean("final", height <= status->final.height);
  AITBC_TRY(write_certificate(out, *snapshot, height));
  return json_response(std::move(out).finish());
}

Result<HttpResponse> votes(const Call& call) {
  AITBC_TRY_ASSIGN(std::vector<SignedVote> votes, parse_votes(call.request.body));
  const Params& params = call.node.params();
  for (const SignedVote& vote : votes) AITBC_TRY(check_vote(params.genesis_hash, vote));
  return later<Done>(
      [&node = call.node, votes = std::move(votes)](Tell<Done> tell) mutable {
        node.add_votes(std::move(votes), std::move(tell));
      },
      [&node = call.node](Done) {
        const auto status = node.status();
        ObjectWriter out;
        out.json("justified", tip_json(status->justified)).json("final", tip_json(status->final));
        return json_response(std::move(out).finish());
      });
}

constexpr Parameter height_parameters[] = {
    {.name = "height",
     .in = In::path,
     .kind = Kind::integer,
     .description = "0 is the genesis.",
     .required = true},
};
constexpr Errc finality_errors[] = {Errc::not_found};
constexpr Errc votes_errors[] = {Errc::bad_vote};

constexpr Route finality_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/finality",
     .handler = finality,
     .summary = "The highest block that nothing can revert, with the votes that prove it.",
     .parameters = {},
     .answer = "Finality"},
    {.method = "GET",
     .pattern = "/rpc/finality/{height}",
     .handler = finality_at,
     .summary = "Whether a block is final, with the lowest certificate at or above it.",
     .parameters = height_parameters,
     .answer = "BlockFinality",
     .errors = finality_errors,
     .sync_path = true},
    {.method = "POST",
     .pattern = "/rpc/votes",
     .handler = votes,
     .summary = "Passes votes of authorities on, each its canonical encoding in hexadecimal.",
     .parameters = {},
     .answer = "VotesTaken",
     .body = "Votes",
     .errors = votes_errors,
     .scope = Scope::submit,
     .sync_path = true},
};

}  // namespace

std::span<const Route> finality_routes() { return finality_rows; }

}  // namespace aitbc::rpc
