#include "chain/core/genesis.hpp"

#include <algorithm>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr Duration slot_min{100};
constexpr Duration slot_max{600'000};

Error bad_genesis(const std::string& what) { return error(Errc::bad_config, "genesis: " + what); }

bool is_chain_id(const std::string& text) {
  return !text.empty() && text.size() <= limits::chain_id_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                  c == '_';
         });
}

Status check_keys(std::string_view what, const std::vector<PublicKey>& keys) {
  std::vector<PublicKey> sorted = keys;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    return bad_genesis(std::string(what) + ": " + twice->hex() + " is listed twice");
  }
  for (const PublicKey& key : keys) {
    if (!is_valid_key(key)) {
      return bad_genesis(std::string(what) + ": " + key.hex() +
                         " is not a valid Ed25519 public key");
    }
  }
  return ok();
}

Status check_authorities(const std::vector<PublicKey>& authorities) {
  if (authorities.empty() || authorities.size() > limits::authorities_max) {
    return bad_genesis("authorities: expected 1 to " + std::to_string(limits::authorities_max) +
                       " keys, got " + std::to_string(authorities.size()));
  }
  return check_keys("authorities", authorities);
}

Status check_minting(const Minting& minting) {
  if (minting.coordinators.size() > limits::coordinators_max) {
    return bad_genesis("receipts.coordinators: expected at most " +
                       std::to_string(limits::coordinators_max) + " keys, got " +
                       std::to_string(minting.coordinators.size()));
  }
  AITBC_TRY(check_keys("receipts.coordinators", minting.coordinators));
  if (minting.coordinator_ppm > limits::coordinator_ppm_max) {
    return bad_genesis("receipts.coordinator_ppm: expected 0 to 1000000");
  }
  if (minting.coordinators.empty() != (minting.reserve == Amount{})) {
    return bad_genesis("receipts: expected coordinators and a reserve, or neither");
  }
  if (!minting.coordinators.empty() && minting.mint_per_unit == Amount{}) {
    return bad_genesis("receipts.mint_per_unit: expected 1 or more");
  }
  return ok();
}

Status check_allocations(const Genesis& genesis) {
  const auto& allocations = genesis.allocations;
  if (allocations.size() > limits::genesis_accounts_max) return bad_genesis("accounts: too many");
  Amount supply = genesis.minting.reserve;
  for (std::size_t i = 0; i < allocations.size(); ++i) {
    const auto& [address, balance] = allocations[i];
    if (i > 0 && address <= allocations[i - 1].address) {
      return bad_genesis("accounts: " + to_text(address) + " is listed twice or out of order");
    }
    if (address == reserve_address()) {
      return bad_genesis("accounts: " + to_text(address) + " is the reserve; use receipts.reserve");
    }
    if (balance == Amount{})
      return bad_genesis("accounts: " + to_text(address) + " has a balance of 0");
    const auto sum = supply.plus(balance);
    if (!sum)
      return bad_genesis(
          "accounts: all balances and the reserve together exceed the largest supply, 2^53 - 1");
    supply = *sum;
  }
  return ok();
}

}  // namespace

std::string_view name(Quorum quorum) {
  switch (quorum) {
    case Quorum::majority:
      return "majority";
    case Quorum::bft:
      return "bft";
  }
  AITBC_CHECK(false && "a Quorum outside its enumerators");
}

std::optional<Quorum> parse_quorum(std::string_view word) {
  for (const Quorum quorum : {Quorum::majority, Quorum::bft}) {
    if (word == name(quorum)) return quorum;
  }
  return std::nullopt;
}

std::size_t quorum_of(Quorum quorum, std::size_t authorities) {
  switch (quorum) {
    case Quorum::majority:
      return authorities / 2 + 1;
    case Quorum::bft:
      return 2 * authorities / 3 + 1;
  }
  AITBC_CHECK(false && "a Quorum outside its enumerators");
}

Status check_genesis(const Genesis& genesis) {
  if (!is_chain_id(genesis.chain_id)) {
    return bad_genesis("chain_id: expected 1 to " + std::to_string(limits::chain_id_bytes_max) +
                       " of a-z 0-9 - . _");
  }
  if (genesis.slot < slot_min || genesis.slot > slot_max) {
    return bad_genesis("slot_ms: expected 100 to 600000");
  }
  if (genesis.tail_guard < Duration{0} || genesis.tail_guard >= genesis.slot) {
    return bad_genesis("tail_guard_ms: expected 0 up to less than slot_ms");
  }
  // Every number of the rules is exact in any JSON reader, times in milliseconds too.
  if (genesis.time < Time{} ||
      to_unix_ms(genesis.time) > static_cast<std::int64_t>(limits::supply_max)) {
    return bad_genesis("time: expected 1970 or later, at most 2^53 - 1 ms after it");
  }
  if (genesis.depth_max == 0 || genesis.depth_max > limits::depth_max_max) {
    return bad_genesis("depth_max: expected 1 to " + std::to_string(limits::depth_max_max));
  }
  AITBC_TRY(check_authorities(genesis.authorities));
  AITBC_TRY(check_minting(genesis.minting));
  return check_allocations(genesis);
}

Amount supply_of(const Genesis& genesis) {
  Amount supply = genesis.minting.reserve;
  for (const auto& allocation : genesis.allocations) {
    const auto sum = supply.plus(allocation.balance);
    AITBC_CHECK(sum.has_value());
    supply = *sum;
  }
  return supply;
}

std::vector<Genesis::Allocation> balances_of(const Genesis& genesis) {
  std::vector<Genesis::Allocation> balances = genesis.allocations;
  const Amount reserve = genesis.minting.reserve;
  if (reserve != Amount{}) balances.push_back({reserve_address(), reserve});
  return balances;
}

Address reserve_address() {
  static const Address address{hash("aitbc/reserve/1", {}).data};
  return address;
}

Buffer encode(const Genesis& genesis) {
  Encoder out;
  out.blob(as_bytes(genesis.chain_id));
  out.integer(static_cast<std::uint64_t>(to_unix_ms(genesis.time)));
  out.integer(static_cast<std::uint64_t>(genesis.slot.count()));
  out.integer(static_cast<std::uint64_t>(genesis.tail_guard.count()));
  out.integer(genesis.fee_min.units());
  out.integer(static_cast<std::uint8_t>(genesis.quorum));
  out.integer(genesis.depth_max);
  out.integer(static_cast<std::uint8_t>(genesis.devnet));
  out.integer(genesis.minting.mint_per_unit.units());
  out.integer(genesis.minting.coordinator_ppm);
  out.integer(genesis.minting.reserve.units());
  out.integer(static_cast<std::uint32_t>(genesis.minting.coordinators.size()));
  for (const PublicKey& key : genesis.minting.coordinators) out.fixed(key);
  out.integer(static_cast<std::uint32_t>(genesis.authorities.size()));
  for (const PublicKey& key : genesis.authorities) out.fixed(key);
  out.integer(static_cast<std::uint32_t>(genesis.allocations.size()));
  for (const auto& [address, balance] : genesis.allocations) {
    out.fixed(address);
    out.integer(balance.units());
  }
  return std::move(out).bytes();
}

Result<Genesis> decode_genesis(ByteView bytes) {
  Decoder in(bytes);
  const auto amount = [&] {
    const auto value = Amount::from(in.integer<std::uint64_t>());
    if (!value) in.fail();
    return value.value_or(Amount{});
  };
  const auto duration = [&] {
    const auto ms = in.integer<std::uint64_t>();
    if (ms > limits::supply_max) in.fail();
    return Duration{static_cast<std::int64_t>(ms & limits::supply_max)};
  };
  Genesis genesis;
  genesis.chain_id = as_text(in.blob(limits::chain_id_bytes_max));
  genesis.time = Time{duration()};
  genesis.slot = duration();
  genesis.tail_guard = duration();
  genesis.fee_min = amount();
  const auto quorum = in.integer<std::uint8_t>();
  if (quorum > static_cast<std::uint8_t>(Quorum::bft)) in.fail();
  genesis.quorum = quorum == 0 ? Quorum::majority : Quorum::bft;
  genesis.depth_max = in.integer<std::uint64_t>();
  const auto devnet = in.integer<std::uint8_t>();
  if (devnet > 1) in.fail();
  genesis.devnet = devnet == 1;
  genesis.minting.mint_per_unit = amount();
  genesis.minting.coordinator_ppm = in.integer<std::uint32_t>();
  genesis.minting.reserve = amount();
  const std::size_t coordinators = in.count(limits::coordinators_max, PublicKey::size);
  for (std::size_t i = 0; i < coordinators; ++i) {
    genesis.minting.coordinators.push_back(in.fixed<PublicKey>());
  }
  const std::size_t keys = in.count(limits::authorities_max, PublicKey::size);
  for (std::size_t i = 0; i < keys; ++i) genesis.authorities.push_back(in.fixed<PublicKey>());
  const std::size_t accounts = in.count(limits::genesis_accounts_max, Address::size + 8);
  genesis.allocations.reserve(accounts);
  for (std::size_t i = 0; i < accounts; ++i) {
    const Address address = in.fixed<Address>();
    genesis.allocations.push_back({address, amount()});
  }
  AITBC_TRY(in.finish("genesis"));
  AITBC_TRY(check_genesis(genesis));
  return genesis;
}

GenesisHash hash_of(const Genesis& genesis) {
  return GenesisHash{hash("aitbc/genesis/1", {encode(genesis)}).data};
}

Params params_of(const Genesis& genesis) {
  return {genesis.chain_id, hash_of(genesis), genesis.time,      genesis.slot,   genesis.tail_guard,
          genesis.fee_min,  genesis.quorum,   genesis.depth_max, genesis.devnet, genesis.minting};
}

Tip genesis_tip(const Params& params) { return {0, 0, BlockId{params.genesis_hash.data}}; }

}  // namespace aitbc
