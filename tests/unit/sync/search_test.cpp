#include "sync/search.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;
using sync::AncestorSearch;

namespace {

// Headers of a peer whose chain is ours up to `common`; the search only looks at heights and ids.
std::vector<SealedHeader> headers(const sync::GetHeaders& asked) {
  std::vector<SealedHeader> found;
  for (Height height = asked.from; height < asked.from + asked.limit; ++height) {
    SealedHeader sealed;
    sealed.header.height = height;
    found.push_back(sealed);
  }
  return found;
}

struct Found {
  Height ancestor;
  int looks;
};

Found search(Height common, Height differs_at) {
  AncestorSearch search(differs_at);
  int looks = 0;
  while (const auto asked = search.next()) {
    REQUIRE(asked->from >= 1);
    REQUIRE(asked->from + asked->limit <= differs_at);
    ++looks;
    REQUIRE(search.on_headers(headers(*asked), [&](Height height, const BlockId&) -> Result<bool> {
      return height <= common;
    }));
  }
  return {*search.ancestor(), looks};
}

}  // namespace

TEST_CASE("the search finds the last common block, wherever it is") {
  for (Height differs_at = 1; differs_at < 200; ++differs_at) {
    for (Height common = 0; common < differs_at; ++common) {
      REQUIRE(search(common, differs_at).ancestor == common);
    }
  }
  CHECK(search(123'456, 1'000'000).ancestor == 123'456);
}

TEST_CASE("a fork near the tip takes one look, a deep one a logarithm of its depth") {
  CHECK(search(999'990, 1'000'000).looks == 1);
  CHECK(search(1, 1'000'000).looks <= 40);
  CHECK(search(0, 1).looks == 0);
}

TEST_CASE("an answer to another question ends the search") {
  AncestorSearch search(100);
  const auto is_ours = [](Height, const BlockId&) -> Result<bool> { return true; };
  const auto asked = *search.next();
  CHECK_FALSE(search.on_headers({}, is_ours));
  CHECK_FALSE(search.on_headers(headers({asked.from + 1, asked.limit}), is_ours));
  CHECK_FALSE(search.on_headers(headers({asked.from, asked.limit - 1}), is_ours));
  CHECK(search.on_headers(headers(asked), is_ours));
}

TEST_CASE("an error of the local chain is passed on") {
  AncestorSearch search(100);
  const auto status = search.on_headers(
      headers(*search.next()),
      [](Height, const BlockId&) -> Result<bool> { return error(Errc::storage, "disk"); });
  REQUIRE_FALSE(status);
  CHECK(status.error().code == Errc::storage);
}
