#include "chain/core/address.hpp"

#include <algorithm>
#include <array>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

Result<Policy> make_policy(std::size_t threshold, std::vector<PublicKey> keys) {
  if (threshold > limits::policy_keys_max) {
    return error(Errc::bad_policy, "policy: threshold " + std::to_string(threshold) +
                                       " is over the most keys a policy may have, " +
                                       std::to_string(limits::policy_keys_max));
  }
  std::sort(keys.begin(), keys.end());
  Policy policy{static_cast<std::uint8_t>(threshold), std::move(keys)};
  AITBC_TRY(check_policy(policy));
  for (const PublicKey& key : policy.keys) {
    if (!is_valid_key(key)) {
      return error(Errc::bad_policy, "policy: " + key.hex() + " is not a valid Ed25519 public key");
    }
  }
  return policy;
}

Status check_policy(const Policy& policy) {
  if (policy.keys.empty() || policy.keys.size() > limits::policy_keys_max) {
    return error(Errc::bad_policy, "policy: expected 1 to " +
                                       std::to_string(limits::policy_keys_max) + " keys, got " +
                                       std::to_string(policy.keys.size()));
  }
  if (policy.threshold < 1 || policy.threshold > policy.keys.size()) {
    return error(Errc::bad_policy, "policy: expected a threshold from 1 to " +
                                       std::to_string(policy.keys.size()) + ", got " +
                                       std::to_string(policy.threshold));
  }
  for (std::size_t i = 0; i < policy.keys.size(); ++i) {
    if (i > 0 && policy.keys[i] <= policy.keys[i - 1]) {
      return error(Errc::bad_policy, "policy: keys must be distinct and in ascending order");
    }
  }
  return ok();
}

void encode(Encoder& out, const Policy& policy) {
  out.integer(policy.threshold);
  out.integer(static_cast<std::uint8_t>(policy.keys.size()));
  for (const PublicKey& key : policy.keys) out.fixed(key);
}

Policy decode_policy(Decoder& in) {
  Policy policy;
  policy.threshold = in.integer<std::uint8_t>();
  const auto keys = in.integer<std::uint8_t>();
  if (keys > limits::policy_keys_max) {
    in.fail();
    return policy;
  }
  policy.keys.reserve(keys);
  for (std::size_t i = 0; i < keys; ++i) policy.keys.push_back(in.fixed<PublicKey>());
  return policy;
}

Address address_of(const Policy& policy) {
  Encoder out;
  encode(out, policy);
  return Address{hash("aitbc/address/1", {out.bytes()}).data};
}

// ---- bech32m (BIP-350) --------------------------------------------------------------------------

namespace {

constexpr std::string_view prefix = "aitbc";
constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t checksum_chars = 6;
constexpr std::size_t data_chars = 52;  // 256 bits in groups of five
constexpr std::uint32_t bech32m_constant = 0x2bc830a3;

std::uint32_t polymod_step(std::uint32_t sum, std::uint32_t value) {
  static constexpr std::array<std::uint32_t, 5> generator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                             0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = sum >> 25;
  sum = (sum & 0x1ffffff) << 5 ^ value;
  for (std::size_t i = 0; i < generator.size(); ++i) {
    if ((top >> i & 1) != 0) sum ^= generator[i];
  }
  return sum;
}

std::uint32_t checksum(std::span<const Byte> groups) {
  std::uint32_t sum = 1;
  for (const char c : prefix) sum = polymod_step(sum, static_cast<Byte>(c) >> 5);
  sum = polymod_step(sum, 0);
  for (const char c : prefix) sum = polymod_step(sum, static_cast<Byte>(c) & 31);
  for (const Byte group : groups) sum = polymod_step(sum, group);
  return sum;
}

}  // namespace

std::string to_text(const Address& address) {
  std::vector<Byte> groups;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const Byte byte : address.data) {
    bits = bits << 8 | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      groups.push_back(static_cast<Byte>(bits >> held & 31));
    }
  }
  groups.push_back(static_cast<Byte>(bits << (5 - held) & 31));

  const std::size_t data = groups.size();
  groups.resize(data + checksum_chars, 0);
  const std::uint32_t sum = checksum(groups) ^ bech32m_constant;
  std::string text = std::string(prefix) + "1";
  for (std::size_t i = 0; i < data; ++i) text += alphabet[groups[i]];
  for (unsigned i = 0; i < checksum_chars; ++i) text += alphabet[sum >> (5 * (5 - i)) & 31];
  return text;
}

Result<Address> parse_address(std::string_view text) {
  const auto bad = [&](const std::string& why) {
    return error(Errc::bad_address, "address: " + why +
                                        "; expected 'aitbc1' and 58 characters of bech32m, all "
                                        "lower case");
  };
  const std::size_t length = prefix.size() + 1 + data_chars + checksum_chars;
  if (text.size() != length) return bad("it has " + std::to_string(text.size()) + " characters");
  if (text.substr(0, prefix.size()) != prefix || text[prefix.size()] != '1') {
    return bad("it does not start with 'aitbc1'");
  }
  std::array<Byte, data_chars + checksum_chars> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::size_t value = alphabet.find(text[prefix.size() + 1 + i]);
    if (value == std::string_view::npos) return bad("a character is not of the bech32 alphabet");
    groups[i] = static_cast<Byte>(value);
  }
  if (checksum(groups) != bech32m_constant) return bad("the checksum is wrong (a typing error?)");

  Address address;
  std::uint32_t bits = 0;
  unsigned held = 0;
  std::size_t filled = 0;
  for (std::size_t i = 0; i < data_chars; ++i) {
    bits = bits << 5 | groups[i];
    held += 5;
    if (held >= 8 && filled < address.data.size()) {
      held -= 8;
      address.data[filled++] = static_cast<Byte>(bits >> held & 255);
    }
  }
  if ((bits & ((1U << held) - 1)) != 0) return bad("its padding is not zero");
  return address;
}

}  // namespace aitbc
