#include "cli/tx_file.hpp"

#include <catch2/catch.hpp>

#include "rpc/json.hpp"

using namespace aitbc;
using namespace aitbc::cli;

namespace {

KeyPair key_of(Byte byte) {
  std::array<Byte, 32> bytes;
  bytes.fill(byte);
  return KeyPair(Seed(bytes));
}

// A payment of two of three keys.
struct Scene {
  KeyPair one = key_of(10), two = key_of(11), three = key_of(12);
  Params params;
  SignedTx blank;

  Scene() {
    params.genesis_hash.data.fill(1);
    params.chain_id = "test";
    const auto policy = make_policy(2, {one.public_key(), two.public_key(), three.public_key()});
    REQUIRE(policy.has_value());
    blank.witness.policy = *policy;
    blank.body.from = address_of(*policy);
    blank.body.payload = Transfer{blank.body.from, *Amount::from(1)};
  }
  SignedTx with(const SignedTx& tx, const KeyPair& key) const {
    auto more = add_signature(params.genesis_hash, tx, key);
    REQUIRE(more.has_value());
    return std::move(*more);
  }
  std::string refusal(const SignedTx& tx, const KeyPair& key) const {
    const auto refused = add_signature(params.genesis_hash, tx, key);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == Errc::refused);
    return refused.error().detail;
  }
  Errc code_of(const rpc::Json& file) const {
    const auto read = parse_tx_file(params, rpc::dump(file));
    REQUIRE_FALSE(read.has_value());
    return read.error().code;
  }
  rpc::Json json(const SignedTx& tx) const {
    auto json = rpc::parse_json(print_tx_file(params, tx));
    REQUIRE(json.has_value());
    return std::move(*json);
  }
};

}  // namespace

TEST_CASE("many keys sign one after another, in any order, and each once") {
  const Scene scene;
  for (const auto& [first, second] :
       {std::pair{&scene.one, &scene.two}, std::pair{&scene.two, &scene.one},
        std::pair{&scene.three, &scene.one}}) {
    const SignedTx half = scene.with(scene.blank, *first);
    CHECK(signatures_missing(half) == 1);
    CHECK_FALSE(CheckedTx::check(scene.params, half).has_value());
    CHECK(scene.refusal(half, *first).find("has signed already") != std::string::npos);
    const SignedTx whole = scene.with(half, *second);
    CHECK(signatures_missing(whole) == 0);
    CHECK(CheckedTx::check(scene.params, whole).has_value());
    CHECK(scene.refusal(whole, scene.two).find("has all of its signatures") != std::string::npos);
  }
  CHECK(scene.refusal(scene.blank, key_of(13)).find("no party") != std::string::npos);
}

TEST_CASE("those who have not signed are named") {
  const Scene scene;
  CHECK(silent_keys(scene.blank) == scene.blank.witness.policy.keys);
  const SignedTx half = scene.with(scene.blank, scene.two);
  const auto silent = silent_keys(half);
  CHECK(silent.size() == 2);
  CHECK(std::find(silent.begin(), silent.end(), scene.two.public_key()) == silent.end());
}

TEST_CASE("copies that were signed apart become one transaction") {
  const Scene scene;
  const std::vector<SignedTx> all{scene.with(scene.blank, scene.three),
                                  scene.with(scene.blank, scene.one),
                                  scene.with(scene.blank, scene.two), scene.blank};
  const auto whole = combine(all);
  REQUIRE(whole.has_value());
  CHECK(CheckedTx::check(scene.params, *whole).has_value());
  const auto same = combine(std::vector<SignedTx>{all[0], all[0]});
  REQUIRE(same.has_value());
  CHECK(*same == all[0]);
  SignedTx other = scene.blank;
  other.body.nonce = 1;
  const auto mixed = combine(std::vector<SignedTx>{all[0], other});
  REQUIRE_FALSE(mixed.has_value());
  CHECK(mixed.error().code == Errc::refused);
}

TEST_CASE("a file says its chain, and what was signed cannot be changed in it") {
  const Scene scene;
  const SignedTx half = scene.with(scene.blank, scene.one);
  const auto read = parse_tx_file(scene.params, print_tx_file(scene.params, half));
  REQUIRE(read.has_value());
  CHECK(*read == half);

  // The same name, another genesis.
  Params elsewhere = scene.params;
  elsewhere.genesis_hash.data.fill(2);
  const auto foreign = parse_tx_file(elsewhere, print_tx_file(scene.params, half));
  REQUIRE_FALSE(foreign.has_value());
  CHECK(foreign.error().code == Errc::wrong_genesis);

  // Also where the fields that follow from the body are changed with it.
  rpc::Json raised = scene.json(half);
  raised["transaction"]["amount"] = 2;
  for (const char* name : {"tx_hash", "hash", "payload"}) raised["transaction"].erase(name);
  CHECK(scene.code_of(raised) == Errc::bad_signature);
  rpc::Json weaker = scene.json(half);
  weaker["transaction"]["policy"]["threshold"] = 1;
  CHECK(scene.code_of(weaker) == Errc::bad_policy);
  rpc::Json more = scene.json(half);
  more["note"] = 1;
  CHECK(scene.code_of(more) == Errc::bad_json);
  CHECK(scene.code_of(scene.json(half)["transaction"]) == Errc::bad_json);
}
