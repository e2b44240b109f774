#include "cli/wallet.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include "cli/file.hpp"
#include "cli/keys.hpp"
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

Wallet wallet_of(Byte byte, std::optional<SecretText> password) {
  WalletPlan plan;
  plan.name = "alice";
  plan.password = std::move(password);
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
  const Wallet wallet = wallet_of(1, SecretText::from("correct horse"));
  const KeyPair key(seed_of(1));
  CHECK(wallet.address() == address_of(Policy::single(key.public_key())));
  const std::string text = print_wallet(wallet);
  CHECK(text.find(to_hex(seed_of(1).bytes())) == std::string::npos);

  const auto read = parse_wallet(text, "alice");
  REQUIRE(read.has_value());
  CHECK(read->encrypted());
  const auto opened = open_wallet(*read, SecretText::from("correct horse"));
  REQUIRE(opened.has_value());
  CHECK(opened->public_key() == key.public_key());
  const auto wrong = open_wallet(*read, SecretText::from("correct house"));
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == Errc::refused);
  CHECK_FALSE(open_wallet(*read, std::nullopt).has_value());
}

TEST_CASE("a wallet whose password changed opens with the new one alone") {
  const auto before = SecretText::from("correct horse");
  const auto after = SecretText::from("battery staple");
  Wallet wallet = wallet_of(1, SecretText::from("correct horse"));
  const auto key = open_wallet(wallet, before);
  REQUIRE(key.has_value());
  const SealedSeed old = std::get<SealedSeed>(wallet.secret);
  set_password(wallet, *key, after);
  CHECK(std::get<SealedSeed>(wallet.secret).salt != old.salt);
  const auto wrong = open_wallet(wallet, before);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().detail.find("each try takes ") != std::string::npos);
  const auto opened = open_wallet(wallet, after);
  REQUIRE(opened.has_value());
  CHECK(opened->public_key() == key->public_key());
  set_password(wallet, *key, std::nullopt);
  CHECK_FALSE(wallet.encrypted());
  CHECK(open_wallet(wallet, std::nullopt).has_value());
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
  auto json = rpc::parse_json(print_wallet(wallet_of(5, SecretText::from("password"))));
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
  CHECK_FALSE(wallets.check_new("alice").has_value());
  CHECK(wallets.check_new("bob").has_value());
  const auto loaded = wallets.load("alice");
  REQUIRE(loaded.has_value());
  CHECK(loaded->address() == wallet.address());
  CHECK(*wallets.names() == std::vector<std::string>{"alice"});
  const auto missing = wallets.load("bob");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == Errc::not_found);
  CHECK(missing.error().detail.find("there are: alice") != std::string::npos);
  REQUIRE(wallets.replace(wallet_of(7, std::nullopt)).has_value());
  CHECK(mode_of(wallets.path_of("alice")) == 0600);
  CHECK(wallets.load("alice")->key == KeyPair(seed_of(7)).public_key());
  CHECK(wallets.remove("alice").has_value());
  CHECK_FALSE(wallets.replace(wallet).has_value());
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

TEST_CASE("a phrase file is its owner's secret") {
  const test::TempDir folder;
  const std::string path = folder.file("alice.phrase");
  const Phrase phrase(seed_of(9).bytes());
  REQUIRE(write_phrase_file(path, phrase).has_value());
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(write_phrase_file(path, phrase).has_value());
  const auto read = read_phrase_file(path);
  REQUIRE(read.has_value());
  CHECK(read->text().view() == phrase.text().view());
  REQUIRE(::chmod(path.c_str(), 0644) == 0);
  CHECK_FALSE(read_phrase_file(path).has_value());
}

TEST_CASE("secret text holds what fits and is gone where it was taken from") {
  SecretText text;
  CHECK(text.append("correct"));
  CHECK(text.append(" horse"));
  SecretText taken = std::move(text);
  CHECK(taken.view() == "correct horse");
  CHECK(text.view().empty());  // NOLINT(bugprone-use-after-move)
  CHECK_FALSE(SecretText::from(std::string(SecretText::bytes_max + 1, 'x')).has_value());
  CHECK_FALSE(taken.append(std::string(SecretText::bytes_max, 'x')));
  CHECK(taken.view() == "correct horse");
}
