#include "chain/core/tx.hpp"

#include <catch2/catch.hpp>

#include "chain/core/crypto.hpp"
#include "tests/support/amounts.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;
using test::units;

namespace {

Tx some_body(gen::Rng& rng) {
  Tx body;
  body.from = rng.fixed<Address>();
  body.nonce = 3;
  body.fee = units(1);
  body.payload = Transfer{rng.fixed<Address>(), units(5)};
  return body;
}

std::vector<const KeyPair*> pointers(const std::vector<KeyPair>& keys) {
  std::vector<const KeyPair*> found;
  for (const KeyPair& key : keys) found.push_back(&key);
  return found;
}

// A transaction of one key whose fields stand at known places.
Buffer smallest_tx(gen::Rng& rng) {
  SignedTx tx;
  const KeyPair key = gen::key(rng);
  tx.witness.policy = Policy::single(key.public_key());
  tx.body.payload = Transfer{rng.fixed<Address>(), units(1)};
  tx.witness.parts = {{0, rng.fixed<Signature>()}};
  return encode(tx);
}

constexpr std::size_t nonce_at = 1;
constexpr std::size_t fee_at = 9;
constexpr std::size_t amount_at = 49;
constexpr std::size_t keys_at = 58;
constexpr std::size_t signers_at = 91;

}  // namespace

TEST_CASE("the id covers chain, sender, nonce, fee, recipient and amount") {
  gen::Rng rng(1);
  const auto chain = rng.fixed<GenesisHash>();
  const Tx body = some_body(rng);
  const TxId id = id_of(chain, body);
  CHECK(id == id_of(chain, body));
  CHECK(id != id_of(rng.fixed<GenesisHash>(), body));
  Tx changed = body;
  changed.from = rng.fixed<Address>();
  CHECK(id != id_of(chain, changed));
  changed = body;
  changed.nonce = 4;
  CHECK(id != id_of(chain, changed));
  changed = body;
  changed.fee = units(2);
  CHECK(id != id_of(chain, changed));
  changed = body;
  changed.payload = Transfer{rng.fixed<Address>(), units(5)};
  CHECK(id != id_of(chain, changed));
  changed = body;
  std::get<Transfer>(changed.payload).amount = units(6);
  CHECK(id != id_of(chain, changed));
}

TEST_CASE("the full hash covers the witness, the id does not") {
  gen::Rng rng(2);
  SignedTx tx = gen::any_signed_tx(rng);
  const auto chain = rng.fixed<GenesisHash>();
  const TxId id = id_of(chain, tx.body);
  const Hash full = full_hash(tx);
  tx.witness.parts[0].signature.data[0] ^= 1;
  CHECK(id_of(chain, tx.body) == id);
  CHECK(full_hash(tx) != full);
}

TEST_CASE("the sender is not written but follows from the policy") {
  gen::Rng rng(3);
  SignedTx tx = gen::any_signed_tx(rng);
  const Buffer bytes = encode(tx);
  tx.body.from = rng.fixed<Address>();
  CHECK(encode(tx) == bytes);
  CHECK(decode_signed_tx(bytes).value().body.from == address_of(tx.witness.policy));
}

TEST_CASE("the smallest transaction has the size that blocks count on") {
  gen::Rng rng(4);
  CHECK(smallest_tx(rng).size() == 1 + 8 + 8 + 32 + 8 + 2 + 32 + 2 + 64);
}

TEST_CASE("values out of range are refused where they are read") {
  gen::Rng rng(5);
  const Buffer good = smallest_tx(rng);
  REQUIRE(decode_signed_tx(good));
  struct Case {
    std::string what;
    std::size_t at;
    Byte value;
  };
  const auto [what, at, value] = GENERATE(values<Case>({
      {"an unknown type", 0, 1},
      {"an unknown type", 0, 255},
      {"a nonce of 2^53", nonce_at + 1, 0x20},
      {"a fee of 2^53", fee_at + 1, 0x20},
      {"a fee of 2^56", fee_at, 1},
      {"an amount of 2^53", amount_at + 1, 0x20},
      {"sixteen keys", keys_at, 16},
      {"no keys, so that the rest is left over", keys_at, 0},
      {"two keys, so that the rest is too short", keys_at, 2},
      {"a signer beyond the keys", signers_at, 0x80},
      {"a signer beyond the keys", signers_at + 1, 3},
      {"no signer, so that a signature is left over", signers_at + 1, 0},
  }));
  INFO(what);
  Buffer bad = good;
  bad[at] = value;
  const auto decoded = decode_signed_tx(bad);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().code == Errc::bad_encoding);
}

TEST_CASE("the largest amounts and nonce are read") {
  gen::Rng rng(6);
  Buffer bytes = smallest_tx(rng);
  for (const std::size_t at : {nonce_at, fee_at, amount_at}) {
    bytes[at + 1] = 0x1f;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at) + 2, 6, Byte{0xff});
  }
  const auto decoded = decode_signed_tx(bytes);
  REQUIRE(decoded);
  CHECK(decoded->body.nonce == limits::supply_max);
  CHECK(decoded->body.fee.units() == limits::supply_max);
  CHECK(std::get<Transfer>(decoded->body.payload).amount.units() == limits::supply_max);
  CHECK_FALSE(cost_of(decoded->body));
}

TEST_CASE("a claim of a receipt is read back, up to the longest receipt") {
  gen::Rng rng(8);
  SignedTx tx = gen::any_signed_tx(rng);
  tx.body.payload = ReceiptClaim{std::string(limits::receipt_bytes_max, 'r'),
                                 rng.fixed<PublicKey>(), rng.fixed<Signature>()};
  CHECK(decode_signed_tx(encode(tx)).value() == tx);
  CHECK(cost_of(tx.body) == tx.body.fee);
  std::get<ReceiptClaim>(tx.body.payload).receipt += 'r';
  CHECK(decode_signed_tx(encode(tx)).error().code == Errc::bad_encoding);
}

TEST_CASE("more bytes than any transaction has are not looked at") {
  CHECK(decode_signed_tx(Buffer(6'144)).error().code == Errc::bad_encoding);
  CHECK(decode_signed_tx(Buffer(6'145)).error().code == Errc::too_large);
}

TEST_CASE("a witness with key numbers out of range has some bytes, none of them valid") {
  gen::Rng rng(7);
  SignedTx tx = gen::any_signed_tx(rng);
  tx.witness.parts[0].key = 255;
  const Buffer bytes = encode(tx);  // must not be undefined: a block is hashed before it is judged
  const auto decoded = decode_signed_tx(bytes);
  CHECK((!decoded || *decoded != tx));
}

TEST_CASE("the cost is amount and fee") {
  Tx body;
  body.fee = units(3);
  body.payload = Transfer{{}, units(4)};
  CHECK(cost_of(body) == units(7));
  body.payload = Transfer{{}, units(limits::supply_max - 3)};
  CHECK(cost_of(body) == units(limits::supply_max));
  body.payload = Transfer{{}, units(limits::supply_max - 2)};
  CHECK_FALSE(cost_of(body));
}

TEST_CASE("signing takes as many keys as the policy asks for, in its order") {
  gen::Rng rng(8);
  const std::vector<KeyPair> keys = gen::keys(rng, 4);
  const auto chain = rng.fixed<GenesisHash>();
  const Policy policy = make_policy(2, gen::public_keys(keys)).value();
  const auto all = sign(chain, some_body(rng), policy, pointers(keys));
  REQUIRE(all);
  CHECK(all->body.from == address_of(policy));
  REQUIRE(all->witness.parts.size() == 2);
  CHECK(all->witness.parts[0].key == 0);
  CHECK(all->witness.parts[1].key == 1);
  for (const auto& [key, signature] : all->witness.parts) {
    CHECK(verify(policy.keys[key], id_of(chain, all->body).view(), signature));
  }
}

TEST_CASE("signing skips foreign keys and fails when the policy's do not suffice") {
  gen::Rng rng(9);
  const std::vector<KeyPair> own = gen::keys(rng, 3);
  const std::vector<KeyPair> foreign = gen::keys(rng, 2);
  const auto chain = rng.fixed<GenesisHash>();
  const Policy policy = make_policy(2, gen::public_keys(own)).value();
  const std::vector<const KeyPair*> enough = {&foreign[0], &own[2], &foreign[1], &own[0]};
  CHECK(sign(chain, some_body(rng), policy, enough)->witness.parts.size() == 2);
  const std::vector<const KeyPair*> lacking = {&foreign[0], &own[2], &own[2]};
  CHECK(sign(chain, some_body(rng), policy, lacking).error().code == Errc::bad_policy);
  CHECK(sign(chain, some_body(rng), policy, {}).error().code == Errc::bad_policy);
}
