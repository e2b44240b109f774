#pragma once
// Amounts and accounts by their units alone.

#include "chain/core/state.hpp"

namespace aitbc::test {

inline Amount units(std::uint64_t value) { return Amount::from(value).value(); }

inline Account account(std::uint64_t balance, Nonce nonce = 0) { return {units(balance), nonce}; }

}  // namespace aitbc::test
