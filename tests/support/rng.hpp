#pragma once
// Repeatable randomness for tests: the same seed gives the same values on every machine. A suite
// takes its seed from the command line (--rng-seed) and a failure prints it. One thread.

#include <cstdint>
#include <span>

#include "chain/core/bytes.hpp"
#include "chain/core/result.hpp"
#include "sync/rng.hpp"

namespace aitbc::gen {

// The project's own generator, with what tests draw from it.
class Rng {
 public:
  explicit Rng(std::uint64_t seed) : source_(seed) {}

  std::uint64_t next() { return source_.next(); }

  // 0 ... bound - 1. The bias of the remainder is far below what a test could notice.
  std::uint64_t below(std::uint64_t bound) {
    AITBC_CHECK(bound > 0);
    return next() % bound;
  }
  std::size_t index(std::size_t size) { return static_cast<std::size_t>(below(size)); }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

  void fill(std::span<Byte> out) {
    for (Byte& byte : out) byte = static_cast<Byte>(next() >> 56);
  }
  Buffer buffer(std::size_t size) {
    Buffer bytes(size);
    fill(bytes);
    return bytes;
  }
  template <class Array>
  Array fixed() {
    Array bytes;
    fill(bytes.data);
    return bytes;
  }

  template <class T>
  void shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[index(i)]);
  }

 private:
  sync::Rng source_;
};

}  // namespace aitbc::gen
