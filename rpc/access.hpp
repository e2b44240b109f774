#pragma once
// The gate: who may ask what, before any handler runs. Callers on this machine may do everything;
// others need an API key with the scope of the route, unless the rules say what everybody may.
// A request that shows any trace of a proxy is never taken for one of this machine, so that a proxy
// in front of a node opens nothing. Any number of threads; time is an argument.

#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"
#include "rpc/http.hpp"
#include "rpc/ip.hpp"
#include "rpc/scope.hpp"

namespace aitbc::rpc {

// The key itself is nowhere: it has 256 random bits, so that one hash hides it.
struct ApiKey {
  std::string name;
  Scope scope = Scope::read;
  Hash digest;
};
Hash digest_of_key(std::string_view key);
// The key that 32 random bytes are.
std::string api_key_text(const std::array<Byte, 32>& random);

// The file of keys: {"keys": [{"name", "scope", "digest"}]}. bad_config names what is wrong.
Result<std::vector<ApiKey>> parse_api_keys(std::string_view json);
std::string api_keys_json(const std::vector<ApiKey>&);

struct AccessRules {
  std::vector<ApiKey> keys;
  std::optional<Scope> everybody;  // without a key, from elsewhere
  // Pages of these may ask; the predecessor's list.
  std::vector<std::string> origins = {"http://localhost:3000", "http://localhost:8080",
                                      "http://localhost:8000", "http://localhost:8011"};
  std::vector<IpRange> proxies;                             // whose X-Forwarded-For is believed
  std::uint32_t rate_per_minute = limits::rate_per_minute;  // of a client elsewhere; 0: any
};

struct Caller {
  std::string user;  // the key's name, "local", or "anonymous"
  bool unknown_key = false;
  std::string address;  // as far as it is known
  bool local = false;
  std::optional<Scope> scope;
};

class Access {
 public:
  using Elapsed = std::chrono::nanoseconds;

  explicit Access(AccessRules rules) : rules_(std::move(rules)) {}

  Caller identify(const HttpRequest&) const;
  // unauthorized without a key or with an unknown one, forbidden with one of another scope.
  static Status admit(const Caller&, Scope);
  // A page that somebody's browser shows here is no caller of this machine: forbidden when it is
  // none of the listed ones and wants to change something. What a stream tells is kept from no page
  // by its browser (CORS does not cover WebSockets), so it is forbidden for all that are not
  // listed.
  enum class Opens { answer, stream };
  Status check_origin(const HttpRequest&, const Caller&, Opens) const;
  // How long to wait before the next request; nullopt: no longer.
  std::optional<std::chrono::seconds> over_rate(const HttpRequest&, const Caller&, Elapsed now);

  // The answer to a browser that asks whether a page may ask (CORS); nullopt: it is no such
  // question.
  std::optional<HttpResponse> preflight(const HttpRequest&) const;
  // Lets a listed page read the answer.
  void allow_reading(const HttpRequest&, HttpFields&) const;

 private:
  bool is_listed(const std::string& origin) const;
  bool is_proxy(const IpAddress&) const;
  std::string address_of(const HttpRequest&) const;

  const AccessRules rules_;
  std::mutex mutex_;
  std::map<std::string, Elapsed> paid_until_;  // by client
};

}  // namespace aitbc::rpc
