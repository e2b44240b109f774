#include "rpc/access.hpp"

#include <algorithm>

#include "rpc/json.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::string_view key_domain = "aitbc/api-key/1";
constexpr std::chrono::nanoseconds rate_window = std::chrono::minutes(1);
constexpr unsigned v6_client_bits = 64;  // a household has as many addresses as it likes
constexpr int preflight_refused = 400;
constexpr const char* asked_methods = "GET, POST, OPTIONS";
constexpr const char* preflight_age_s = "600";
constexpr const char* anonymous = "anonymous";

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
  return authority.substr(0, authority.find(':'));
}

// A name can be made to point here by whoever owns it; an address and "localhost" cannot.
bool is_plain_host(std::string_view authority) {
  std::string_view host = without_port(authority);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return host == "localhost" || IpAddress::parse(host).has_value();
}

std::string_view last_of(std::string_view list) {
  const std::size_t comma = list.rfind(',');
  std::string_view item = comma == std::string_view::npos ? list : list.substr(comma + 1);
  while (item.starts_with(' ')) item.remove_prefix(1);
  while (item.ends_with(' ')) item.remove_suffix(1);
  return item;
}

Result<ApiKey> read_api_key(ObjectReader& reader) {
  ApiKey key;
  AITBC_TRY_ASSIGN(key.name, reader.text("name", limits::api_key_name_bytes_max));
  AITBC_TRY_ASSIGN(const std::string scope, reader.text("scope", limits::api_key_name_bytes_max));
  const auto known = parse_scope(scope);
  if (!known) {
    return error(Errc::bad_json,
                 reader.path_of("scope") + ": expected read, submit or admin, got '" + scope + "'");
  }
  key.scope = *known;
  AITBC_TRY_ASSIGN(const std::string digest, reader.text("digest", 2 * Hash::size));
  const auto hash = Hash::parse(digest);
  if (!hash || key.name.empty()) {
    return error(Errc::bad_json, reader.path_of("digest") +
                                     ": expected a name and 64 hexadecimal digits; "
                                     "aitbc key create writes them");
  }
  key.digest = *hash;
  AITBC_TRY(reader.finish());
  return key;
}

}  // namespace

Hash digest_of_key(std::string_view key) { return hash(key_domain, {as_bytes(key)}); }

std::string api_key_text(const std::array<Byte, 32>& random) { return "aitbc_" + to_hex(random); }

Result<std::vector<ApiKey>> parse_api_keys(std::string_view json) {
  AITBC_TRY_ASSIGN(const Json parsed, parse_json(json));
  AITBC_TRY_ASSIGN(ObjectReader reader, ObjectReader::open(parsed));
  AITBC_TRY_ASSIGN(auto rows, reader.objects("keys", limits::api_keys_max));
  AITBC_TRY(reader.finish());
  std::vector<ApiKey> keys;
  for (ObjectReader& row : rows) {
    AITBC_TRY_ASSIGN(ApiKey key, read_api_key(row));
    for (const ApiKey& other : keys) {
      if (other.name == key.name) {
        return error(Errc::bad_json, row.path_of("name") + ": '" + key.name + "' is there twice");
      }
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

std::string api_keys_json(const std::vector<ApiKey>& keys) {
  Json rows = Json::array();
  for (const ApiKey& key : keys) {
    rows.push_back({{"name", key.name}, {"scope", name(key.scope)}, {"digest", key.digest.hex()}});
  }
  return dump({{"keys", std::move(rows)}});
}

bool Access::is_proxy(const IpAddress& address) const {
  return std::any_of(rules_.proxies.begin(), rules_.proxies.end(),
                     [&](const IpRange& range) { return range.contains(address); });
}

// The nearest one that no proxy of ours vouches for: what stands before it, anybody can have
// written.
std::string Access::address_of(const HttpRequest& request) const {
  std::string heard = request.client;
  std::string_view list = request.forwarded_for;
  while (!list.empty()) {
    const auto address = IpAddress::parse(heard);
    if (!address || !is_proxy(*address)) break;
    heard = last_of(list);
    list = list.substr(0, list.rfind(',') == std::string_view::npos ? 0 : list.rfind(','));
  }
  return heard;
}

Caller Access::identify(const HttpRequest& request) const {
  Caller caller;
  caller.user = anonymous;
  caller.address = address_of(request);
  caller.scope = rules_.everybody;
  const auto socket = IpAddress::parse(request.client);
  caller.local = socket && socket->is_loopback() && !request.forwarded;
  if (caller.local) {
    caller.user = "local";
    caller.scope = Scope::admin;
  }
  if (request.api_key.empty()) return caller;
  const ApiKey* found = nullptr;
  if (request.api_key.size() <= limits::api_key_bytes_max) {
    const Hash digest = digest_of_key(request.api_key);
    // All of them are looked at, so that the time does not tell which one it was.
    for (const ApiKey& key : rules_.keys) {
      if (equals_secret(key.digest, digest)) found = &key;
    }
  }
  if (found != nullptr) {
    caller.user = found->name;
    caller.scope = std::max(caller.scope.value_or(found->scope), found->scope);
  }
  // The predecessor's nodes ignored the field, and its tools on this machine send what they please.
  caller.unknown_key = found == nullptr && !caller.local;
  return caller;
}

Status Access::admit(const Caller& caller, Scope needed) {
  if (caller.unknown_key) {
    return error(Errc::unauthorized, "X-Api-Key: this node does not know this key");
  }
  if (caller.scope && *caller.scope >= needed) return ok();
  const std::string what = "this needs the scope " + std::string(name(needed));
  if (caller.user == anonymous) {
    return error(Errc::unauthorized, what + ": send an API key as X-Api-Key");
  }
  return error(Errc::forbidden, what + "; the key '" + caller.user + "' has " +
                                    std::string(name(caller.scope.value_or(Scope::read))));
}

bool Access::is_listed(const std::string& origin) const {
  return std::find(rules_.origins.begin(), rules_.origins.end(), origin) != rules_.origins.end();
}

Status Access::check_origin(const HttpRequest& request, const Caller& caller, Opens opens) const {
  const bool changes = request.method != "GET" && request.method != "HEAD";
  const bool trusted = opens == Opens::answer && !(caller.local && changes);
  if (request.origin.empty() || trusted || is_listed(request.origin)) return ok();
  const bool own = is_plain_host(request.host) && (request.origin == "http://" + request.host ||
                                                   request.origin == "https://" + request.host);
  if (own) return ok();
  return error(Errc::forbidden,
               "Origin: pages of " + request.origin.substr(0, limits::api_key_bytes_max) +
                   (opens == Opens::stream ? " may not listen here" : " may change nothing here") +
                   ": list it under access.origins");
}

std::optional<std::chrono::seconds> Access::over_rate(const HttpRequest& request,
                                                      const Caller& caller, Elapsed now) {
  if (caller.local || rules_.rate_per_minute == 0) return std::nullopt;
  std::string client = "key " + caller.user;
  if (caller.user == anonymous) {
    client = caller.address;
    const auto address = IpAddress::parse(caller.address);
    if (!address) client = request.client;  // what a proxy said is no address
    if (address && !address->is_v4()) {
      const auto network = masked(*address, v6_client_bits);
      client.assign(network.bytes.begin(), network.bytes.end());
    }
  }
  // Each request takes its share of the minute; who is a whole minute ahead waits.
  const Elapsed share = rate_window / rules_.rate_per_minute;
  const std::lock_guard lock(mutex_);
  if (paid_until_.size() >= limits::rate_clients_max && !paid_until_.contains(client)) {
    std::erase_if(paid_until_, [now](const auto& each) { return each.second <= now; });
    if (paid_until_.size() >= limits::rate_clients_max) paid_until_.erase(paid_until_.begin());
  }
  Elapsed& until = paid_until_[client];
  const Elapsed next = std::max(until, now) + share;
  if (next - now > rate_window) {
    return std::chrono::ceil<std::chrono::seconds>(next - now - rate_window);
  }
  until = next;
  return std::nullopt;
}

std::optional<HttpResponse> Access::preflight(const HttpRequest& request) const {
  if (request.method != "OPTIONS" || request.origin.empty() || request.asked_method.empty()) {
    return std::nullopt;
  }
  HttpResponse response;
  response.content_type = plain_type;
  response.fields = {{"Vary", "Origin"}};
  if (!is_listed(request.origin)) {
    response.status = preflight_refused;
    response.body = "Disallowed CORS origin";
    return response;
  }
  response.body = "OK";
  response.fields.emplace_back("Access-Control-Allow-Origin", request.origin);
  response.fields.emplace_back("Access-Control-Allow-Methods", asked_methods);
  response.fields.emplace_back("Access-Control-Max-Age", preflight_age_s);
  if (!request.asked_headers.empty()) {
    response.fields.emplace_back("Access-Control-Allow-Headers", request.asked_headers);
  }
  return response;
}

void Access::allow_reading(const HttpRequest& request, HttpFields& fields) const {
  if (request.origin.empty()) return;
  fields.emplace_back("Vary", "Origin");
  if (is_listed(request.origin)) {
    fields.emplace_back("Access-Control-Allow-Origin", request.origin);
  }
}

}  // namespace aitbc::rpc
