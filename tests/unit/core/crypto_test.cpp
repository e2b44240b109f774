#include "chain/core/crypto.hpp"

#include <catch2/catch.hpp>

#include "tests/support/aborts.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;

namespace {

Seed seed_of(std::string_view hex) {
  std::array<Byte, 32> bytes{};
  AITBC_CHECK(from_hex(hex, bytes));
  return Seed(bytes);
}

// The order of the group, little-endian: S and S + L stand for the same scalar.
constexpr std::string_view group_order =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

Signature plus_group_order(const Signature& signature) {
  std::array<Byte, 32> order{};
  AITBC_CHECK(from_hex(group_order, order));
  Signature sum = signature;
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned>(sum.data[32 + i]) + order[i];
    sum.data[32 + i] = static_cast<Byte>(carry & 255);
    carry >>= 8;
  }
  AITBC_CHECK(carry == 0);
  return sum;
}

constexpr std::string_view known_seed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr std::string_view password = "correct horse";

// Argon2id is slow on purpose: once is enough.
const SealedSeed& sealed_known_seed() {
  static const SealedSeed made = seal_seed(seed_of(known_seed), password);
  return made;
}

}  // namespace

TEST_CASE("the hash is BLAKE2b-256 over the length of the domain, the domain and the parts") {
  // From an independent implementation.
  CHECK(hash("", {}).hex() == "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314");
  CHECK(hash("a", {as_bytes("bc")}).hex() ==
        "dc4de427ae6bedec4d12128a638a811251ab883c1636e5e835dd7e4dc4f5f43d");
  CHECK(hash("aitbc/test", {as_bytes("one"), as_bytes("two")}).hex() ==
        "f80187d8e4717c0b55ee14489f821ef1d317170cd6a99a598acaad030db1eee2");
}

TEST_CASE("domains keep hashes of the same bytes apart") {
  CHECK(hash("a", {as_bytes("bc")}) != hash("ab", {as_bytes("c")}));
  CHECK(hash("a", {as_bytes("x")}) != hash("b", {as_bytes("x")}));
  CHECK(hash("a", {}) != hash("", {as_bytes("a")}));
  CHECK(hash("a", {as_bytes("bc")}) == hash("a", {as_bytes("b"), as_bytes("c")}));
}

TEST_CASE("a domain that its length byte cannot count is our own bug") {
  CHECK_FALSE(test::aborts([] { hash(std::string(255, 'a'), {}); }));
  CHECK(test::aborts([] { hash(std::string(256, 'a'), {}); }));
}

TEST_CASE("keys and signatures are those of RFC 8032") {
  struct Vector {
    std::string seed, key, message, signature;
  };
  const auto vector = GENERATE(values<Vector>({
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf"
       "9"
       "b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f"
       "1"
       "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984"
       "d"
       "c6594a7c15e9716ed28dc027beceea1ec40a"},
  }));
  Buffer message(vector.message.size() / 2);
  REQUIRE(from_hex(vector.message, message));
  const KeyPair pair(seed_of(vector.seed));
  CHECK(pair.public_key().hex() == vector.key);
  CHECK(pair.sign(message).hex() == vector.signature);
  CHECK(verify(pair.public_key(), message, *Signature::parse(vector.signature)));
  CHECK(to_hex(pair.seed().bytes()) == vector.seed);
}

TEST_CASE("a signature is for one key and one message") {
  gen::Rng rng(1);
  const KeyPair a = gen::key(rng);
  const KeyPair b = gen::key(rng);
  const Buffer message = rng.buffer(40);
  const Signature signature = a.sign(message);
  CHECK(verify(a.public_key(), message, signature));
  CHECK_FALSE(verify(b.public_key(), message, signature));
  CHECK_FALSE(verify(a.public_key(), ByteView(message).first(39), signature));
  for (std::size_t i = 0; i < Signature::size; ++i) {
    Signature changed = signature;
    changed.data[i] ^= 1;
    CHECK_FALSE(verify(a.public_key(), message, changed));
  }
}

TEST_CASE("a signature has no second spelling") {
  gen::Rng rng(2);
  for (int i = 0; i < 20; ++i) {
    const KeyPair pair = gen::key(rng);
    const Buffer message = rng.buffer(32);
    const Signature twin = plus_group_order(pair.sign(message));
    CHECK_FALSE(verify(pair.public_key(), message, twin));
  }
}

TEST_CASE("keys of small order, off the curve or not canonical are refused") {
  const auto text = GENERATE(as<std::string>{},
                             // The eight points of small order, in their canonical encodings.
                             "0100000000000000000000000000000000000000000000000000000000000000",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "0000000000000000000000000000000000000000000000000000000000000000",
                             "0000000000000000000000000000000000000000000000000000000000000080",
                             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                             // y = p and y = p + 1: further spellings of 0 and 1.
                             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             // No point has this y.
                             "0200000000000000000000000000000000000000000000000000000000000000",
                             "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
  INFO(text);
  const PublicKey key = PublicKey::parse(text).value();
  CHECK_FALSE(is_valid_key(key));
  // With such a key, R = identity and S = 0 would sign every message.
  Signature forged;
  forged.data[0] = 1;
  CHECK_FALSE(verify(key, as_bytes("anything"), forged));
}

TEST_CASE("keys made from seeds are valid") {
  gen::Rng rng(3);
  for (int i = 0; i < 50; ++i) CHECK(is_valid_key(gen::key(rng).public_key()));
}

TEST_CASE("a moved seed leaves nothing behind") {
  std::array<Byte, 32> bytes{};
  bytes.fill(7);
  Seed first(bytes);
  Seed second(std::move(first));
  CHECK(second.bytes() == bytes);
  CHECK(first.bytes() == std::array<Byte, 32>{});  // NOLINT(bugprone-use-after-move): the point
  Seed third;
  third = std::move(second);
  CHECK(third.bytes() == bytes);
  CHECK(second.bytes() == std::array<Byte, 32>{});  // NOLINT(bugprone-use-after-move)
  Seed& same = third;
  third = std::move(same);
  CHECK(third.bytes() == bytes);
}

TEST_CASE("HMAC-SHA512 of RFC 4231") {
  const Buffer key(20, 0x0b);
  CHECK(to_hex(hmac_sha512(key, {as_bytes("Hi "), as_bytes("There")}).bytes()) ==
        "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
        "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854");
  const Buffer long_key(131, 0xaa);
  CHECK(to_hex(hmac_sha512(long_key, {as_bytes("Test Using Larger Than Block-Size Key - Hash Key "
                                               "First")})
                   .bytes()) ==
        "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
        "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
}

TEST_CASE("random seeds differ") {
  CHECK(random_seed().bytes() != random_seed().bytes());
  std::array<Byte, 32> filled{};
  fill_random(filled);
  CHECK(filled != std::array<Byte, 32>{});
}

TEST_CASE("a sealed seed opens with its password alone") {
  const SealedSeed& sealed = sealed_known_seed();
  const auto opened = open_seed(sealed, password);
  REQUIRE(opened);
  CHECK(to_hex(opened->bytes()) == known_seed);
  CHECK(open_seed(sealed, "correct horsf").error().code == Errc::refused);
  CHECK(open_seed(sealed, "").error().code == Errc::refused);
}

TEST_CASE("a changed wallet file is refused") {
  const SealedSeed& sealed = sealed_known_seed();
  SealedSeed changed = sealed;
  changed.cipher.data[47] ^= 1;
  CHECK(open_seed(changed, password).error().code == Errc::refused);
  changed = sealed;
  changed.nonce.data[0] ^= 1;
  CHECK(open_seed(changed, password).error().code == Errc::refused);
  changed = sealed;
  changed.salt.data[0] ^= 1;
  CHECK(open_seed(changed, password).error().code == Errc::refused);
}

TEST_CASE("a wallet file cannot ask for endless work or memory") {
  const SealedSeed& sealed = sealed_known_seed();
  for (const std::uint64_t operations : {std::uint64_t{0}, std::uint64_t{17}, ~std::uint64_t{0}}) {
    SealedSeed changed = sealed;
    changed.operations = operations;
    CHECK(open_seed(changed, password).error().code == Errc::corrupt);
  }
  for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{8191},
                                     std::uint64_t{1024 * 1024 * 1024 + 1}, ~std::uint64_t{0}}) {
    SealedSeed changed = sealed;
    changed.memory_bytes = memory;
    CHECK(open_seed(changed, password).error().code == Errc::corrupt);
  }
}

TEST_CASE("the same seed is sealed differently each time") {
  const SealedSeed& first = sealed_known_seed();
  const SealedSeed second = seal_seed(seed_of(known_seed), password);
  CHECK(first.salt != second.salt);
  CHECK(first.nonce != second.nonce);
  CHECK(first.cipher != second.cipher);
}

TEST_CASE("the predecessor's hash of its genesis") {
  CHECK(sha256(as_bytes("ait-devnet|0|0x00|2026-02-13T21:39:43.123456")).hex() ==
        "bc3174ce4b72417b7024bf98cc2833108e8af17206f7995c0e2ccf08259dd8b9");
}
