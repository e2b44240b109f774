#include "cli/wallet.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "cli/file.hpp"
#include "cli/keys.hpp"
#include "cli/payment.hpp"
#include "rpc/json.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

Seed seed_of(Byte byte) {
  std::array<Byte, 32> bytes;
  bytes.fill(byte);
  return Seed(bytes);
}

Wallet wallet_of(Byte byte, const std::optional<std::string>& password) {
  WalletPlan plan;
  plan.name = "alice";
  plan.password = password;
  auto made = make_wallet(seed_of(byte), plan);
  REQUIRE(made.has_value());
  return std::move(*made);
}

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 0777;
}

}  // namespace

TEST_CASE("an encrypted wallet opens with its password alone") {
  const Wallet wallet = wallet_of(1, "correct horse");
  const KeyPair key(seed_of(1));
  CHECK(wallet.address() == address_of(Policy::single(key.public_key())));
  const std::string text = print_wallet(wallet);
  CHECK(text.find(to_hex(seed_of(1).bytes())) == std::string::npos);

  const auto read = parse_wallet(text, "alice");
  REQUIRE(read.has_value());
  CHECK(read->encrypted());
  const auto opened = open_wallet(*read, "correct horse");
  REQUIRE(opened.has_value());
  CHECK(opened->public_key() == key.public_key());
  const auto wrong = open_wallet(*read, "correct house");
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == Errc::refused);
  CHECK_FALSE(open_wallet(*read, std::nullopt).has_value());
}

TEST_CASE("a wallet in the open needs no password") {
  const auto read = parse_wallet(print_wallet(wallet_of(2, std::nullopt)), "alice");
  REQUIRE(read.has_value());
  CHECK_FALSE(read->encrypted());
  CHECK(open_wallet(*read, std::nullopt).has_value());
}

TEST_CASE("a wallet file that was changed is refused") {
  const std::string text = print_wallet(wallet_of(3, std::nullopt));
  const std::string other = print_wallet(wallet_of(4, std::nullopt));
  const auto mixed = [&](const std::string& field) {
    auto json = rpc::parse_json(text);
    const auto from = rpc::parse_json(other);
    REQUIRE((json && from));
    (*json)[field] = (*from)[field];
    return rpc::dump(*json);
  };
  CHECK_FALSE(parse_wallet(mixed("address"), "alice").has_value());
  CHECK_FALSE(parse_wallet(mixed("public_key"), "alice").has_value());
  CHECK_FALSE(parse_wallet(mixed("policy"), "alice").has_value());
  // The seed is checked when it is used: a sealed one cannot be looked at before.
  const auto wrong_seed = parse_wallet(mixed("seed"), "alice");
  REQUIRE(wrong_seed.has_value());
  CHECK_FALSE(open_wallet(*wrong_seed, std::nullopt).has_value());

  auto extra = rpc::parse_json(text);
  (*extra)["balance"] = 5;
  CHECK_FALSE(parse_wallet(rpc::dump(*extra), "alice").has_value());
  auto newer = rpc::parse_json(text);
  (*newer)["version"] = 2;
  CHECK_FALSE(parse_wallet(rpc::dump(*newer), "alice").has_value());
  CHECK_FALSE(parse_wallet("{", "alice").has_value());
}

TEST_CASE("a wallet that asks for all of the memory is refused before it gets it") {
  auto json = rpc::parse_json(print_wallet(wallet_of(5, "password")));
  REQUIRE(json.has_value());
  (*json)["sealed"]["memory_bytes"] = std::uint64_t{1} << 50;
  const auto read = parse_wallet(rpc::dump(*json), "alice");
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().detail.find("sealed.memory_bytes") != std::string::npos);
}

TEST_CASE("wallets are kept one a file, for their owner alone, and never overwritten") {
  const test::TempDir home;
  const Wallets wallets(home.file("wallets"));
  CHECK(wallets.names()->empty());
  const Wallet wallet = wallet_of(6, std::nullopt);
  REQUIRE(wallets.save(wallet).has_value());
  CHECK(mode_of(wallets.path_of("alice")) == 0600);
  CHECK(mode_of(home.file("wallets")) == 0700);
  CHECK_FALSE(wallets.save(wallet_of(7, std::nullopt)).has_value());
  const auto loaded = wallets.load("alice");
  REQUIRE(loaded.has_value());
  CHECK(loaded->address() == wallet.address());
  CHECK(*wallets.names() == std::vector<std::string>{"alice"});
  const auto missing = wallets.load("bob");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == Errc::not_found);
  CHECK(missing.error().detail.find("there are: alice") != std::string::npos);
  CHECK(wallets.remove("alice").has_value());
  CHECK_FALSE(wallets.remove("alice").has_value());
}

TEST_CASE("a wallet's name is a file name and no address") {
  for (const char* name : {"alice", "node-1", "A_b", "7"}) CHECK(Wallets::check_name(name));
  const std::string address = to_text(address_of(Policy::single(KeyPair(seed_of(8)).public_key())));
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string("."), std::string("-a"), std::string("a b"),
        address, std::string(65, 'a')}) {
    INFO(name);
    CHECK_FALSE(Wallets::check_name(name));
  }
}

TEST_CASE("a key file is its owner's secret") {
  const test::TempDir folder;
  const std::string path = folder.file("node.key");
  REQUIRE(write_key_file(path, seed_of(9)).has_value());
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(write_key_file(path, seed_of(9)).has_value());
  const auto key = read_key_file(path);
  REQUIRE(key.has_value());
  CHECK(key->public_key() == KeyPair(seed_of(9)).public_key());

  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  const auto open = read_key_file(path);
  REQUIRE_FALSE(open.has_value());
  CHECK(open.error().detail.find("chmod 600") != std::string::npos);
  const std::string broken = folder.file("broken.key");
  REQUIRE(write_file(broken, "0123\n", {.access = Access::owner}).has_value());
  CHECK_FALSE(read_key_file(broken).has_value());
}

TEST_CASE("many keys sign one after another, in any order, and each once") {
  const KeyPair one(seed_of(10));
  const KeyPair two(seed_of(11));
  const KeyPair three(seed_of(12));
  const auto policy = make_policy(2, {one.public_key(), two.public_key(), three.public_key()});
  REQUIRE(policy.has_value());
  Params params;
  Tx body;
  body.from = address_of(*policy);
  body.payload = Transfer{body.from, *Amount::from(1)};
  const SignedTx empty = unsigned_tx(body, *policy);
  const KeyPair stranger(seed_of(13));
  CHECK(sign_partly(params.genesis_hash, empty, stranger) == empty);
  for (const auto& [first, second] :
       {std::pair{&one, &two}, std::pair{&two, &one}, std::pair{&three, &one}}) {
    const SignedTx half = sign_partly(params.genesis_hash, empty, *first);
    CHECK(half.witness.parts.size() == 1);
    CHECK_FALSE(CheckedTx::check(params, half).has_value());
    CHECK(sign_partly(params.genesis_hash, half, *first) == half);
    const SignedTx whole = sign_partly(params.genesis_hash, half, *second);
    CHECK(CheckedTx::check(params, whole).has_value());
    CHECK(sign_partly(params.genesis_hash, whole, three) == whole);
  }
}
