#include "chain/core/dev_account.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc {

bool is_dev_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= limits::dev_name_bytes_max &&
         std::all_of(text.begin(), text.end(), allowed);
}

KeyPair dev_key(std::string_view name) {
  AITBC_CHECK(is_dev_name(name));
  return KeyPair(Seed(hash("aitbc/dev-account/1", {as_bytes(name)}).data));
}

Result<Address> resolve_address(const Params& params, std::string_view text) {
  if (params.devnet && is_dev_name(text)) {
    return address_of(Policy::single(dev_key(text).public_key()));
  }
  auto address = parse_address(text);
  if (address || params.devnet || !is_dev_name(text)) return address;
  return error(Errc::bad_address, address.error().detail +
                                      "; a name stands for an account on devnets alone, and " +
                                      params.chain_id + " is none");
}

}  // namespace aitbc
