#include "chain/core/codec.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"

using namespace aitbc;

TEST_CASE("integers are fixed-width and big-endian") {
  Encoder out;
  out.integer(std::uint8_t{0xab});
  out.integer(std::uint16_t{0x0102});
  out.integer(std::uint32_t{0x03040506});
  out.integer(std::uint64_t{0x0708090a0b0c0d0e});
  CHECK(to_hex(out.bytes()) == "ab0102030405060708090a0b0c0d0e");
  CHECK(out.size() == 15);

  Decoder in(out.bytes());
  CHECK(in.integer<std::uint8_t>() == 0xab);
  CHECK(in.integer<std::uint16_t>() == 0x0102);
  CHECK(in.integer<std::uint32_t>() == 0x03040506);
  CHECK(in.consumed() == 7);
  CHECK(in.remaining() == 8);
  CHECK(in.integer<std::uint64_t>() == 0x0708090a0b0c0d0e);
  CHECK(in.finish("numbers"));
}

TEST_CASE("extreme integers survive") {
  Encoder out;
  out.integer(~std::uint64_t{0});
  out.integer(std::uint64_t{0});
  out.integer(std::uint8_t{255});
  Decoder in(out.bytes());
  CHECK(in.integer<std::uint64_t>() == ~std::uint64_t{0});
  CHECK(in.integer<std::uint64_t>() == 0);
  CHECK(in.integer<std::uint8_t>() == 255);
  CHECK(in.finish("numbers"));
}

TEST_CASE("a blob is its length and its bytes; fixed arrays have no length") {
  Encoder out;
  out.blob(as_bytes("hi"));
  out.fixed(Bytes<2, struct TwoTag>{{8, 9}});
  CHECK(to_hex(out.bytes()) == "0000000268690809");
  Decoder in(out.bytes());
  CHECK(as_text(in.blob(2)) == "hi");
  CHECK(in.fixed<Bytes<2, struct TwoTag>>().hex() == "0809");
  CHECK(in.finish("blob"));
}

TEST_CASE("the first failure sticks and later reads are zeros") {
  const Buffer bytes{1, 2, 3};
  Decoder in(bytes);
  CHECK(in.integer<std::uint32_t>() == 0);
  CHECK(in.failed());
  CHECK(in.integer<std::uint8_t>() == 0);  // there are bytes left, but nothing is trusted any more
  CHECK(in.fixed<Bytes<1, struct OneTag>>() == Bytes<1, struct OneTag>{});
  CHECK(in.take(0).empty());
  CHECK(in.blob(10).empty());
  CHECK(in.count(10, 1) == 0);
  CHECK(in.finish("it").error().code == Errc::bad_encoding);
}

TEST_CASE("a decoder fails when told to") {
  Decoder in({});
  CHECK(in.finish("nothing"));
  in.fail();
  CHECK(in.finish("nothing").error().code == Errc::bad_encoding);
}

TEST_CASE("bytes after the end are refused and counted") {
  const Buffer bytes{1, 2, 3};
  Decoder in(bytes);
  in.integer<std::uint8_t>();
  const Status status = in.finish("thing");
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::bad_encoding);
  CHECK(status.error().detail == "thing: 2 bytes after its end");
}

TEST_CASE("a count is refused over its limit and over what the input can hold") {
  struct Case {
    std::uint32_t count;
    std::size_t most, item_bytes_min, items_bytes;
    bool good;
  };
  const auto [count, most, item, bytes, good] = GENERATE(values<Case>({
      {0, 0, 32, 0, true},
      {1, 0, 32, 32, false},
      {3, 3, 4, 12, true},
      {3, 3, 4, 11, false},
      {4, 3, 4, 16, false},
      {3, 3, 4, 100, true},
      {0xffffffff, 0xffffffff, 1, 100, false},
      {0x80000000, ~std::size_t{0}, 8, 100, false},
  }));
  Encoder out;
  out.integer(count);
  out.raw(Buffer(bytes));
  Decoder in(out.bytes());
  CHECK(in.count(most, item) == (good ? count : 0));
  CHECK(in.failed() != good);
}

TEST_CASE("a blob over its limit is refused") {
  Encoder out;
  out.blob(Buffer(5));
  CHECK(Decoder(out.bytes()).blob(5).size() == 5);
  Decoder in(out.bytes());
  CHECK(in.blob(4).empty());
  CHECK(in.failed());
}

TEST_CASE("every cut of an encoding is refused") {
  Encoder out;
  out.integer(std::uint16_t{7});
  out.blob(as_bytes("abc"));
  for (std::size_t size = 0; size < out.size(); ++size) {
    Decoder in(ByteView(out.bytes()).first(size));
    in.integer<std::uint16_t>();
    in.blob(3);
    CHECK_FALSE(in.finish("cut"));
  }
}
