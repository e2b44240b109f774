#include "rpc/ip.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace aitbc::rpc {

namespace {

constexpr std::array<std::uint8_t, 12> v4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned v4_prefix_bits = 96;
constexpr unsigned all_bits = 128;

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string plain(text.substr(0, text.find('%')));
  IpAddress address;
  if (::inet_pton(AF_INET6, plain.c_str(), address.bytes.data()) == 1) return address;
  std::array<std::uint8_t, 4> v4{};
  if (::inet_pton(AF_INET, plain.c_str(), v4.data()) != 1) return std::nullopt;
  std::copy(v4_prefix.begin(), v4_prefix.end(), address.bytes.begin());
  std::copy(v4.begin(), v4.end(), address.bytes.begin() + v4_prefix.size());
  return address;
}

bool IpAddress::is_v4() const {
  return std::equal(v4_prefix.begin(), v4_prefix.end(), bytes.begin());
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes[v4_prefix.size()] == 127;
  IpAddress one;
  one.bytes.back() = 1;
  return *this == one;
}

IpAddress masked(IpAddress address, unsigned bits) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned kept = std::min(8U, bits - std::min(bits, i * 8));
    address.bytes[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
  }
  return address;
}

Result<IpRange> IpRange::parse(std::string_view text) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto address = IpAddress::parse(text.substr(0, slash));
  const auto wrong = [text] {
    return error(Errc::bad_config, "expected an IP address or a range like 10.0.0.0/8, got '" +
                                       std::string(text.substr(0, 80)) + "'");
  };
  if (!address) return wrong();
  IpRange range{*address, all_bits};
  if (slash < text.size()) {
    const std::string_view digits = text.substr(slash + 1);
    const unsigned extra = address->is_v4() ? v4_prefix_bits : 0;
    unsigned bits = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (problem != std::errc{} || end != digits.data() + digits.size() || bits > all_bits - extra) {
      return wrong();
    }
    range.bits = bits + extra;
    range.first = masked(*address, range.bits);
  }
  return range;
}

bool IpRange::contains(const IpAddress& address) const { return masked(address, bits) == first; }

}  // namespace aitbc::rpc
