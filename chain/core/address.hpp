#pragma once
// Who may spend: a policy of one key, or of m out of n keys (one key is 1 of 1). An account's
// address is the hash of its policy; people see it as bech32m text (BIP-350) with prefix "aitbc".

#include <string>
#include <string_view>
#include <vector>

#include "chain/core/codec.hpp"

namespace aitbc {

using Address = Bytes<32, struct AddressTag>;

struct Policy {
  std::uint8_t threshold = 1;
  std::vector<PublicKey> keys;  // ascending, distinct

  static Policy single(const PublicKey& key) { return {1, {key}}; }
  bool operator==(const Policy&) const = default;
};

// Sorts the keys; bad_policy unless check_policy() holds and every key is a valid point, so that
// nobody makes an address that cannot be spent from.
Result<Policy> make_policy(std::size_t threshold, std::vector<PublicKey> keys);
// 1 <= threshold <= keys <= limits::policy_keys_max, keys ascending and distinct. What the rules
// ask of a transaction: a key that is no valid point makes no signature that verify() accepts.
Status check_policy(const Policy&);

void encode(Encoder&, const Policy&);
Policy decode_policy(Decoder&);  // shape only: check_policy() judges the keys

Address address_of(const Policy&);

std::string to_text(const Address&);
// bad_address for anything but the exact lower-case text that to_text() prints.
Result<Address> parse_address(std::string_view text);

}  // namespace aitbc
