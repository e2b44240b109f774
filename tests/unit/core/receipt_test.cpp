#include "chain/core/receipt.hpp"

#include <catch2/catch.hpp>

#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::Ledger;

namespace {

// The predecessor's published sample, with the text that it signs.
constexpr std::string_view sample_seed =
    "e2c35a46318ec09cf1cc04f06c4ba18bf2cd3f0ed318d986f01228bdbf9fd326";
constexpr std::string_view sample_key =
    "4c9bc7d00f69924d1cdee40c3650a2bcbb37191de2d53d93b5f21b2d3d27dbd4";
constexpr std::string_view sample_signature =
    "7d29a89294b3e7ea9fd17c30b8138136c78838d44cdd8e819ab928e2813a998d"
    "274bf9e8abfdf343dcbcec277722431cb774b955ef94442ec3f1354188192f02";
constexpr std::string_view sample =
    R"({"artifact_hash":"sha256:deadbeef...","chain_id":12345,"client":"ait1clientabc...",)"
    R"("completed_at":1695720002,"coordinator_id":"coord-eu-west-1","job_id":"job-abc123",)"
    R"("model":"runwayml/stable-diffusion-v1-5","nonce":"b7f3d10b","price":4.2,)"
    R"("prompt_hash":"sha256:cf1f...","provider":"ait1minerxyz...",)"
    R"("receipt_id":"rcpt-20250926-000123","started_at":1695720000,"unit_type":"gpu_seconds",)"
    R"("units":1.9,"version":"1.0"})";

std::uint64_t units_of(const Ledger& ledger, const KeyPair& key) {
  return ledger.account(key).balance.units();
}

Errc code(const Status& status) {
  REQUIRE_FALSE(status);
  return status.error().code;
}

Status check(const Ledger& ledger, const ReceiptClaim& claim) {
  auto checked = CheckedTx::check(ledger.params, ledger.signed_tx(ledger.users[0], claim, {}));
  if (!checked) return std::move(checked).error();
  return ok();
}

struct ReceiptLedger {
  Ledger ledger{{.reserve = 100'000}};
  const KeyPair& payer = ledger.users[0];
  const KeyPair& miner = ledger.users[1];
  const Address reserve = reserve_address();

  CheckedTx claim(std::string_view id, std::string_view units, Nonce ahead = 0) const {
    Ledger::Spend spend;
    spend.nonce = ledger.account(payer).nonce + ahead;
    return ledger.checked_tx(payer, ledger.claim(id, units, miner), spend);
  }
  std::uint64_t reserve_units() const { return ledger.state.at(reserve).balance.units(); }
  Effects add(const std::vector<CheckedTx>& txs) {
    return ledger.apply(ledger.make_block(txs)).value();
  }
};

}  // namespace

TEST_CASE("the predecessor's sample is read, and its signature holds") {
  const KeyPair coordinator{Seed(Hash::parse(sample_seed).value().data)};
  CHECK(coordinator.public_key().hex() == sample_key);
  CHECK(coordinator.sign(as_bytes(sample)).hex() == sample_signature);
  const Receipt receipt = read_receipt(sample).value();
  CHECK(receipt.id == "rcpt-20250926-000123");
  CHECK(receipt.job_id == "job-abc123");
  CHECK(receipt.provider == "ait1minerxyz...");
  CHECK(receipt.units == Decimal{19, -1});

  Ledger ledger({.reserve = 1'000'000});
  ledger.params.minting.coordinators = {coordinator.public_key()};
  const ReceiptClaim claim{std::string(sample), coordinator.public_key(),
                           Signature::parse(sample_signature).value()};
  CHECK(check(ledger, claim));
  const Mint mint = mint_of(ledger.params, claim).value();
  CHECK(mint.to_miner.units() == 1'900);
  CHECK(mint.to_coordinator.units() == 95);
  CHECK(mint.total.units() == 1'995);
  CHECK(mint.coordinator == Ledger::address(coordinator));
  CHECK(mint.marker == marker_of("rcpt-20250926-000123"));
}

TEST_CASE("units are decimals, exactly as they are written") {
  const std::pair<std::string_view, std::optional<Decimal>> cases[] = {
      {"1", Decimal{1, 0}},
      {"1.9", Decimal{19, -1}},
      {"1.90", Decimal{19, -1}},
      {"100", Decimal{1, 2}},
      {"1e-05", Decimal{1, -5}},
      {"1.5E+3", Decimal{15, 2}},
      {"0.001", Decimal{1, -3}},
      {"123456789012345678", Decimal{123'456'789'012'345'678, 0}},
      {"0.30000000000000004", Decimal{30'000'000'000'000'004, -17}},
      {"1234567890123456789", std::nullopt},
      {"0", std::nullopt},
      {"0.0e5", std::nullopt},
      {"-1", std::nullopt},
      {"1e1000", std::nullopt},
      {"", std::nullopt},
      {"1.2.3", std::nullopt},
  };
  for (const auto& [text, expected] : cases) {
    INFO(text);
    CHECK(parse_decimal(text) == expected);
  }
}

TEST_CASE("what is minted is rounded down, without a double in between") {
  const auto floor = [](std::string_view units, std::uint64_t factor) {
    const auto amount = floor_of(parse_decimal(units).value(), factor);
    return amount ? std::optional(amount->units()) : std::nullopt;
  };
  CHECK(floor("1.9", 1'000) == 1'900);
  CHECK(floor("0.0019", 1'000) == 1);
  CHECK(floor("0.0009999", 1'000) == 0);
  CHECK(floor("1e-300", 1'000) == 0);
  CHECK(floor("4.35", 100) == 435);  // of doubles it is 434.99999999999994
  CHECK(floor("1", limits::supply_max) == limits::supply_max);
  CHECK(floor("1.0000000000000002", limits::supply_max) == std::nullopt);
  CHECK(floor("1e15", 10) == std::nullopt);
  CHECK(floor("1e300", 1) == std::nullopt);
  CHECK(floor("999999999999999999e-18", limits::supply_max) == limits::supply_max - 1);
}

TEST_CASE("a receipt must be canonical and have what a claim needs") {
  const auto with = [](std::string_view id, std::string_view units) {
    return Ledger::receipt(id, units, "alice");
  };
  CHECK(read_receipt(with("r", "1")));
  const std::pair<std::string, std::string_view> cases[] = {
      {"[]", "expected a JSON object"},
      {"{", "byte 1: expected a key"},
      {R"({"receipt_id":"r","job_id":"j"})", "expected canonical JSON"},
      {with("r", "1") + " ", "expected canonical JSON"},
      {R"({"a":null})", "expected canonical JSON"},
      {R"({"attestations":[]})", "no part of what is signed"},
      {R"({"signature":{}})", "no part of what is signed"},
      {with("", "1"), "receipt_id: expected a text of 1 to 64 bytes"},
      {with(std::string(65, 'r'), "1"), "receipt_id: expected a text of 1 to 64 bytes"},
      {with("a/b", "1"), "receipt_id: expected letters"},
      {with("r", "0"), "units: expected a number above zero"},
      {with("r", "-1"), "units: expected a number above zero"},
      {with("r", R"("1")"), "units: expected a number above zero"},
      {R"({"receipt_id":"r"})", "job_id: expected a text"},
      {R"({"job_id":"j","receipt_id":"r","units":1})", "provider: expected a text"},
      {R"({"job_id":"j","provider":"p","receipt_id":"r"})", "units: expected a number"},
      {R"({"a":")" + std::string(limits::receipt_bytes_max, 'a') + "\"}", "at most 4096 bytes"},
  };
  for (const auto& [text, expected] : cases) {
    const auto receipt = read_receipt(text);
    REQUIRE_FALSE(receipt);
    INFO(receipt.error().detail);
    CHECK(receipt.error().detail.find(expected) != std::string::npos);
  }
}

TEST_CASE("only a coordinator of the genesis can sign, and only what is claimed") {
  ReceiptLedger fixture;
  const Ledger& ledger = fixture.ledger;
  const ReceiptClaim good = ledger.claim("r", "1", fixture.miner);
  CHECK(check(ledger, good));

  ReceiptClaim changed = good;
  changed.receipt = Ledger::receipt("r", "2", to_text(Ledger::address(fixture.miner)));
  CHECK(code(check(ledger, changed)) == Errc::bad_signature);

  ReceiptClaim stranger = good;
  stranger.coordinator = fixture.miner.public_key();
  stranger.signature = fixture.miner.sign(as_bytes(good.receipt));
  CHECK(code(check(ledger, stranger)) == Errc::bad_receipt);

  const Ledger without;
  CHECK(code(check(without, without.claim("r", "1", without.users[1]))) == Errc::bad_receipt);
}

TEST_CASE("a claim that can never mint is refused by its form") {
  ReceiptLedger fixture;
  Ledger& ledger = fixture.ledger;
  CHECK(code(check(ledger, ledger.claim("r", "0.0009", fixture.miner))) == Errc::bad_amount);
  CHECK(code(check(ledger, ledger.claim("r", "1e13", fixture.miner))) == Errc::bad_amount);
  CHECK(code(check(ledger, ledger.claim("r", "9e12", fixture.miner))) == Errc::bad_amount);
  CHECK(check(ledger, ledger.claim("r", "0.001", fixture.miner)));
  CHECK(check(ledger, ledger.claim(Ledger::receipt("r", "1", "alice"))));
  CHECK(code(check(ledger, ledger.claim(Ledger::receipt("r", "1", "no name")))) ==
        Errc::bad_address);
  ledger.params.devnet = false;
  CHECK(code(check(ledger, ledger.claim(Ledger::receipt("r", "1", "alice")))) == Errc::bad_address);
}

TEST_CASE("a claim pays miner and coordinator out of the reserve") {
  ReceiptLedger fixture;
  const Effects effects = fixture.add({fixture.claim("r", "1.9999")});
  CHECK(effects.claims == std::vector<std::uint32_t>{0});
  CHECK(units_of(fixture.ledger, fixture.miner) == 1'000 + 1'999);
  CHECK(units_of(fixture.ledger, fixture.ledger.coordinator) == 99);
  CHECK(units_of(fixture.ledger, fixture.payer) == 1'000 - 1);
  CHECK(fixture.reserve_units() == 100'000 - 1'999 - 99);
  CHECK(fixture.ledger.state.at(marker_of("r")) == Account{{}, 1});

  fixture.ledger.state.undo(effects);
  CHECK(fixture.ledger.state.root() == State::of(fixture.ledger.genesis).root());
}

TEST_CASE("a receipt is claimed once, in one block or in two, whoever asks") {
  ReceiptLedger fixture;
  const CheckedTx again = fixture.claim("r", "1", 1);
  const Effects effects = fixture.add({fixture.claim("r", "1"), again});
  CHECK(effects.claims == std::vector<std::uint32_t>{0});
  CHECK(units_of(fixture.ledger, fixture.miner) == 2'000);
  CHECK(code(check_claim(fixture.ledger.state, *again.mint())) == Errc::receipt_claimed);

  // The same id with other units is the same receipt.
  const CheckedTx other = fixture.ledger.checked_tx(
      fixture.ledger.users[2], fixture.ledger.claim("r", "5", fixture.miner), {});
  CHECK(fixture.add({other}).claims.empty());
  CHECK(units_of(fixture.ledger, fixture.miner) == 2'000);
  CHECK(units_of(fixture.ledger, fixture.ledger.users[2]) == 999);
  CHECK(fixture.reserve_units() == 100'000 - 1'050);
}

TEST_CASE("what the reserve cannot pay is not minted, and can be claimed once it can") {
  ReceiptLedger fixture;
  const CheckedTx first = fixture.claim("big", "95.5");
  CHECK(code(check_claim(fixture.ledger.state, *first.mint())) == Errc::refused);
  CHECK(fixture.add({first}).claims.empty());
  CHECK(fixture.reserve_units() == 100'000);
  CHECK(fixture.ledger.state.at(marker_of("big")) == Account{});

  const CheckedTx refill =
      fixture.ledger.transfer(fixture.ledger.users[2], fixture.reserve, {.amount = 275});
  const Effects effects = fixture.add({refill, fixture.claim("big", "95.5")});
  CHECK(effects.claims == std::vector<std::uint32_t>{1});
  CHECK(fixture.reserve_units() == 0);
}

TEST_CASE("a marker with money on it is a marker still") {
  ReceiptLedger fixture;
  const Address marker = marker_of("r");
  fixture.add(
      {fixture.ledger.transfer(fixture.payer, marker, {.amount = 7}), fixture.claim("r", "1", 1)});
  CHECK(fixture.ledger.state.at(marker) == Account{*Amount::from(7), 1});
  CHECK(units_of(fixture.ledger, fixture.miner) == 2'000);
}
