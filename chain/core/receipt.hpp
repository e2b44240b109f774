#pragma once
// Compute receipts: what a coordinator signed about work that a miner did, in the predecessor's
// canonical JSON, and what a claim of one mints. An id is claimed once: the claim leaves nonce 1 on
// an account that nobody can own, so that the state itself, its root, undo and proofs know of it.
// What is minted comes out of a reserve of the genesis, so the supply stays what it is. Pure.

#include <string>
#include <string_view>

#include "chain/core/canonical_json.hpp"
#include "chain/core/genesis.hpp"

namespace aitbc {

class Accounts;

// mantissa x 10^exponent, exactly as it was written.
struct Decimal {
  std::uint64_t mantissa = 0;  // below 10^18, no multiple of 10
  int exponent = 0;
  bool operator==(const Decimal&) const = default;
};
// The value of a JSON number above zero, of at most 18 digits between the first and the last that
// is not 0; nullopt for any other number.
std::optional<Decimal> parse_decimal(std::string_view text);
// floor(value x factor); nullopt above limits::supply_max.
std::optional<Amount> floor_of(Decimal value, std::uint64_t factor);

// 1 to limits::receipt_id_bytes_max of letters, digits, '.', '_', ':' and '-'.
bool is_receipt_id(std::string_view text);

struct Receipt {
  std::string id, job_id;
  std::string provider;  // the miner: an address, or on a devnet a name
  Decimal units;
};
// bad_receipt unless the text is canonical, within limits::receipt_bytes_max, and has these fields.
Result<Receipt> read_receipt(std::string_view text);

// What a claim pays if it takes effect.
struct Mint {
  Address marker, miner, coordinator;
  Amount to_miner, to_coordinator;
  Amount total;  // of both: what the reserve loses
  bool operator==(const Mint&) const = default;
};
// units x mint_per_unit for the miner, rounded down, and the coordinator's part of that on top,
// rounded down too. bad_receipt; bad_address for a provider that is no account; bad_amount for less
// than one unit, or more than the supply.
Result<Mint> mint_of(const Params&, const ReceiptClaim&);

// Whose nonce is 1 once the receipt is claimed.
Address marker_of(std::string_view receipt_id);

// receipt_claimed, or refused when the reserve cannot pay. A claim of which this is said may stand
// in a block, pays its fee and changes nothing else.
Status check_claim(const Accounts&, const Mint&);

// For all the receipts of a chain together.
struct Minted {
  std::uint64_t receipts = 0;
  Amount amount;
  bool operator==(const Minted&) const = default;
};

}  // namespace aitbc
