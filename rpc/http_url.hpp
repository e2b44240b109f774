#pragma once
// Whom a client talks to, and what it asks there, as text. Pure; any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "chain/core/result.hpp"
#include "rpc/http.hpp"

namespace aitbc::rpc {

// http[s]://host[:port][/prefix]; the prefix has no slash at its end and may be empty.
struct Url {
  std::string host;  // a name or a numeric address, IPv6 without its brackets
  std::uint16_t port = 80;
  std::string prefix;
  bool secure = false;
  bool operator==(const Url&) const = default;
};

// Errc::bad_config with a sentence that says what was expected.
Result<Url> parse_url(std::string_view text);
std::string to_string(const Url& url);
// The request's path and query there, encoded.
std::string target_of(const Url& url, const HttpRequest& request);

}  // namespace aitbc::rpc
