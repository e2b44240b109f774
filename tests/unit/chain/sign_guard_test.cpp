#include "chain/sign_guard.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "tests/support/generators.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using test::TempDir;

namespace {

const GenesisHash chain{{7}};

Checkpoint block(Height height) { return {height, BlockId{{static_cast<Byte>(height)}}}; }

struct Key {
  TempDir directory;
  std::string path = directory.file("authority.key.guard");
  std::vector<KeyPair> pairs;

  Key() {
    gen::Rng rng(1);
    pairs = gen::keys(rng, 2);
  }
  Result<std::unique_ptr<SignGuard>> open(const GenesisHash& of = chain, std::size_t key = 0) {
    return open_sign_guard(path, of, pairs[key].public_key());
  }
  Authority authority() {
    return {KeyPair(Seed(pairs[0].seed().bytes())), std::shared_ptr<SignGuard>(*open())};
  }
};

}  // namespace

TEST_CASE("what a key signed is known after a restart") {
  Key key;
  const Vote prepare = Vote::prepare(block(4), block(2));
  {
    Authority authority = key.authority();
    CHECK(authority.marks() == Watermarks{});
    REQUIRE(authority.promise_seal(9));
    REQUIRE(authority.vote(chain, prepare));
    REQUIRE(authority.vote(chain, Vote::commit(block(4))));
  }
  const Authority again = key.authority();
  CHECK(again.marks() == Watermarks{9, prepare, Vote::commit(block(4))});
  const auto promised = again.promised(chain);
  REQUIRE(promised.size() == 2);
  for (const SignedVote& vote : promised) CHECK(check_vote(chain, vote));
}

TEST_CASE("a mark is on disk before there is a signature") {
  Key key;
  Authority authority = key.authority();
  std::filesystem::remove_all(key.directory.path());
  CHECK(authority.vote(chain, Vote::prepare(block(1), block(0))).error().code == Errc::io);
  CHECK(authority.promise_seal(1).error().code == Errc::io);
  CHECK(authority.marks() == Watermarks{});
}

TEST_CASE("one process at a time, one key, one chain") {
  Key key;
  {
    const auto first = key.open();
    REQUIRE(first);
    CHECK(key.open().error().code == Errc::in_use);
  }
  CHECK(key.open(GenesisHash{{8}}).error().code == Errc::wrong_genesis);
  CHECK(key.open(chain, 1).error().code == Errc::wrong_genesis);
  CHECK(key.open());
}

TEST_CASE("a key whose history cannot be read does not sign") {
  Key key;
  REQUIRE(key.open());
  const auto size = std::filesystem::file_size(key.path);
  SECTION("cut short") { std::filesystem::resize_file(key.path, size - 1); }
  SECTION("emptied") { std::filesystem::resize_file(key.path, 0); }
  SECTION("changed") {
    std::fstream file(key.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file.put('\x7f');
  }
  CHECK(key.open().error().code == Errc::corrupt);
}
