#include "rpc/json_writer.hpp"
#include "rpc/native.hpp"
#include "rpc/routes.hpp"

namespace aitbc::rpc {

namespace {

Result<HttpResponse> list_evidence(const Call& call) {
  AITBC_TRY_ASSIGN(const auto snapshot, call.node.reader().snapshot());
  AITBC_TRY_ASSIGN(const auto evidence, snapshot->evidence());
  AITBC_TRY_ASSIGN(const auto conflict, snapshot->finality_conflict());
  return json_response(evidence_list_json(evidence, conflict));
}

Result<HttpResponse> take_evidence(const Call& call) {
  AITBC_TRY_ASSIGN(std::vector<Evidence> evidence, parse_evidence(call.request.body));
  for (const Evidence& each : evidence) {
    AITBC_TRY(check_evidence(call.node.params().genesis_hash, each));
  }
  return later<Done>(
      [&node = call.node, evidence = std::move(evidence)](Tell<Done> tell) mutable {
        node.add_evidence(std::move(evidence), std::move(tell));
      },
      [&node = call.node](Done) {
        ObjectWriter out;
        out.integer("evidence", node.status()->evidence);
        return json_response(std::move(out).finish());
      });
}

using EvidenceIds = std::vector<EvidenceId>;

HttpResponse unlocked(const NodeStatus& status, const EvidenceIds& ids) {
  ArrayWriter unlocked;
  for (const EvidenceId& id : ids) unlocked.text(hash_text(id));
  ObjectWriter out;
  out.text("authority", status.authority ? status.authority->hex() : "")
      .json("unlocked", std::move(unlocked).finish())
      .text("state", status.state.text());
  return json_response(std::move(out).finish());
}

Result<HttpResponse> unlock(const Call& call) {
  return later<EvidenceIds>(
      [&node = call.node](Tell<EvidenceIds> tell) { node.unlock_authority(std::move(tell)); },
      [&node = call.node](const EvidenceIds& ids) { return unlocked(*node.status(), ids); });
}

constexpr Errc take_errors[] = {Errc::bad_evidence};
constexpr Errc unlock_errors[] = {Errc::not_an_authority};

constexpr Route evidence_rows[] = {
    {.method = "GET",
     .pattern = "/rpc/evidence",
     .handler = list_evidence,
     .summary = "Keys that are proven to have signed what excludes one another.",
     .parameters = {},
     .answer = "EvidenceList"},
    {.method = "POST",
     .pattern = "/rpc/evidence",
     .handler = take_evidence,
     .summary = "Passes evidence on, each its canonical encoding in hexadecimal.",
     .parameters = {},
     .answer = "EvidenceTaken",
     .body = "EvidenceBody",
     .errors = take_errors,
     .scope = Scope::submit,
     .sync_path = true},
    {.method = "POST",
     .pattern = "/rpc/authority/unlock",
     .handler = unlock,
     .summary = "Lets this node's authority sign again, whatever is known against its key.",
     .parameters = {},
     .answer = "Unlocked",
     .errors = unlock_errors,
     .scope = Scope::admin},
};

}  // namespace

std::span<const Route> evidence_routes() { return evidence_rows; }

}  // namespace aitbc::rpc
