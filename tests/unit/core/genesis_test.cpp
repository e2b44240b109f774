#include "chain/core/genesis.hpp"

#include <functional>

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"
#include "tests/support/amounts.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;
using test::units;

namespace {

Address address_number(Byte number) {
  Address address;
  address.data[31] = number;
  return address;
}

Genesis good_genesis() {
  gen::Rng rng(1);
  Genesis genesis;
  genesis.chain_id = "ait-devnet";
  genesis.time = from_unix_ms(1'700'000'000'000);
  genesis.fee_min = units(1);
  genesis.authorities = gen::public_keys(gen::keys(rng, 3));
  genesis.minting = {units(1'000), 50'000, units(400), gen::public_keys(gen::keys(rng, 1))};
  genesis.allocations = {{address_number(1), units(100)}, {address_number(2), units(200)}};
  return genesis;
}

struct GenesisEdit {
  std::string what;
  std::function<void(Genesis&)> make;
};

const std::vector<GenesisEdit> changes_to_bad = {
    {"receipts.mint_per_unit", [](Genesis& g) { g.minting.mint_per_unit = {}; }},
    {"receipts.coordinator_ppm", [](Genesis& g) { g.minting.coordinator_ppm = 1'000'001; }},
    {"coordinators and a reserve", [](Genesis& g) { g.minting.coordinators.clear(); }},
    {"coordinators and a reserve", [](Genesis& g) { g.minting.reserve = {}; }},
    {"receipts.coordinators",
     [](Genesis& g) { g.minting.coordinators.push_back(g.minting.coordinators[0]); }},
    {"receipts.coordinators", [](Genesis& g) { g.minting.coordinators[0] = {}; }},
    {"receipts.coordinators: expected at most 100",
     [](Genesis& g) { g.minting.coordinators.resize(101); }},
    {"the reserve together exceed",
     [](Genesis& g) { g.minting.reserve = units(limits::supply_max - 299); }},
    {"use receipts.reserve",
     [](Genesis& g) {
       g.allocations = {{reserve_address(), units(1)}};
     }},
    {"chain_id", [](Genesis& g) { g.chain_id = ""; }},
    {"chain_id", [](Genesis& g) { g.chain_id = std::string(65, 'a'); }},
    {"chain_id", [](Genesis& g) { g.chain_id = "Ait"; }},
    {"chain_id", [](Genesis& g) { g.chain_id = "a b"; }},
    {"chain_id", [](Genesis& g) { g.chain_id = "a/b"; }},
    {"chain_id", [](Genesis& g) { g.chain_id = std::string("a\0b", 3); }},
    {"chain_id", [](Genesis& g) { g.chain_id = "\xc3\xa4"; }},
    {"slot_ms",
     [](Genesis& g) {
       g.slot = Duration{99};
       g.tail_guard = Duration{0};
     }},
    {"slot_ms", [](Genesis& g) { g.slot = Duration{600'001}; }},
    {"slot_ms", [](Genesis& g) { g.slot = Duration{0}; }},
    {"slot_ms", [](Genesis& g) { g.slot = Duration{-2'000}; }},
    {"tail_guard_ms", [](Genesis& g) { g.tail_guard = Duration{-1}; }},
    {"tail_guard_ms", [](Genesis& g) { g.tail_guard = g.slot; }},
    {"time", [](Genesis& g) { g.time = from_unix_ms(-1); }},
    {"time", [](Genesis& g) { g.time = from_unix_ms(std::int64_t{1} << 53); }},
    {"depth_max", [](Genesis& g) { g.depth_max = 0; }},
    {"depth_max", [](Genesis& g) { g.depth_max = limits::depth_max_max + 1; }},
    {"authorities", [](Genesis& g) { g.authorities.clear(); }},
    {"authorities", [](Genesis& g) { g.authorities.assign(101, g.authorities[0]); }},
    {"listed twice", [](Genesis& g) { g.authorities.push_back(g.authorities[0]); }},
    {"not a valid Ed25519", [](Genesis& g) { g.authorities[1] = PublicKey{}; }},
    {"accounts", [](Genesis& g) { std::swap(g.allocations[0], g.allocations[1]); }},
    {"accounts", [](Genesis& g) { g.allocations[1].address = g.allocations[0].address; }},
    {"balance of 0", [](Genesis& g) { g.allocations[0].balance = Amount{}; }},
    {"supply", [](Genesis& g) { g.allocations[0].balance = units(limits::supply_max); }},
};

const std::vector<GenesisEdit> changes_to_good = {
    {"shortest name", [](Genesis& g) { g.chain_id = "a"; }},
    {"longest name", [](Genesis& g) { g.chain_id = std::string(64, '-'); }},
    {"all letters", [](Genesis& g) { g.chain_id = "az09-._"; }},
    {"time 0", [](Genesis& g) { g.time = Time{}; }},
    {"last time", [](Genesis& g) { g.time = from_unix_ms((std::int64_t{1} << 53) - 1); }},
    {"shortest slot",
     [](Genesis& g) {
       g.slot = Duration{100};
       g.tail_guard = Duration{99};
     }},
    {"longest slot", [](Genesis& g) { g.slot = Duration{600'000}; }},
    {"no guard", [](Genesis& g) { g.tail_guard = Duration{0}; }},
    {"no fee", [](Genesis& g) { g.fee_min = Amount{}; }},
    {"least depth", [](Genesis& g) { g.depth_max = 1; }},
    {"devnet", [](Genesis& g) { g.devnet = true; }},
    {"one authority", [](Genesis& g) { g.authorities.resize(1); }},
    {"other order", [](Genesis& g) { std::swap(g.authorities[0], g.authorities[1]); }},
    {"no accounts", [](Genesis& g) { g.allocations.clear(); }},
    {"all of the supply",
     [](Genesis& g) { g.allocations[0].balance = units(limits::supply_max - 600); }},
    {"mint_per_unit", [](Genesis& g) { g.minting.mint_per_unit = units(1); }},
    {"all to the coordinator, too", [](Genesis& g) { g.minting.coordinator_ppm = 1'000'000; }},
    {"reserve", [](Genesis& g) { g.minting.reserve = units(1); }},
    {"no receipts", [](Genesis& g) { g.minting = {}; }},
};

}  // namespace

TEST_CASE("a genesis that breaks a rule is refused, naming the field") {
  for (const auto& [what, make] : changes_to_bad) {
    Genesis genesis = good_genesis();
    REQUIRE(check_genesis(genesis));
    make(genesis);
    const Status status = check_genesis(genesis);
    INFO(what);
    REQUIRE_FALSE(status);
    CHECK(status.error().code == Errc::bad_config);
    CHECK_THAT(status.error().detail, Catch::Contains(what));
  }
}

TEST_CASE("a genesis at its limits is good, and each of its fields is part of its hash") {
  const GenesisHash hash = hash_of(good_genesis());
  for (const auto& [what, make] : changes_to_good) {
    Genesis genesis = good_genesis();
    make(genesis);
    INFO(what);
    CHECK(check_genesis(genesis));
    CHECK(hash_of(genesis) != hash);
    CHECK(decode_genesis(encode(genesis)).value() == genesis);
  }
}

TEST_CASE("an encoding of a bad genesis is refused when it is read") {
  for (const auto& [what, make] : changes_to_bad) {
    Genesis genesis = good_genesis();
    make(genesis);
    INFO(what);
    CHECK_FALSE(decode_genesis(encode(genesis)));
  }
}

TEST_CASE("a genesis encoding with a value out of range is refused") {
  const Genesis genesis = good_genesis();
  const Buffer good = encode(genesis);
  const std::size_t fee_at = 4 + genesis.chain_id.size() + 3 * 8;
  const std::size_t quorum_at = fee_at + 8;
  const std::size_t devnet_at = quorum_at + 1 + 8;
  const std::size_t coordinators_at = devnet_at + 1 + 8 + 4 + 8;
  const std::size_t keys_at = coordinators_at + 4 + PublicKey::size;
  struct Case {
    std::size_t at;
    Byte value;
  };
  const auto [at, value] = GENERATE_COPY(values<Case>({
      {0, 1},
      {3, 65},
      {fee_at, 1},
      {quorum_at, 2},
      {devnet_at, 2},
      {devnet_at + 1, 1},
      {coordinators_at - 8, 1},
      {coordinators_at + 3, 101},
      {keys_at, 0x10},
      {keys_at + 3, 101},
      {good.size() - 8, 1},
  }));
  Buffer bad = good;
  bad[at] = value;
  CHECK(decode_genesis(bad).error().code == Errc::bad_encoding);
}

TEST_CASE("every cut of a genesis is refused") {
  const Buffer bytes = encode(good_genesis());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(decode_genesis(ByteView(bytes).first(size)).error().code == Errc::bad_encoding);
  }
}

TEST_CASE("the parameters repeat the genesis and name block 0 by its hash") {
  const Genesis genesis = good_genesis();
  const Params params = params_of(genesis);
  CHECK(params.chain_id == genesis.chain_id);
  CHECK(params.genesis_hash == hash_of(genesis));
  CHECK(params.genesis_time == genesis.time);
  CHECK(params.slot == genesis.slot);
  CHECK(params.tail_guard == genesis.tail_guard);
  CHECK(params.fee_min == genesis.fee_min);
  CHECK(params.devnet == genesis.devnet);
  const Tip tip = genesis_tip(params);
  CHECK(tip.height == 0);
  CHECK(tip.slot == 0);
  CHECK(tip.id.data == params.genesis_hash.data);
}

TEST_CASE("the supply is the sum of the allocations") {
  Genesis genesis = good_genesis();
  CHECK(supply_of(genesis) == units(700));
  genesis.allocations.clear();
  genesis.minting = {};
  CHECK(supply_of(genesis) == Amount{});
}
