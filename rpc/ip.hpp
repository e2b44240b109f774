#pragma once
// Numeric IP addresses, IPv4 as the IPv6 addresses that stand for them, and ranges of them. Pure
// values; any thread.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "chain/core/result.hpp"

namespace aitbc::rpc {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  // nullopt for anything but a numeric address; a zone ("%eth0") is left out.
  static std::optional<IpAddress> parse(std::string_view text);
  bool is_loopback() const;  // 127.0.0.0/8 or ::1
  bool is_v4() const;
  auto operator<=>(const IpAddress&) const = default;
};

// ADDRESS or ADDRESS/BITS.
struct IpRange {
  IpAddress first;
  unsigned bits = 128;  // of the IPv6 address

  static Result<IpRange> parse(std::string_view text);  // bad_config
  bool contains(const IpAddress&) const;
};

// The address with all but its first bits zero.
IpAddress masked(IpAddress, unsigned bits);

}  // namespace aitbc::rpc
