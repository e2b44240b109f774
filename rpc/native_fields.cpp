#include "rpc/native_fields.hpp"

#include "rpc/json.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t value_bytes_max = 256;  // no single value of ours is longer

Error unreadable(const ObjectReader& reader, std::string_view name, const std::string& expected,
                 const std::string& got) {
  return error(Errc::bad_json,
               reader.path_of(name) + ": expected " + expected + ", got " + json_text(got));
}

// The digits at [from, from + count) as a number.
std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count) {
  int value = 0;
  for (const char c : text.substr(from, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<Time> parse_iso(std::string_view text) {
  using namespace std::chrono;
  constexpr std::size_t whole = 20;     // 2026-02-13T21:39:43Z
  constexpr std::size_t fraction = 24;  // 2026-02-13T21:39:43.125Z
  if (text.size() != whole && text.size() != fraction) return std::nullopt;
  const auto year_part = digits(text, 0, 4);
  const auto month_part = digits(text, 5, 2);
  const auto day_part = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2);
  const auto minute = digits(text, 14, 2);
  const auto second = digits(text, 17, 2);
  const auto ms = text.size() == fraction ? digits(text, 20, 3) : std::optional(0);
  if (!year_part || !month_part || !day_part || !hour || !minute || !second || !ms) {
    return std::nullopt;
  }
  const year_month_day date{year{*year_part}, month{static_cast<unsigned>(*month_part)},
                            day{static_cast<unsigned>(*day_part)}};
  if (!date.ok() || *year_part < 1970) return std::nullopt;
  const Time time =
      sys_days{date} + hours{*hour} + minutes{*minute} + seconds{*second} + milliseconds{*ms};
  // Separators, 24:00, a leap second, a fraction of zero: what we would not print is not read.
  if (to_iso(time) != text) return std::nullopt;
  return time;
}

Status read_hex(ObjectReader& reader, std::string_view name, std::string_view prefix,
                std::span<Byte> out) {
  AITBC_TRY_ASSIGN(const std::string text, reader.text(name, value_bytes_max));
  const std::string_view view = text;
  if (!view.starts_with(prefix) || !from_hex(view.substr(prefix.size()), out)) {
    return unreadable(reader, name,
                      (prefix.empty() ? "" : "0x and ") + std::to_string(2 * out.size()) +
                          " digits of lower-case hexadecimal",
                      text);
  }
  return ok();
}

Result<Address> read_address(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const std::string text, reader.text(name, value_bytes_max));
  auto address = parse_address(text);
  if (!address) {
    return error(address.error().code, reader.path_of(name) + ": " + address.error().detail);
  }
  return address;
}

Result<Amount> read_amount(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const std::uint64_t units, reader.integer(name));
  const auto amount = Amount::from(units);
  AITBC_CHECK(amount.has_value());  // the reader's range is the amount's
  return *amount;
}

Result<Time> read_time(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const std::string text, reader.text(name, value_bytes_max));
  const auto time = parse_iso(text);
  if (!time) return unreadable(reader, name, "a time in UTC like 2026-02-13T21:39:43Z", text);
  return *time;
}

Result<Duration> read_ms(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const std::uint64_t ms, reader.integer(name));
  return Duration{static_cast<std::int64_t>(ms)};
}

std::string tip_json(const Tip& tip) {
  ObjectWriter out;
  out.integer("height", tip.height).integer("slot", tip.slot).text("hash", hash_text(tip.id));
  return std::move(out).finish();
}

Result<Tip> read_tip(ObjectReader reader) {
  AITBC_TRY_ASSIGN(const Height height, reader.integer("height"));
  AITBC_TRY_ASSIGN(const Slot slot, reader.integer("slot"));
  AITBC_TRY_ASSIGN(const BlockId id, read_hash<BlockId>(reader, "hash"));
  return Tip{height, slot, id};
}

std::string seconds_json(Duration duration) {
  constexpr std::int64_t second = 1'000;
  std::string text = std::to_string(duration.count() / second);
  if (const auto rest = duration.count() % second; rest != 0) {
    text += "." + std::to_string(second + rest).substr(1);
  }
  return text;
}

Status check_chain(const Params& params, ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string chain, reader.text("chain_id", limits::chain_id_bytes_max));
  if (chain == params.chain_id) return ok();
  return error(Errc::wrong_chain, reader.path_of("chain_id") + ": expected " +
                                      json_text(params.chain_id) + ", this node's chain, got " +
                                      json_text(chain));
}

Result<bool> is_null(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const Json* value, reader.value(name));
  return value->is_null();
}

Result<std::optional<Duration>> read_signed_ms(ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const Json* value, reader.value(name));
  if (value->is_null()) return std::optional<Duration>();
  if (!value->is_number_integer()) {
    return error(Errc::bad_json, reader.path_of(name) + ": expected milliseconds or null");
  }
  return std::optional(Duration{value->get<std::int64_t>()});
}

std::string links_array(std::span<const PeerLink> links) {
  ArrayWriter out;
  for (const PeerLink& link : links) {
    ObjectWriter row;
    row.text("node_id", link.node_id);
    link.round_trip ? row.signed_integer("round_trip_ms", link.round_trip->count())
                    : row.null("round_trip_ms");
    out.json(std::move(row).finish());
  }
  return std::move(out).finish();
}

Result<std::vector<PeerLink>> read_links(ObjectReader& reader) {
  std::vector<PeerLink> links;
  if (!reader.has("links")) return links;
  AITBC_TRY_ASSIGN(auto rows, reader.objects("links", limits::peers_max));
  for (ObjectReader& row : rows) {
    PeerLink link;
    AITBC_TRY_ASSIGN(link.node_id, row.text("node_id", name_bytes_max));
    AITBC_TRY_ASSIGN(link.round_trip, read_signed_ms(row, "round_trip_ms"));
    links.push_back(std::move(link));
  }
  return links;
}

std::string keys_json(std::span<const PublicKey> keys) {
  ArrayWriter out;
  for (const PublicKey& key : keys) out.text(key.hex());
  return std::move(out).finish();
}

void write_change(ObjectWriter& out, const AuthorityChange& change) {
  out.text("change", aitbc::name(change.kind)).text("key", change.key.hex());
}

Result<AuthorityChange> read_change(ObjectReader& reader) {
  AITBC_TRY_ASSIGN(const std::string word, reader.text("change", word_bytes_max));
  AuthorityChange change;
  AITBC_TRY_ASSIGN(change.key, read_hex<PublicKey>(reader, "key"));
  for (const auto kind : {AuthorityChange::Kind::add, AuthorityChange::Kind::remove}) {
    change.kind = kind;
    if (word == name(kind)) return change;
  }
  return error(Errc::bad_json, reader.path_of("change") + ": expected \"add\" or \"remove\", got " +
                                   json_text(word));
}

Result<std::vector<PublicKey>> read_keys(ObjectReader& reader, std::string_view name,
                                         std::size_t most) {
  AITBC_TRY_ASSIGN(const std::vector<std::string> texts,
                   reader.texts(name, most, 2 * PublicKey::size));
  std::vector<PublicKey> keys;
  for (const std::string& text : texts) {
    const auto key = PublicKey::parse(text);
    if (!key) {
      return error(Errc::bad_json, reader.path_of(name) + ": expected 64 digits of lower-case " +
                                       "hexadecimal for each key, got " + json_text(text));
    }
    keys.push_back(*key);
  }
  return keys;
}

}  // namespace aitbc::rpc
