#include "chain/core/address.hpp"

#include <catch2/catch.hpp>

#include "tests/support/generators.hpp"

using namespace aitbc;

namespace {

Address counting_address() {
  Address address;
  for (std::size_t i = 0; i < Address::size; ++i) address.data[i] = static_cast<Byte>(i);
  return address;
}

Address filled_address(Byte byte) {
  Address address;
  address.data.fill(byte);
  return address;
}

const std::string counting_text =
    "aitbc1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0s0r587q";

std::vector<PublicKey> sorted_keys(std::size_t count) {
  gen::Rng rng(1);
  std::vector<PublicKey> keys = gen::public_keys(gen::keys(rng, count));
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace

TEST_CASE("addresses print as bech32m with the prefix aitbc") {
  // From the reference algorithm of BIP-350, run independently.
  CHECK(to_text(filled_address(0)) ==
        "aitbc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqxhl97e");
  CHECK(to_text(counting_address()) == counting_text);
  CHECK(to_text(filled_address(0xff)) ==
        "aitbc1lllllllllllllllllllllllllllllllllllllllllllllllllllsyfu5hw");
}

TEST_CASE("an address reads back from its text") {
  CHECK(parse_address(counting_text).value() == counting_address());
  CHECK(parse_address(to_text(filled_address(0xff))).value() == filled_address(0xff));
  CHECK(parse_address(to_text(filled_address(0))).value() == filled_address(0));
}

TEST_CASE("other spellings of an address are refused, with the reason") {
  struct Case {
    std::string text, why;
  };
  const std::string upper = "AITBC1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S0R587Q";
  const auto [text, why] = GENERATE_COPY(values<Case>({
      {"", "it has 0 characters"},
      {"aitbc1", "it has 6 characters"},
      {counting_text + "q", "it has 65 characters"},
      {" " + counting_text, "it has 65 characters"},
      {counting_text.substr(1), "it has 63 characters"},
      {upper, "it does not start with 'aitbc1'"},
      {"aitbc1" + upper.substr(6), "a character is not of the bech32 alphabet"},
      // Valid bech32m, of another prefix.
      {"aitbd1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sqmlulg",
       "it does not start with 'aitbc1'"},
      {"aitbcq" + counting_text.substr(6), "it does not start with 'aitbc1'"},
      // 'b', 'i', 'o' and '1' are not of the alphabet.
      {"aitbc1b" + counting_text.substr(7), "a character is not of the bech32 alphabet"},
      {"aitbc11" + counting_text.substr(7), "a character is not of the bech32 alphabet"},
      {std::string("aitbc1\0", 7) + counting_text.substr(7),
       "a character is not of the bech32 alphabet"},
      // The checksum of bech32 (BIP-173), not of bech32m.
      {"aitbc1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0s6lytmz", "the checksum is wrong"},
      // A right checksum over padding that is not zero.
      {"aitbc1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc03j4qjrj",
       "its padding is not zero"},
  }));
  INFO(text);
  const auto parsed = parse_address(text);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == Errc::bad_address);
  CHECK_THAT(parsed.error().detail, Catch::Contains(why));
}

TEST_CASE("any change of one character, and any swap of neighbours, is noticed") {
  static constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
  for (std::size_t i = 6; i < counting_text.size(); ++i) {
    for (const char c : alphabet) {
      if (c == counting_text[i]) continue;
      std::string changed = counting_text;
      changed[i] = c;
      CHECK_FALSE(parse_address(changed));
    }
    if (i + 1 == counting_text.size() || counting_text[i] == counting_text[i + 1]) continue;
    std::string swapped = counting_text;
    std::swap(swapped[i], swapped[i + 1]);
    CHECK_FALSE(parse_address(swapped));
  }
}

TEST_CASE("a policy has 1 to 15 keys and a threshold that they can reach") {
  struct Case {
    std::size_t threshold, keys;
    bool good;
  };
  const auto [threshold, count, good] = GENERATE(values<Case>({
      {0, 0, false},   {1, 0, false},   {0, 1, false},   {1, 1, true},     {2, 1, false},
      {0, 3, false},   {1, 3, true},    {2, 3, true},    {3, 3, true},     {4, 3, false},
      {1, 15, true},   {15, 15, true},  {16, 15, false}, {1, 16, false},   {15, 16, false},
      {16, 16, false}, {256, 1, false}, {257, 1, false}, {257, 15, false},
  }));
  INFO(threshold << " of " << count);
  const auto made = make_policy(threshold, sorted_keys(count));
  REQUIRE(made.has_value() == good);
  if (good) {
    CHECK(made->threshold == threshold);
    CHECK(made->keys.size() == count);
    CHECK(check_policy(*made));
  } else {
    CHECK(made.error().code == Errc::bad_policy);
  }
}

TEST_CASE("the order in which keys are given does not matter") {
  std::vector<PublicKey> keys = sorted_keys(4);
  const Address address = address_of(make_policy(2, keys).value());
  do {
    CHECK(address_of(make_policy(2, keys).value()) == address);
  } while (std::next_permutation(keys.begin(), keys.end()));
}

TEST_CASE("a policy's keys are distinct, ascending and valid") {
  const std::vector<PublicKey> keys = sorted_keys(3);
  CHECK(make_policy(1, {keys[0], keys[0]}).error().code == Errc::bad_policy);
  CHECK(check_policy({1, {keys[1], keys[0]}}).error().code == Errc::bad_policy);
  CHECK(check_policy({1, {keys[0], keys[0]}}).error().code == Errc::bad_policy);
  CHECK(check_policy({1, {keys[0], keys[1], keys[2]}}));
  CHECK(make_policy(1, {PublicKey{}}).error().code == Errc::bad_policy);
  CHECK(make_policy(1, {keys[0], PublicKey{}}).error().code == Errc::bad_policy);
}

TEST_CASE("threshold and each key are part of the address") {
  const std::vector<PublicKey> keys = sorted_keys(3);
  const Address one_of_two = address_of({1, {keys[0], keys[1]}});
  CHECK(one_of_two != address_of({2, {keys[0], keys[1]}}));
  CHECK(one_of_two != address_of({1, {keys[0], keys[2]}}));
  CHECK(one_of_two != address_of({1, {keys[0]}}));
  CHECK(address_of(Policy::single(keys[0])) == address_of({1, {keys[0]}}));
}

TEST_CASE("a policy of more keys than allowed is refused before they are read") {
  Encoder out;
  out.integer(std::uint8_t{1});
  out.integer(std::uint8_t{16});
  out.raw(Buffer(16 * 32));
  Decoder in(out.bytes());
  CHECK(decode_policy(in).keys.capacity() == 0);
  CHECK(in.failed());
}
