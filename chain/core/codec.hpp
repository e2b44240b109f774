#pragma once
// The canonical encoding: fixed-width big-endian integers, raw fixed arrays, u32 counts; nothing
// optional, no maps. A value has exactly one encoding and every hash is taken over it.

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "chain/core/bytes.hpp"
#include "chain/core/result.hpp"

namespace aitbc {

template <class Integer>
requires std::is_unsigned_v<Integer>
constexpr std::array<Byte, sizeof(Integer)> big_endian(Integer value) {
  std::array<Byte, sizeof(Integer)> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<Byte>(value >> (8 * (bytes.size() - 1 - i)));
  }
  return bytes;
}

class Encoder {
 public:
  // Room for a signed transaction: most encodings are allocated once.
  Encoder() { out_.reserve(256); }

  template <class Integer>
  requires std::is_unsigned_v<Integer>
  void integer(Integer value) { raw(big_endian(value)); }
  template <std::size_t N, class Tag>
  void fixed(const Bytes<N, Tag>& bytes) {
    raw(bytes.view());
  }
  void raw(ByteView bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  // A u32 length, then the bytes.
  void blob(ByteView bytes) {
    integer(static_cast<std::uint32_t>(bytes.size()));
    raw(bytes);
  }

  std::size_t size() const { return out_.size(); }
  const Buffer& bytes() const& { return out_; }
  Buffer&& bytes() && { return std::move(out_); }

 private:
  Buffer out_;
};

// Reads what Encoder wrote. The first failure sticks: later reads return zeros, and `finish()`
// tells.
class Decoder {
 public:
  explicit Decoder(ByteView in) : in_(in) {}

  template <class Integer>
  requires std::is_unsigned_v<Integer> Integer integer() {
    const ByteView bytes = take(sizeof(Integer));
    Integer value = 0;
    for (const Byte byte : bytes) value = static_cast<Integer>((value << 7 << 1) | byte);
    return value;
  }
  template <class Array>
  Array fixed() {
    return Array::from(take(Array::size)).value_or(Array{});
  }
  // A u32 count of items of at least `item_bytes_min` each: refused over `most`, or over what the
  // rest of the input can hold, before anything is allocated for it.
  std::size_t count(std::size_t most, std::size_t item_bytes_min);
  ByteView blob(std::size_t bytes_max);
  ByteView take(std::size_t bytes);

  std::size_t consumed() const { return position_; }
  std::size_t remaining() const { return in_.size() - position_; }
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }
  // bad_encoding if anything failed or bytes are left over; `what` names the value for people.
  Status finish(std::string_view what) const;

 private:
  ByteView in_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace aitbc
