#include "rpc/client_views.hpp"

#include <charconv>

#include "rpc/errors.hpp"
#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

Result<TxId> read_result(ObjectReader reader) {
  if (!reader.has("code")) return read_hash<TxId>(reader, "tx_hash");
  AITBC_TRY_ASSIGN(const std::string code, reader.text("code", word_bytes_max));
  AITBC_TRY_ASSIGN(std::string detail, reader.text("detail", sentence_bytes_max));
  return error_of(code, std::move(detail));
}

std::optional<std::string> decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const char* end = digits.data() + digits.size();
    const auto [stop, failure] = std::from_chars(digits.data(), end, value, 16);
    if (digits.size() != 2 || failure != std::errc() || stop != end) return std::nullopt;
    decoded += static_cast<char>(value);
    i += 2;
  }
  return decoded;
}

}  // namespace

Result<TxId> parse_taken(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  return read_hash<TxId>(reader, "tx_hash");
}

Result<std::vector<Result<TxId>>> parse_batch_result(std::string_view json, std::size_t expected) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(std::vector<ObjectReader> items, reader.objects("results", expected));
  if (items.size() != expected) {
    return error(Errc::bad_json, "results: expected " + std::to_string(expected) + ", got " +
                                     std::to_string(items.size()));
  }
  std::vector<Result<TxId>> results;
  for (ObjectReader& item : items) results.push_back(read_result(std::move(item)));
  return results;
}

Result<Client::AccountView> parse_account_view(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  Client::AccountView view;
  AITBC_TRY_ASSIGN(view.account.balance, read_amount(reader, "balance"));
  AITBC_TRY_ASSIGN(view.account.nonce, reader.integer("nonce"));
  AITBC_TRY_ASSIGN(view.next_nonce, reader.integer("next_nonce"));
  AITBC_TRY_ASSIGN(view.height, reader.integer("height"));
  return view;
}

Result<Client::TxView> parse_tx_view(std::string_view json) {
  using Where = Client::TxView::Where;
  AITBC_TRY_ASSIGN(const Json value, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(value));
  AITBC_TRY_ASSIGN(const std::string word, reader.text("status", word_bytes_max));
  Client::TxView view;
  if (word == "pending") return view;
  AITBC_TRY_ASSIGN(view.height, reader.integer("height"));
  if (word == "included") {
    view.where = Where::included;
    return view;
  }
  if (word != "replaced") {
    return error(Errc::bad_json,
                 "status: expected where the transaction is, got " + json_text(word));
  }
  view.where = Where::replaced;
  AITBC_TRY_ASSIGN(view.by, read_hash<TxId>(reader, "replaced_by"));
  return view;
}

Result<Target> parse_target(std::string_view text) {
  const Error bad = error(Errc::bad_request,
                          "expected a path that begins with /, and maybe a "
                          "query, got " +
                              json_text(text));
  if (!text.starts_with('/')) return bad;
  const std::size_t question = std::min(text.find('?'), text.size());
  Target target;
  const auto path = decode_percent(text.substr(0, question));
  if (!path) return bad;
  target.path = *path;
  std::string_view rest = text.substr(std::min(question + 1, text.size()));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = decode_percent(pair.substr(0, equals));
    const auto value = decode_percent(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value || !target.query.emplace(*name, *value).second) return bad;
  }
  return target;
}

}  // namespace aitbc::rpc
