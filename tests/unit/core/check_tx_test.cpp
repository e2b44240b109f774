// The form and signatures of a transaction, and whether it can be included now.

#include "chain/core/apply.hpp"

#include <catch2/catch.hpp>

#include "tests/support/amounts.hpp"
#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::Ledger;
using test::units;

namespace {

std::optional<Errc> code_of(const Params& params, const SignedTx& tx) {
  const auto checked = CheckedTx::check(params, tx);
  return checked ? std::optional<Errc>() : checked.error().code;
}

struct Shared {
  Ledger ledger;
  std::vector<KeyPair> keys;  // in the order of the policy

  explicit Shared(std::size_t count) {
    gen::Rng rng(5);
    keys = gen::keys(rng, count);
    std::sort(keys.begin(), keys.end(),
              [](const KeyPair& a, const KeyPair& b) { return a.public_key() < b.public_key(); });
  }

  SignedTx unsigned_tx(std::uint8_t threshold) const {
    SignedTx tx;
    tx.witness.policy = {threshold, gen::public_keys(keys)};
    tx.body.from = address_of(tx.witness.policy);
    tx.body.fee = units(1);
    tx.body.payload = Transfer{Ledger::address(ledger.users[0]), units(1)};
    return tx;
  }
  Witness::Part part(const SignedTx& tx, std::size_t key) const {
    const TxId id = id_of(ledger.params.genesis_hash, tx.body);
    return {static_cast<std::uint8_t>(key), keys[key].sign(id.view())};
  }
};

}  // namespace

TEST_CASE("a transaction of one key is good when its key signed it") {
  Ledger ledger;
  const SignedTx tx = ledger.signed_transfer(ledger.users[0], Ledger::address(ledger.users[1]), {});
  const auto checked = CheckedTx::check(ledger.params, tx);
  REQUIRE(checked);
  CHECK(checked->signed_tx() == tx);
  CHECK(checked->body() == tx.body);
  CHECK(checked->id() == id_of(ledger.params.genesis_hash, tx.body));
  const CheckedTx stored = CheckedTx::stored(ledger.params, tx).value();
  CHECK(stored.id() == checked->id());
  CHECK(stored.signed_tx() == tx);
}

TEST_CASE("a witness is good with exactly the threshold of signatures, in order") {
  for (std::size_t n = 1; n <= 4; ++n) {
    const Shared shared(n);
    for (std::size_t m = 1; m <= n; ++m) {
      for (unsigned signers = 0; signers < (1U << n); ++signers) {
        SignedTx tx = shared.unsigned_tx(static_cast<std::uint8_t>(m));
        for (std::size_t key = 0; key < n; ++key) {
          if ((signers >> key & 1) != 0) tx.witness.parts.push_back(shared.part(tx, key));
        }
        const bool good = tx.witness.parts.size() == m;
        INFO(m << " of " << n << ", signers " << signers);
        CHECK(code_of(shared.ledger.params, tx) ==
              (good ? std::optional<Errc>() : Errc::bad_signature));
      }
    }
  }
}

TEST_CASE("signatures out of order, twice, of no key or of another key are refused") {
  const Shared shared(4);
  const Params& params = shared.ledger.params;
  const SignedTx blank = shared.unsigned_tx(2);
  const auto code_with = [&](std::vector<Witness::Part> parts) {
    SignedTx tx = blank;
    tx.witness.parts = std::move(parts);
    return code_of(params, tx);
  };
  const auto first = shared.part(blank, 0);
  const auto second = shared.part(blank, 1);
  CHECK_FALSE(code_with({first, second}));
  CHECK(code_with({second, first}) == Errc::bad_signature);
  CHECK(code_with({first, first}) == Errc::bad_signature);
  CHECK(code_with({first, {4, second.signature}}) == Errc::bad_signature);
  CHECK(code_with({first, {255, second.signature}}) == Errc::bad_signature);
  CHECK(code_with({first, {2, second.signature}}) == Errc::bad_signature);
  CHECK(code_with({{0, second.signature}, {1, first.signature}}) == Errc::bad_signature);
}

TEST_CASE("a witness of the largest policy fits") {
  const Shared shared(15);
  SignedTx tx = shared.unsigned_tx(15);
  for (std::size_t key = 0; key < 15; ++key) tx.witness.parts.push_back(shared.part(tx, key));
  CHECK_FALSE(code_of(shared.ledger.params, tx));
  CHECK(decode_signed_tx(encode(tx)).value() == tx);
}

TEST_CASE("the policy must be valid and hash to the sender") {
  const Shared shared(3);
  SignedTx tx = shared.unsigned_tx(1);
  tx.body.from = Ledger::address(shared.ledger.users[0]);
  tx.witness.parts = {shared.part(tx, 0)};
  CHECK(code_of(shared.ledger.params, tx) == Errc::bad_policy);

  tx = shared.unsigned_tx(4);  // hashes to the sender, and can never be met
  CHECK(code_of(shared.ledger.params, tx) == Errc::bad_policy);
  tx = shared.unsigned_tx(0);  // would be met by nobody's signature
  CHECK(code_of(shared.ledger.params, tx) == Errc::bad_policy);

  // Reordered keys are another address, of which nobody can spend.
  tx = shared.unsigned_tx(1);
  std::swap(tx.witness.policy.keys[0], tx.witness.policy.keys[1]);
  tx.body.from = address_of(tx.witness.policy);
  tx.witness.parts = {{1, shared.part(tx, 0).signature}};
  CHECK(code_of(shared.ledger.params, tx) == Errc::bad_policy);
}

TEST_CASE("a signature is good on its chain alone") {
  Ledger ledger;
  const SignedTx tx = ledger.signed_transfer(ledger.users[0], Ledger::address(ledger.users[1]), {});
  Genesis other = ledger.genesis;
  other.chain_id = "other";
  CHECK(code_of(params_of(other), tx) == Errc::bad_signature);
}

TEST_CASE("any change of the body after signing is refused") {
  Ledger ledger;
  const SignedTx good =
      ledger.signed_transfer(ledger.users[0], Ledger::address(ledger.users[1]), {});
  SignedTx bad = good;
  bad.body.nonce += 1;
  CHECK(code_of(ledger.params, bad) == Errc::bad_signature);
  bad = good;
  bad.body.fee = units(2);
  CHECK(code_of(ledger.params, bad) == Errc::bad_signature);
  bad = good;
  std::get<Transfer>(bad.body.payload).amount = units(11);
  CHECK(code_of(ledger.params, bad) == Errc::bad_signature);
  bad = good;
  std::get<Transfer>(bad.body.payload).to = Ledger::address(ledger.users[2]);
  CHECK(code_of(ledger.params, bad) == Errc::bad_signature);
}

TEST_CASE("fee, amount and nonce have their limits") {
  Ledger ledger({.fee_min = 3});
  const Address to = Ledger::address(ledger.users[1]);
  struct Case {
    std::uint64_t amount, fee;
    Nonce nonce;
    std::optional<Errc> code;
  };
  const auto [amount, fee, nonce, code] = GENERATE(values<Case>({
      {1, 3, 0, {}},
      {1, 2, 0, Errc::fee_too_low},
      {1, 0, 0, Errc::fee_too_low},
      {0, 3, 0, Errc::bad_amount},
      {limits::supply_max - 3, 3, 0, {}},
      {limits::supply_max - 2, 3, 0, Errc::bad_amount},
      {limits::supply_max, limits::supply_max, 0, Errc::bad_amount},
      {1, 3, limits::supply_max - 1, {}},
      {1, 3, limits::supply_max, Errc::bad_request},
      {1, 3, ~Nonce{0}, Errc::bad_request},
  }));
  const SignedTx tx = ledger.signed_transfer(ledger.users[0], to, {amount, fee, nonce});
  CHECK(code_of(ledger.params, tx) == code);
}

TEST_CASE("a transaction can be included with the next nonce and enough balance") {
  Ledger ledger({.balance = 100});
  struct Case {
    std::uint64_t amount, fee;
    Nonce nonce;
    std::optional<Errc> code;
  };
  const auto [amount, fee, nonce, code] = GENERATE(values<Case>({
      {99, 1, 5, {}},
      {1, 99, 5, {}},
      {1, 1, 4, Errc::nonce_used},
      {1, 1, 0, Errc::nonce_used},
      {1, 1, 6, Errc::nonce_gap},
      {100, 1, 5, Errc::insufficient_balance},
      {1, 100, 5, Errc::insufficient_balance},
  }));
  const Address sender = Ledger::address(ledger.users[0]);
  ledger.state.load(sender, {units(100), 5});
  const CheckedTx tx = ledger.transfer(ledger.users[0], ledger.users[1], {amount, fee, nonce});
  const Status status = check_tx(ledger.state, tx.body());
  CHECK(status.has_value() == !code);
  if (code) CHECK(status.error().code == *code);
  CHECK(ledger.state.at(sender) == Account{units(100), 5});
}

TEST_CASE("a cost beyond the supply is no crash, whoever lets it through") {
  Ledger ledger;
  Tx body;
  body.from = Ledger::address(ledger.users[0]);
  body.fee = units(limits::supply_max);
  body.payload = Transfer{{}, units(limits::supply_max)};
  CHECK(check_tx(ledger.state, body).error().code == Errc::insufficient_balance);
}
