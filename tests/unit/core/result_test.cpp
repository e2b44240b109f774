#include "chain/core/result.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/aborts.hpp"

using namespace aitbc;

namespace {

const std::vector<std::pair<Errc, Category>> first_of_each_category = {
    {Errc::bad_encoding, Category::malformed},  {Errc::nonce_used, Category::rejected},
    {Errc::nonce_gap, Category::early},         {Errc::duplicate, Category::known},
    {Errc::not_found, Category::absent},        {Errc::mempool_full, Category::busy},
    {Errc::unreachable, Category::unreachable}, {Errc::bad_config, Category::usage},
    {Errc::storage, Category::internal}};

const std::vector<std::pair<Errc, Category>> last_of_each_category = {
    {Errc::upgrade_required, Category::malformed},
    {Errc::receipt_claimed, Category::rejected},
    {Errc::bad_ballot, Category::early},
    {Errc::duplicate, Category::known},
    {Errc::not_found, Category::absent},
    {Errc::rate_limited, Category::busy},
    {Errc::unreachable, Category::unreachable},
    {Errc::in_use, Category::usage},
    {Errc::io, Category::internal}};

constexpr std::array retired{206U, 601U};

Result<int> half_of(int number) {
  if (number % 2 != 0) return error(Errc::refused, "odd");
  return number / 2;
}

Result<int> quarter_of(int number) {
  AITBC_TRY_ASSIGN(const int half, half_of(number));
  AITBC_TRY_ASSIGN(const int quarter, half_of(half));
  return quarter;
}

Status must_be_even(int number) {
  AITBC_TRY(half_of(number));
  return ok();
}

}  // namespace

TEST_CASE("each code has one name of its own and the category of its hundred") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < first_of_each_category.size(); ++i) {
    const auto [first, expected] = first_of_each_category[i];
    const Errc last = last_of_each_category[i].first;
    for (auto number = static_cast<unsigned>(first); number <= static_cast<unsigned>(last);
         ++number) {
      if (std::find(retired.begin(), retired.end(), number) != retired.end()) continue;
      const auto code = static_cast<Errc>(number);
      INFO(number);
      CHECK_FALSE(name(code).empty());
      CHECK(names.insert(name(code)).second);
      CHECK(category(code) == expected);
    }
    CHECK(last_of_each_category[i].second == expected);
    const auto beyond = static_cast<Errc>(static_cast<unsigned>(last) + 1);
    CHECK(test::aborts([&] { static_cast<void>(name(beyond)); }));  // or this table is too short
  }
}

TEST_CASE("names and numbers of codes are part of the API") {
  CHECK(static_cast<int>(Errc::bad_encoding) == 100);
  CHECK(name(Errc::bad_encoding) == "bad_encoding");
  CHECK(static_cast<int>(Errc::invalid_block_tx) == 122);
  CHECK(static_cast<int>(Errc::nonce_used) == 200);
  CHECK(static_cast<int>(Errc::refused) == 207);
  CHECK(static_cast<int>(Errc::from_future) == 302);
  CHECK(static_cast<int>(Errc::duplicate) == 400);
  CHECK(static_cast<int>(Errc::not_found) == 500);
  CHECK(static_cast<int>(Errc::disk_full) == 606);
  CHECK(static_cast<int>(Errc::unreachable) == 700);
  CHECK(static_cast<int>(Errc::in_use) == 802);
  CHECK(static_cast<int>(Errc::io) == 903);
}

TEST_CASE("a number that is no code is our own bug") {
  CHECK(test::aborts([] { static_cast<void>(name(static_cast<Errc>(999))); }));
}

TEST_CASE("a result holds its value or its error") {
  const Result<int> good = half_of(4);
  REQUIRE(good);
  CHECK(good.has_value());
  CHECK(*good == 2);
  CHECK(good.value() == 2);

  const Result<int> bad = half_of(3);
  REQUIRE_FALSE(bad);
  CHECK_FALSE(bad.has_value());
  CHECK(bad.error() == Error{Errc::refused, "odd"});
  CHECK(ok().has_value());
}

TEST_CASE("a result moves what cannot be copied") {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  CHECK(**made == 7);
  const std::unique_ptr<int> taken = *std::move(made);
  CHECK(*taken == 7);

  Result<std::string> text = std::string("abc");
  text->push_back('d');
  text.value() += 'e';
  CHECK(*text == "abcde");
  const Result<std::string> fixed = text;
  CHECK(fixed->size() == 5);
}

TEST_CASE("AITBC_TRY returns the first error and goes on after success") {
  CHECK(*quarter_of(8) == 2);
  CHECK(quarter_of(7).error().code == Errc::refused);
  CHECK(quarter_of(6).error().code == Errc::refused);
  CHECK(must_be_even(2));
  CHECK(must_be_even(1).error() == Error{Errc::refused, "odd"});
}

TEST_CASE("AITBC_CHECK lets the truth pass and stops the process otherwise") {
  CHECK_FALSE(test::aborts([] { AITBC_CHECK(1 + 1 == 2); }));
  CHECK(test::aborts([] { AITBC_CHECK(1 + 1 == 3); }));
}
