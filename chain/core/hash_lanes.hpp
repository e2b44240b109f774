#pragma once
// The same hash as hash(), of many short inputs at once: a Merkle tree asks for thousands that do
// not depend on each other, and the vector units of a processor do several BLAKE2b (RFC 7693)
// side by side, one in each lane. libsodium, which does one at a time, is the measure of what comes
// out. Thread-safe.

#include <initializer_list>
#include <span>
#include <string_view>

#include "chain/core/bytes.hpp"
#include "chain/core/result.hpp"

namespace aitbc {

// What hash(domain, parts) hashes, if it fits one block of BLAKE2b; aborts if it does not.
class ShortInput {
 public:
  static constexpr std::size_t bytes_max = 128;

  ShortInput() { bytes_.fill(0); }
  ShortInput(std::string_view domain, std::initializer_list<ByteView> parts);

 private:
  friend class HashLanes;
  void append(ByteView);

  alignas(std::uint64_t) std::array<Byte, bytes_max> bytes_;
  std::size_t size_ = 0;
};

// The widest form that this processor has, unless a test asks for another.
class HashLanes {
 public:
  enum class Width : std::size_t { two = 2, four = 4, eight = 8 };
  static Width widest();
  static bool has(Width);

  explicit HashLanes(Width width = widest()) : width_(width) {}
  // As many hashes as inputs.
  void hash_all(std::span<const ShortInput>, std::span<Hash>) const;

 private:
  template <std::size_t lanes>
  static void run(const ShortInput* inputs, Hash* hashes);
  static void run_2(const ShortInput*, Hash*);
  static void run_4(const ShortInput*, Hash*);
  static void run_8(const ShortInput*, Hash*);

  Width width_;
};

// Of one alone.
Hash hash_of(const ShortInput&);

}  // namespace aitbc
