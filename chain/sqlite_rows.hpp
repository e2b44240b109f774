#pragma once
// What the columns of the database hold, and how it is read back. Pure. A value that cannot be read
// is corrupt: it was written by us.

#include <optional>

#include "chain/core/evidence.hpp"
#include "chain/core/limits.hpp"
#include "chain/core/state.hpp"

namespace aitbc {

// The first 64 bits, signed because SQLite's integers are.
template <class Id>
std::int64_t key_of(const Id& id) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < sizeof key; ++i) key = key << 8 | id.data[i];
  return static_cast<std::int64_t>(key);
}

// A transaction's place in the chain as one number that sorts by height, then by position.
struct Position {
  Height height = 0;
  std::uint32_t index = 0;

  static constexpr unsigned index_bits = 16;
  static_assert(limits::block_txs_max < std::size_t{1} << index_bits);

  std::uint64_t packed() const { return height << index_bits | index; }
  static Position unpack(std::uint64_t packed) {
    return {packed >> index_bits,
            static_cast<std::uint32_t>(packed & ((std::uint64_t{1} << index_bits) - 1))};
  }
};

// An account's transactions are a list from the newest to the oldest: each stored transaction
// holds, for each of its parties in their order, the packed position of that party's one before, 0
// for none. An index over (account, position) would change two random pages for each transaction
// and cost more than all the rest once the chain is long. Every mark_stride-th transaction of an
// account has a row in `marks`, so that a page far back is found without walking there.
using Links = std::vector<std::uint64_t>;
inline constexpr std::uint64_t mark_stride = 64;

inline Error damaged(const std::string& what) {
  return error(Errc::corrupt, "database: " + what +
                                  "; restore a copy of it, or move it away and start again: the "
                                  "node fetches the chain from its peers");
}

inline Result<SignedTx> read_tx(ByteView body) {
  auto tx = decode_signed_tx(body);
  if (!tx) return damaged("stored " + tx.error().detail);
  return tx;
}

inline Result<Links> read_links(ByteView bytes) {
  Decoder in(bytes);
  Links links;
  while (in.remaining() > 0 && !in.failed()) links.push_back(in.integer<std::uint64_t>());
  if (in.failed()) return damaged("a stored transaction's links are cut short");
  return links;
}

inline Result<SealedHeader> read_header(ByteView bytes) {
  Decoder in(bytes);
  SealedHeader sealed = decode_sealed_header(in);
  const auto whole = in.finish("header");
  if (!whole) return damaged("stored " + whole.error().detail);
  return sealed;
}

inline Result<Certificate> read_certificate(ByteView bytes) {
  auto certificate = decode_certificate(bytes);
  if (!certificate) return damaged("stored " + certificate.error().detail);
  return certificate;
}

inline Result<Governance> read_governance(ByteView bytes) {
  Decoder in(bytes);
  Governance governance = decode_governance(in);
  const auto whole = in.finish("set of authorities");
  if (!whole) return damaged("stored " + whole.error().detail);
  return governance;
}

inline Result<Evidence> read_evidence(ByteView bytes) {
  auto evidence = decode_evidence(bytes);
  if (!evidence) return damaged("stored " + evidence.error().detail);
  return evidence;
}

inline Result<FinalityConflict> read_finality_conflict(ByteView bytes) {
  auto conflict = decode_finality_conflict(bytes);
  if (!conflict) return damaged("stored " + conflict.error().detail);
  return conflict;
}

inline Result<Effects> read_effects(ByteView bytes) {
  auto effects = decode_effects(bytes);
  if (!effects) return damaged("stored " + effects.error().detail);
  return effects;
}

template <class Array>
Result<Array> read_fixed(ByteView bytes) {
  const auto array = Array::from(bytes);
  if (!array) return damaged("a stored hash or key has " + std::to_string(bytes.size()) + " bytes");
  return *array;
}

inline Result<Amount> read_amount(std::uint64_t units) {
  const auto amount = Amount::from(units);
  if (!amount) return damaged("a stored balance is out of range");
  return *amount;
}

}  // namespace aitbc
