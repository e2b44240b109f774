#include "chain/sign_guard.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "chain/core/limits.hpp"
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

TEST_CASE("a copy of the file does not pass for the place where the key was used") {
  Key key;
  CHECK_FALSE(key.authority().origin());  // nobody used it yet
  REQUIRE(key.authority().begin("first"));
  CHECK(key.authority().origin() == "first");

  const TempDir elsewhere;
  std::filesystem::copy(
      key.directory.path(), elsewhere.path(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  const auto open_copy = [&] {
    return Authority(KeyPair(Seed(key.pairs[0].seed().bytes())),
                     std::shared_ptr<SignGuard>(*open_sign_guard(
                         elsewhere.file("authority.key.guard"), chain, key.pairs[0].public_key())));
  };
  CHECK_FALSE(open_copy().origin());
  // Signing alone makes no place of it; using the key on purpose does.
  REQUIRE(open_copy().promise_seal(3));
  CHECK_FALSE(open_copy().origin());
  REQUIRE(open_copy().begin("second"));
  CHECK(open_copy().origin() == "second");
  CHECK(key.authority().origin() == "first");
}

TEST_CASE("what was unlocked is known after a restart, and bounded") {
  Key key;
  const EvidenceId id{{1}};
  REQUIRE(key.authority().unlock(std::span(&id, 1)));
  REQUIRE(key.authority().promise_seal(7));
  Authority again = key.authority();
  CHECK(again.has_unlocked(id));
  CHECK_FALSE(again.has_unlocked(EvidenceId{{2}}));
  CHECK(again.marks().sealed == 7);
  std::vector<EvidenceId> many(limits::unlocked_max);
  for (std::size_t i = 0; i < many.size(); ++i) many[i].data[5] = static_cast<Byte>(i + 1);
  CHECK(again.unlock(many).error().code == Errc::refused);
}

TEST_CASE("a copy learns what its key has signed elsewhere, and never less") {
  Key key;
  Authority authority = key.authority();
  const auto by = [&](const Vote& vote, std::size_t who) {
    return sign(chain, vote, key.pairs[who]);
  };
  REQUIRE(authority.learn(std::vector{by(Vote::prepare(block(5), block(2)), 0),
                                      by(Vote::prepare(block(4), block(2)), 0),
                                      by(Vote::commit(block(9)), 1)}));
  CHECK(authority.marks() == Watermarks{0, Vote::prepare(block(5), block(2)), std::nullopt});
  CHECK_FALSE(may_sign(authority.marks(), Vote::prepare(block(5), block(3))));
}
