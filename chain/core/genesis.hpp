#pragma once
// The genesis: what every node of a chain must have in common. The file is distributed, never made
// per node; the hash of its canonical encoding names the chain and is the id of block 0.

#include <string>
#include <vector>

#include "chain/core/block.hpp"
#include "chain/core/time.hpp"

namespace aitbc {

// How many votes make a block final: more than half of the authorities, or more than two thirds.
enum class Quorum : std::uint8_t { majority, bft };
std::string_view name(Quorum);
std::optional<Quorum> parse_quorum(std::string_view word);
// How many authorities prove something. `majority` if they may crash but do not lie; `bft` if up to
// a third may do anything.
std::size_t quorum_of(Quorum, std::size_t authorities);

// What receipts of work mint, and who may sign them.
struct Minting {
  Amount mint_per_unit;                 // to the miner, for each unit of work
  std::uint32_t coordinator_ppm = 0;    // of that, to the coordinator in addition; in millionths
  Amount reserve;                       // out of which all of it comes
  std::vector<PublicKey> coordinators;  // distinct; with none there are no receipts
  bool operator==(const Minting&) const = default;
};

struct Genesis {
  struct Allocation {
    Address address;
    Amount balance;
    bool operator==(const Allocation&) const = default;
  };

  std::string chain_id;  // lower-case letters, digits, '-', '.', '_'
  Time time;             // the start of slot 0
  Duration slot{2'000};
  Duration tail_guard{500};  // no sealing in the last part of a slot
  Amount fee_min;
  Quorum quorum = Quorum::majority;
  std::uint64_t depth_max = 32;  // blocks above the final one, before sealing slows down
  bool devnet = false;           // faucets and, later, faults are for devnets only
  Minting minting;
  std::vector<PublicKey> authorities;   // in the order of their turns
  std::vector<Allocation> allocations;  // ascending by address, distinct, above zero
  bool operator==(const Genesis&) const = default;
};

// What the rules need of a genesis, computed once.
struct Params {
  std::string chain_id;
  GenesisHash genesis_hash;
  Time genesis_time;
  Duration slot{};
  Duration tail_guard{};
  Amount fee_min;
  Quorum quorum = Quorum::majority;
  std::uint64_t depth_max = 0;
  bool devnet = false;
  Minting minting;
};

// bad_config with the offending field, e.g. a key twice, or a supply over limits::supply_max.
Status check_genesis(const Genesis&);
GenesisHash hash_of(const Genesis&);
Params params_of(const Genesis&);
Tip genesis_tip(const Params&);
// The accounts' balances and the reserve.
Amount supply_of(const Genesis&);
// Of the accounts and, if there is one, of the reserve: what the first state holds.
std::vector<Genesis::Allocation> balances_of(const Genesis&);

// What no transaction has minted yet lies here. No policy hashes to it, so nobody can spend it;
// what somebody pays into it can be minted too.
Address reserve_address();

Buffer encode(const Genesis&);
Result<Genesis> decode_genesis(ByteView);

}  // namespace aitbc
