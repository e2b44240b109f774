#pragma once
// Whom a client believes, and what it shows of itself. Plain values.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/bytes.hpp"
#include "chain/core/result.hpp"

namespace aitbc::rpc {

struct TlsTrust {
  std::optional<std::string> ca_file;  // instead of the system's
  std::vector<Hash> pins;              // SHA-256 of certificates; if any, nothing else is believed
};

// As openssl x509 -fingerprint -sha256 prints it: 64 hexadecimal digits, with or without colons.
// bad_config otherwise.
Result<Hash> parse_pin(std::string_view text);

struct Credentials {
  std::string api_key;  // sent as X-Api-Key, if any
  TlsTrust trust;       // of https
};

}  // namespace aitbc::rpc
