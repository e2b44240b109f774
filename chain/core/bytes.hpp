#pragma once
// Fixed byte strings with distinct types: a TxId is not a BlockId. Ordered bytewise, printed as
// lower-case hexadecimal, read back from exactly that form.

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace aitbc {

using Byte = std::uint8_t;
using ByteView = std::span<const Byte>;
using Buffer = std::vector<Byte>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower case only, exact length: one spelling per value.
std::string to_hex(ByteView bytes);
bool from_hex(std::string_view text, std::span<Byte> out);

template <std::size_t N, class Tag>
struct Bytes {
  static constexpr std::size_t size = N;
  std::array<Byte, N> data{};

  auto operator<=>(const Bytes&) const = default;
  ByteView view() const { return data; }
  std::string hex() const { return to_hex(data); }

  static std::optional<Bytes> parse(std::string_view text) {
    Bytes bytes;
    if (!from_hex(text, bytes.data)) return std::nullopt;
    return bytes;
  }
  static std::optional<Bytes> from(ByteView view) {
    if (view.size() != N) return std::nullopt;
    Bytes bytes;
    std::copy(view.begin(), view.end(), bytes.data.begin());
    return bytes;
  }
};

using Hash = Bytes<32, struct HashTag>;
using BlockId = Bytes<32, struct BlockIdTag>;
using TxId = Bytes<32, struct TxIdTag>;
using GenesisHash = Bytes<32, struct GenesisHashTag>;
using PublicKey = Bytes<32, struct PublicKeyTag>;
using EvidenceId = Bytes<32, struct EvidenceIdTag>;
using Signature = Bytes<64, struct SignatureTag>;

// A hash in answers, errors and logs alike, so that what one of them says is found in the others.
// Keys and signatures are hex() alone: a hash is never mistaken for one of them.
inline constexpr std::string_view hash_prefix = "0x";

template <std::size_t N, class Tag>
std::string hash_text(const Bytes<N, Tag>& hash) {
  return std::string(hash_prefix) + hash.hex();
}
template <class Hash>
std::optional<Hash> parse_hash(std::string_view text) {
  if (!text.starts_with(hash_prefix)) return std::nullopt;
  return Hash::parse(text.substr(hash_prefix.size()));
}

}  // namespace aitbc

// The values are hashes or keys, so their first bytes are already spread evenly.
template <std::size_t N, class Tag>
struct std::hash<aitbc::Bytes<N, Tag>> {
  std::size_t operator()(const aitbc::Bytes<N, Tag>& bytes) const noexcept {
    static_assert(N >= sizeof(std::size_t));
    std::size_t prefix = 0;
    std::memcpy(&prefix, bytes.data.data(), sizeof prefix);
    return prefix;
  }
};
