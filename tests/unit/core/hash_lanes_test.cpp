#include "chain/core/hash_lanes.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "chain/core/crypto.hpp"
#include "tests/support/aborts.hpp"
#include "tests/support/generators.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;

namespace {

Buffer random_bytes(gen::Rng& rng, std::size_t size) {
  Buffer bytes(size);
  for (Byte& byte : bytes) byte = static_cast<Byte>(rng.below(256));
  return bytes;
}

std::vector<HashLanes::Width> widths() {
  std::vector<HashLanes::Width> all;
  for (const auto width :
       {HashLanes::Width::two, HashLanes::Width::four, HashLanes::Width::eight}) {
    if (HashLanes::has(width)) all.push_back(width);
  }
  return all;
}

}  // namespace

TEST_CASE("in every lane of every width a hash is the one of libsodium") {
  gen::Rng rng = gen::suite_rng();
  for (const HashLanes::Width width : widths()) {
    for (std::size_t count = 0; count <= 20; ++count) {
      std::vector<ShortInput> inputs;
      std::vector<Hash> expected;
      for (std::size_t i = 0; i < count; ++i) {
        const std::string domain(rng.index(30), 'd');
        const Buffer one = random_bytes(rng, rng.index(50));
        const Buffer two = random_bytes(rng, rng.index(ShortInput::bytes_max - 80 + 1));
        inputs.emplace_back(domain, std::initializer_list<ByteView>{one, two});
        expected.push_back(hash(domain, {one, two}));
      }
      std::vector<Hash> hashes(count);
      HashLanes(width).hash_all(inputs, hashes);
      REQUIRE(hashes == expected);
    }
  }
}

TEST_CASE("the longest input of one block is hashed, a longer one is not taken") {
  const Buffer most(ShortInput::bytes_max - 2, 5);
  const Buffer more(ShortInput::bytes_max - 1, 5);
  CHECK(hash_of(ShortInput("d", {most})) == hash("d", {most}));
  CHECK(test::aborts([&] { const ShortInput input("d", {more}); }));
}

TEST_CASE("the widest form is one that the processor has") {
  CHECK(HashLanes::has(HashLanes::widest()));
}
