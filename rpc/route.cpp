#include "rpc/route.hpp"

#include <algorithm>
#include <charconv>

#include "chain/core/dev_account.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/native_fields.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::size_t shown_argument_bytes_max =
    80;  // of somebody else's value inside our sentence

Error unreadable(const Parameter& parameter, const std::string& expected, std::string_view got) {
  return error(Errc::bad_request, std::string(parameter.name) + ": expected " + expected +
                                      ", got " +
                                      json_text(got.substr(0, shown_argument_bytes_max)));
}

// Digits alone, without zeros in front: one spelling per number.
std::optional<std::uint64_t> parse_integer(std::string_view text) {
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end || text.empty()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return value;
}

std::string range_of(const Parameter& parameter) {
  return "from " + std::to_string(parameter.min) + " to " + std::to_string(parameter.max);
}

using Read = Result<Arguments::Value>;

Read read_integer(const Parameter& parameter, std::string_view text) {
  const auto value = parse_integer(text);
  if (!value || *value < parameter.min || *value > parameter.max) {
    return unreadable(parameter, "an integer " + range_of(parameter), text);
  }
  return Arguments::Value(*value);
}

std::optional<std::int64_t> parse_whole(std::string_view text) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, value);
  if (failure != std::errc() || stop != end) return std::nullopt;
  return value;
}

Read read_count(const Parameter& parameter, std::string_view text) {
  const auto value = parse_whole(text);
  if (!value) return unreadable(parameter, "a whole number", text);
  return Arguments::Value(*value);
}

// Whole seconds, or with up to three decimals.
Read read_seconds(const Parameter& parameter, std::string_view text) {
  const std::size_t point = text.find('.');
  std::string decimals(point == std::string_view::npos ? "0" : text.substr(point + 1));
  const auto whole = parse_integer(text.substr(0, point));
  const bool digits = decimals.find_first_not_of("0123456789") == std::string::npos;
  if (whole && *whole <= parameter.max && digits && !decimals.empty() && decimals.size() <= 3) {
    decimals.resize(3, '0');
    const Duration value{static_cast<std::int64_t>(*whole) * 1'000 + std::stoi(decimals)};
    if (value <= std::chrono::seconds(parameter.max)) return Arguments::Value(value);
  }
  return unreadable(parameter, "seconds " + range_of(parameter), text);
}

Read read_block_ref(const Parameter& parameter, std::string_view text) {
  if (const auto id = parse_hash<BlockId>(text)) return Arguments::Value(BlockRef(*id));
  // Any whole number names a block, be it one that there never is.
  if (const auto number = parse_whole(text)) {
    const auto height = static_cast<Height>(*number);  // of a negative one: beyond all that are
    return Arguments::Value(BlockRef(std::min<Height>(height, limits::supply_max)));
  }
  return unreadable(parameter, "a height, or 0x and 64 digits of lower-case hexadecimal", text);
}

}  // namespace

Result<Arguments::Value> Arguments::read(const Params& params, const Parameter& parameter,
                                         std::string_view text) {
  switch (parameter.kind) {
    case Parameter::Kind::integer:
      return read_integer(parameter, text);
    case Parameter::Kind::seconds:
      return read_seconds(parameter, text);
    case Parameter::Kind::block:
      return read_block_ref(parameter, text);
    case Parameter::Kind::boolean:
      if (text == "true") return Value(true);
      if (text == "false") return Value(false);
      return unreadable(parameter, "true or false", text);
    case Parameter::Kind::text:
      if (text.size() <= parameter.max) return Value(std::string(text));
      return unreadable(parameter, "at most " + std::to_string(parameter.max) + " bytes", text);
    case Parameter::Kind::count:
      return read_count(parameter, text);
    case Parameter::Kind::account: {
      AITBC_TRY_ASSIGN(const Address address, resolve_address(params, text));
      return Value(AccountRef{address, std::string(text)});
    }
  }
  AITBC_CHECK(false && "a Parameter outside its kinds");
}

bool has_binary(const HttpRequest& request) { return request.content_type == binary_type; }

bool wants_binary(const HttpRequest& request) {
  return request.accept.find(binary_type) != std::string::npos;
}

Result<Page> page_of(const Arguments& arguments) {
  constexpr std::uint64_t limit_max = 100;
  const auto limit = arguments.get<std::int64_t>("limit");
  const auto offset = arguments.get<std::int64_t>("offset");
  if (limit < 1 || static_cast<std::uint64_t>(limit) > limit_max) {
    return error(Errc::out_of_range, "limit must be between 1 and " + std::to_string(limit_max));
  }
  if (offset < 0) return error(Errc::out_of_range, "offset must be non-negative");
  return Page{static_cast<std::size_t>(limit), static_cast<std::size_t>(offset)};
}

HttpResponse page_response(std::string_view name, std::string rows, std::uint64_t total,
                           const Page& page) {
  ObjectWriter out;
  out.json(name, rows)
      .integer("total", total)
      .integer("limit", page.limit)
      .integer("offset", page.offset);
  return json_response(std::move(out).finish());
}

HttpResponse json_response(std::string json) {
  HttpResponse response;
  response.body = std::move(json);
  return response;
}

HttpResponse binary_response(const Buffer& bytes) {
  HttpResponse response;
  response.content_type = binary_type;
  response.body = as_text(bytes);
  return response;
}

}  // namespace aitbc::rpc
