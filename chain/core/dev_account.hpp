#pragma once
// Accounts for people on devnets: a name stands for the account of a key that is derived from it,
// as with the well-known development accounts of other chains. Anybody can derive it, so it holds
// nothing of value; nowhere but on a devnet is a name an address. Pure functions.

#include <string_view>

#include "chain/core/address.hpp"
#include "chain/core/crypto.hpp"
#include "chain/core/genesis.hpp"

namespace aitbc {

// 1 to limits::dev_name_bytes_max of letters, digits, '.', '_' and '-': no text that looks like
// another one, and none as long as an address.
bool is_dev_name(std::string_view);
// The same on every devnet.
KeyPair dev_key(std::string_view name);

// An address, or on a devnet a name. bad_address for anything else.
Result<Address> resolve_address(const Params&, std::string_view text);

}  // namespace aitbc
