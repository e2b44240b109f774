#include "chain/core/bytes.hpp"

#include <unordered_set>

#include <catch2/catch.hpp>

using namespace aitbc;

using Four = Bytes<4, struct FourTag>;

TEST_CASE("bytes print as lower-case hexadecimal and read back from exactly that") {
  const Four bytes{{0x00, 0x0f, 0xa9, 0xff}};
  CHECK(bytes.hex() == "000fa9ff");
  CHECK(Four::parse("000fa9ff") == bytes);
  CHECK(to_hex({}).empty());
}

TEST_CASE("other spellings of bytes are refused") {
  const auto text =
      GENERATE(as<std::string>{}, "", "000fa9f", "000fa9ff0", "000fa9ff00", "000FA9FF", "0x0fa9ff",
               "000fa9fg", " 00fa9ff", "000fa9f ", "000fa9f\n", "00 0fa9f", "g00fa9ff",
               "000fa9f:", "000fa9f/", "000fa9f`", "000fa9f@");
  INFO(text);
  CHECK_FALSE(Four::parse(text));
}

TEST_CASE("bytes are made from a view of their own size alone") {
  const Buffer buffer{1, 2, 3, 4, 5};
  CHECK(Four::from(ByteView(buffer).first(4)) == Four{{1, 2, 3, 4}});
  CHECK_FALSE(Four::from(ByteView(buffer).first(3)));
  CHECK_FALSE(Four::from(buffer));
  CHECK_FALSE(Four::from({}));
}

TEST_CASE("bytes are ordered as a dictionary orders them") {
  CHECK(Four{{0, 0, 0, 1}} < Four{{0, 0, 1, 0}});
  CHECK(Four{{0x7f, 0, 0, 0}} < Four{{0x80, 0, 0, 0}});  // unsigned
  CHECK(Four{{1, 2, 3, 4}} == Four{{1, 2, 3, 4}});
  CHECK(Four{} == Four{{0, 0, 0, 0}});
}

TEST_CASE("bytes are keys of hash tables") {
  std::unordered_set<Hash> seen;
  for (Byte i = 0; i < 100; ++i) {
    Hash hash;
    hash.data[31] = i;  // beyond the prefix that the table hashes
    CHECK(seen.insert(hash).second);
    CHECK_FALSE(seen.insert(hash).second);
  }
}

TEST_CASE("text and bytes are views of each other") {
  const std::string_view text("a\0\xff", 3);
  CHECK(as_bytes(text).size() == 3);
  CHECK(as_bytes(text)[2] == 0xff);
  CHECK(as_text(as_bytes(text)) == text);
}
