#include "rpc/errors.hpp"

#include <array>
#include <utility>

#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::rpc {

namespace {

constexpr int retry_after_s = 1;
constexpr int unreadable_status = 422;
constexpr std::size_t detail_bytes_max = 4'096;  // of a node's sentence
constexpr std::size_t code_bytes_max = 64;
constexpr std::size_t invalid_max = 64;              // entries of a 422
constexpr std::size_t shown_answer_bytes_max = 120;  // of an answer that is no error of ours

constexpr std::array all_codes = {Errc::bad_encoding,     Errc::bad_json,
                                  Errc::bad_request,      Errc::bad_address,
                                  Errc::bad_policy,       Errc::bad_signature,
                                  Errc::bad_amount,       Errc::wrong_chain,
                                  Errc::fee_too_low,      Errc::too_large,
                                  Errc::bad_height,       Errc::bad_slot,
                                  Errc::bad_proposer,     Errc::recent_signer,
                                  Errc::bad_seal,         Errc::bad_txs_root,
                                  Errc::bad_state_root,   Errc::empty_block,
                                  Errc::broken_branch,    Errc::wrong_media_type,
                                  Errc::length_required,  Errc::method_not_allowed,
                                  Errc::invalid_block_tx, Errc::bad_vote,
                                  Errc::bad_certificate,  Errc::bad_handover,
                                  Errc::bad_evidence,     Errc::nonce_used,
                                  Errc::nonce_pending,    Errc::insufficient_balance,
                                  Errc::below_final,      Errc::wrong_genesis,
                                  Errc::not_an_authority, Errc::refused,
                                  Errc::not_devnet,       Errc::nonce_gap,
                                  Errc::unknown_parent,   Errc::from_future,
                                  Errc::bad_ballot,       Errc::duplicate,
                                  Errc::not_found,        Errc::mempool_full,
                                  Errc::inbox_full,       Errc::timeout,
                                  Errc::overloaded,       Errc::shutting_down,
                                  Errc::unreachable,      Errc::bad_config,
                                  Errc::bad_manifest,     Errc::in_use,
                                  Errc::storage,          Errc::corrupt,
                                  Errc::newer_schema,     Errc::io,
                                  Errc::disk_full,        Errc::out_of_range,
                                  Errc::unauthorized,     Errc::forbidden,
                                  Errc::rate_limited,     Errc::bad_receipt,
                                  Errc::receipt_claimed,  Errc::upgrade_required};

int malformed_status(Errc code) {
  if (code == Errc::bad_encoding || code == Errc::bad_json) return unreadable_status;
  if (code == Errc::bad_request || code == Errc::bad_address) return unreadable_status;
  if (code == Errc::too_large) return 413;
  if (code == Errc::wrong_media_type) return 415;
  if (code == Errc::length_required) return 411;
  if (code == Errc::method_not_allowed) return 405;
  if (code == Errc::upgrade_required) return 426;
  return 400;
}

// The sentence, or those of the list.
Result<std::string> read_detail(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const Json* value, reader.value("detail"));
  if (!value->is_array()) return reader.text("detail", detail_bytes_max);
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> rows, reader.objects("detail", invalid_max));
  std::string detail;
  for (ObjectReader& row : rows) {
    AITBC_TRY_ASSIGN(const std::string msg, row.text("msg", detail_bytes_max));
    detail += (detail.empty() ? "" : "; ") + msg;
  }
  return detail;
}

// The sentence and the code of an error's body.
Result<std::pair<std::string, std::string>> read_error(const std::string& body) {
  AITBC_TRY_ASSIGN(const Json json, parse_json(body));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(json));
  AITBC_TRY_ASSIGN(std::string detail, read_detail(reader));
  AITBC_TRY_ASSIGN(std::string code, reader.text("code", code_bytes_max));
  return std::pair{std::move(detail), std::move(code)};
}

}  // namespace

int http_status(Errc code) {
  if (code == Errc::unauthorized) return 401;
  if (code == Errc::not_devnet || code == Errc::forbidden) return 403;
  if (code == Errc::rate_limited) return 429;
  switch (category(code)) {
    case Category::malformed:
      return malformed_status(code);
    case Category::rejected:
      return 409;
    case Category::early:
      return 409;
    case Category::known:
      return 200;
    case Category::absent:
      return 404;
    case Category::busy:
      return 503;
    case Category::unreachable:
      return 502;
    case Category::usage:
      return 500;
    case Category::internal:
      return 500;
  }
  AITBC_CHECK(false && "a Category outside its enumerators");
}

bool may_retry(Errc code) {
  return category(code) == Category::early || category(code) == Category::busy;
}

std::string error_json(const Error& error) {
  ObjectWriter out;
  out.text("detail", error.detail).text("code", name(error.code));
  if (may_retry(error.code)) out.boolean("retry", true);
  return std::move(out).finish();
}

HttpResponse invalid_response(std::span<const Invalid> invalid, Errc code) {
  ArrayWriter detail;
  for (const Invalid& each : invalid) {
    ArrayWriter loc;
    for (const std::string& step : each.loc) loc.text(step);
    ObjectWriter row;
    row.text("type", each.type).json("loc", std::move(loc).finish()).text("msg", each.msg);
    detail.json(std::move(row).finish());
  }
  ObjectWriter out;
  out.json("detail", std::move(detail).finish()).text("code", name(code));
  HttpResponse response;
  response.status = unreadable_status;
  response.body = std::move(out).finish();
  return response;
}

HttpResponse error_response(const Error& error) {
  HttpResponse response;
  response.status = http_status(error.code);
  if (response.status == unreadable_status) {
    const std::string_view type = error.code == Errc::bad_json ? "json_invalid" : "value_error";
    return invalid_response(std::vector<Invalid>{{type, {"body"}, error.detail}}, error.code);
  }
  response.body = error_json(error);
  if (category(error.code) == Category::busy) response.retry_after_s = retry_after_s;
  return response;
}

std::optional<Errc> errc_from_name(std::string_view text) {
  for (const Errc code : all_codes) {
    if (name(code) == text) return code;
  }
  return std::nullopt;
}

Error error_of(std::string_view code, std::string detail) {
  const auto known = errc_from_name(code);
  return known ? error(*known, std::move(detail))
               : error(Errc::refused, std::string(code) + ": " + detail);
}

Error error_from_answer(const HttpResponse& answer) {
  const auto read = read_error(answer.body);
  if (!read) {
    return error(Errc::refused, "the node answered " + std::to_string(answer.status) + ": " +
                                    answer.body.substr(0, shown_answer_bytes_max));
  }
  const auto& [detail, code] = *read;
  return error_of(code, detail);
}

}  // namespace aitbc::rpc
