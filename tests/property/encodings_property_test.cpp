// What is written reads back the same; what was not written by us never crashes, and if it is taken
// at all, it is the one encoding of its value.

#include <catch2/catch.hpp>

#include "chain/core/address.hpp"
#include "tests/support/generators.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;

namespace {

constexpr int rounds = 400;

Buffer encode_effects(const Effects& effects) {
  Encoder out;
  encode(out, effects);
  return std::move(out).bytes();
}

// One of the ways in which bytes go wrong on their way, or are made wrong.
Buffer damaged(gen::Rng& rng, Buffer bytes) {
  const std::size_t changes = 1 + rng.index(3);
  for (std::size_t i = 0; i < changes && !bytes.empty(); ++i) {
    const std::size_t at = rng.index(bytes.size());
    switch (rng.below(5)) {
      case 0:
        bytes[at] = static_cast<Byte>(rng.next());
        break;
      case 1:
        bytes[at] ^= static_cast<Byte>(1U << rng.below(8));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), Byte{0});
        break;
      default:
        bytes[at] = rng.one_in(2) ? Byte{0xff} : Byte{0};
        break;
    }
  }
  return bytes;
}

template <class Decode, class Encode>
void require_one_encoding(const Buffer& bytes, Decode&& decode, Encode&& encode_again) {
  const auto decoded = decode(bytes);
  if (decoded) REQUIRE(encode_again(*decoded) == bytes);
}

}  // namespace

TEST_CASE("transactions read back as they were written") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < rounds; ++round) {
    const SignedTx tx = gen::any_signed_tx(rng);
    REQUIRE(decode_signed_tx(encode(tx)).value() == tx);
  }
}

TEST_CASE("blocks and runs of blocks read back as they were written") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < rounds / 10; ++round) {
    std::vector<Block> blocks;
    const std::size_t count = rng.index(5);
    for (std::size_t i = 0; i < count; ++i) blocks.push_back(gen::any_block(rng, 4));
    for (const Block& block : blocks) REQUIRE(decode_block(encode(block)).value() == block);
    REQUIRE(decode_blocks(encode(std::span<const Block>(blocks)), 5).value() == blocks);
  }
}

TEST_CASE("effects read back as they were written") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < rounds; ++round) {
    const Effects effects = gen::any_effects(rng, 12);
    REQUIRE(decode_effects(encode_effects(effects)).value() == effects);
  }
}

TEST_CASE("genesis files read back as they were written") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < rounds / 10; ++round) {
    const Genesis genesis = gen::genesis(rng);
    REQUIRE(check_genesis(genesis));
    REQUIRE(decode_genesis(encode(genesis)).value() == genesis);
  }
}

TEST_CASE("addresses and hexadecimal texts read back as they were printed") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < rounds; ++round) {
    const Address address = gen::any_address(rng);
    const std::string text = to_text(address);
    REQUIRE(text.size() == 64);
    REQUIRE(parse_address(text).value() == address);
    REQUIRE(Address::parse(address.hex()) == address);
  }
}

TEST_CASE("up to four typing errors in an address are always noticed") {
  static constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 5'000; ++round) {
    const std::string good = to_text(gen::any_address(rng));
    std::string bad = good;
    for (std::size_t i = 0; i < 1 + rng.index(4); ++i) {
      bad[6 + rng.index(58)] = alphabet[rng.index(alphabet.size())];
    }
    REQUIRE(parse_address(bad).has_value() == (bad == good));
  }
}

TEST_CASE("random bytes never crash a decoder and are never taken twice") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 10 * rounds; ++round) {
    const Buffer bytes = rng.buffer(rng.index(400));
    require_one_encoding(
        bytes, [](ByteView b) { return decode_signed_tx(b); },
        [](const SignedTx& tx) { return encode(tx); });
    require_one_encoding(
        bytes, [](ByteView b) { return decode_block(b); },
        [](const Block& block) { return encode(block); });
    require_one_encoding(
        bytes, [](ByteView b) { return decode_effects(b); }, encode_effects);
    REQUIRE_FALSE(decode_genesis(bytes));
    REQUIRE_FALSE(parse_address(as_text(bytes)));
    static_cast<void>(decode_blocks(bytes, 256));
  }
}

TEST_CASE("damaged encodings never crash a decoder, and a value has one encoding") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < 4 * rounds; ++round) {
    require_one_encoding(
        damaged(rng, encode(gen::any_signed_tx(rng))),
        [](ByteView b) { return decode_signed_tx(b); },
        [](const SignedTx& tx) { return encode(tx); });
    require_one_encoding(
        damaged(rng, encode_effects(gen::any_effects(rng, 4))),
        [](ByteView b) { return decode_effects(b); }, encode_effects);
  }
  for (int round = 0; round < rounds; ++round) {
    require_one_encoding(
        damaged(rng, encode(gen::any_block(rng, 3))), [](ByteView b) { return decode_block(b); },
        [](const Block& block) { return encode(block); });
    const std::vector<Block> blocks = {gen::any_block(rng, 2), gen::any_block(rng, 2)};
    require_one_encoding(
        damaged(rng, encode(std::span<const Block>(blocks))),
        [](ByteView b) { return decode_blocks(b, 2); },
        [](const std::vector<Block>& read) { return encode(std::span<const Block>(read)); });
  }
}

TEST_CASE("damaged genesis encodings never crash the decoder") {
  gen::Rng rng = gen::suite_rng();
  for (int round = 0; round < rounds / 4; ++round) {
    const Buffer good = encode(gen::genesis(rng));
    for (int i = 0; i < 10; ++i) {
      require_one_encoding(
          damaged(rng, good), [](ByteView b) { return decode_genesis(b); },
          [](const Genesis& genesis) { return encode(genesis); });
    }
  }
}
