#include "chain/core/hash_lanes.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace aitbc {

namespace {

static_assert(std::endian::native == std::endian::little, "BLAKE2b's words are little-endian");

constexpr std::size_t words = 16;  // of a block, and of the working vector
constexpr std::size_t rounds = 12;

constexpr std::array<std::uint64_t, 8> iv = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

// RFC 7693, section 2.7; rounds 10 and 11 begin again.
constexpr std::uint8_t sigma[10][words] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                           {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                           {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                           {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                           {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                           {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                           {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                           {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                           {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                           {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

// Parameter block of an unkeyed, unsalted, sequential hash (section 2.5).
constexpr std::uint64_t parameters = 0x01010000 | Hash::size;

template <std::size_t lanes>
struct Lanes {
  // NOLINTNEXTLINE(modernize-use-using): the attribute needs the declarator
  typedef std::uint64_t Word __attribute__((vector_size(lanes * sizeof(std::uint64_t))));
};

template <unsigned bits, class Word>
[[gnu::always_inline]] inline void rotate_right(Word& word) {
  word = (word >> bits) | (word << (64 - bits));
}

template <class Word>
[[gnu::always_inline]] inline void mix(Word& a, Word& b, Word& c, Word& d, const Word& x,
                                       const Word& y) {
  a += b + x;
  d ^= a;
  rotate_right<32>(d);
  c += d;
  b ^= c;
  rotate_right<24>(b);
  a += b + y;
  d ^= a;
  rotate_right<16>(d);
  c += d;
  b ^= c;
  rotate_right<63>(b);
}

template <class Word>
[[gnu::always_inline]] inline void mix_round(Word* v, const Word* m, const std::uint8_t* s) {
  mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
  mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
  mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
  mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
  mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
  mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
  mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
  mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
}

}  // namespace

ShortInput::ShortInput(std::string_view domain, std::initializer_list<ByteView> parts) {
  const auto length = static_cast<Byte>(domain.size());
  AITBC_CHECK(domain.size() < bytes_max);
  append(ByteView(&length, 1));
  append(as_bytes(domain));
  for (const ByteView part : parts) append(part);
  std::fill(bytes_.begin() + static_cast<std::ptrdiff_t>(size_), bytes_.end(), Byte{0});
}

void ShortInput::append(ByteView part) {
  AITBC_CHECK(part.size() <= bytes_max - size_);
  std::copy(part.begin(), part.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += part.size();
}

template <std::size_t lanes>
[[gnu::always_inline]] inline void HashLanes::run(const ShortInput* inputs, Hash* hashes) {
  using Word = typename Lanes<lanes>::Word;
  Word m[words];
  Word v[words];
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::uint64_t block[words];
    std::memcpy(block, inputs[lane].bytes_.data(), sizeof block);
    for (std::size_t i = 0; i < words; ++i) m[i][lane] = block[i];
    v[12][lane] = iv[4] ^ inputs[lane].size_;
  }
  const Word zero{};
  for (std::size_t i = 0; i < 8; ++i) v[i] = zero + iv[i];
  for (std::size_t i = 0; i < 4; ++i) v[8 + i] = zero + iv[i];
  v[0] ^= parameters;
  v[13] = zero + iv[5];
  v[14] = zero + ~iv[6];  // the last block
  v[15] = zero + iv[7];
#pragma GCC unroll 12
  for (std::size_t round = 0; round < rounds; ++round) mix_round(v, m, sigma[round % 10]);
  Word h[Hash::size / sizeof(std::uint64_t)];
  for (std::size_t i = 0; i < std::size(h); ++i) h[i] = v[i] ^ v[i + 8] ^ iv[i];
  h[0] ^= parameters;
  for (std::size_t lane = 0; lane < lanes; ++lane) {
    std::uint64_t out[std::size(h)];
    for (std::size_t i = 0; i < std::size(h); ++i) out[i] = h[i][lane];
    std::memcpy(hashes[lane].data.data(), out, sizeof out);
  }
}

void HashLanes::run_2(const ShortInput* inputs, Hash* hashes) { run<2>(inputs, hashes); }

#ifdef __x86_64__

[[gnu::target("avx2")]] void HashLanes::run_4(const ShortInput* inputs, Hash* hashes) {
  run<4>(inputs, hashes);
}

[[gnu::target("avx512f")]] void HashLanes::run_8(const ShortInput* inputs, Hash* hashes) {
  run<8>(inputs, hashes);
}

bool HashLanes::has(Width width) {
  switch (width) {
    case Width::two:
      return true;
    case Width::four:
      return __builtin_cpu_supports("avx2") != 0;
    case Width::eight:
      return __builtin_cpu_supports("avx512f") != 0;
  }
  return false;
}

#else

void HashLanes::run_4(const ShortInput*, Hash*) { AITBC_CHECK(false); }
void HashLanes::run_8(const ShortInput*, Hash*) { AITBC_CHECK(false); }
bool HashLanes::has(Width width) { return width == Width::two; }

#endif

HashLanes::Width HashLanes::widest() {
  static const Width width = has(Width::eight)  ? Width::eight
                             : has(Width::four) ? Width::four
                                                : Width::two;
  return width;
}

void HashLanes::hash_all(std::span<const ShortInput> inputs, std::span<Hash> hashes) const {
  AITBC_CHECK(inputs.size() == hashes.size());
  const auto lanes = static_cast<std::size_t>(width_);
  const auto run = width_ == Width::eight ? run_8 : width_ == Width::four ? run_4 : run_2;
  std::size_t done = 0;
  for (; done + lanes <= inputs.size(); done += lanes) run(&inputs[done], &hashes[done]);
  if (done == inputs.size()) return;
  // The lanes that are left over hash an empty input.
  std::array<ShortInput, 8> rest{};
  std::array<Hash, 8> results{};
  std::copy(inputs.begin() + static_cast<std::ptrdiff_t>(done), inputs.end(), rest.begin());
  run(rest.data(), results.data());
  std::copy_n(results.begin(), inputs.size() - done,
              hashes.begin() + static_cast<std::ptrdiff_t>(done));
}

Hash hash_of(const ShortInput& input) {
  Hash hash;
  HashLanes(HashLanes::Width::two).hash_all(std::span(&input, 1), std::span(&hash, 1));
  return hash;
}

}  // namespace aitbc
