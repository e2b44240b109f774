#include "cli/derivation.hpp"

namespace aitbc::cli {

namespace {

constexpr std::uint32_t phrase_rounds = 2'048;
constexpr std::uint32_t hardened = 0x8000'0000;
constexpr std::array<std::uint32_t, 3> wallet_path = {44, 1, 0};

std::array<Byte, 4> big_endian(std::uint32_t value) {
  return {static_cast<Byte>(value >> 24), static_cast<Byte>(value >> 16),
          static_cast<Byte>(value >> 8), static_cast<Byte>(value)};
}

}  // namespace

Secret<64> pbkdf2_hmac_sha512(std::string_view password, std::string_view salt,
                              std::uint32_t rounds) {
  AITBC_CHECK(rounds >= 1);
  const ByteView key = as_bytes(password);
  Secret<64> round = hmac_sha512(key, {as_bytes(salt), big_endian(1)});
  Secret<64> sum(round.bytes());
  for (std::uint32_t i = 1; i < rounds; ++i) {
    round = hmac_sha512(key, {round.bytes()});
    for (std::size_t at = 0; at < sum.bytes().size(); ++at) sum.bytes()[at] ^= round.bytes()[at];
  }
  return sum;
}

Secret<64> derive(ByteView seed, std::span<const std::uint32_t> path) {
  Secret<64> node = hmac_sha512(as_bytes("ed25519 seed"), {seed});
  const std::array<Byte, 1> zero = {0};
  for (const std::uint32_t index : path) {
    AITBC_CHECK(index < hardened);
    const ByteView key = ByteView(node.bytes()).first(32);
    const ByteView chain_code = ByteView(node.bytes()).last(32);
    node = hmac_sha512(chain_code, {zero, key, big_endian(index | hardened)});
  }
  return node;
}

Seed seed_of(const Phrase& phrase) {
  const Secret<64> root = pbkdf2_hmac_sha512(phrase.text().view(), "mnemonic", phrase_rounds);
  const Secret<64> node = derive(root.bytes(), wallet_path);
  Seed seed;
  std::copy_n(node.bytes().begin(), seed.bytes().size(), seed.bytes().begin());
  return seed;
}

}  // namespace aitbc::cli
