#pragma once
// What no block may ever do, whatever the code above it believes. A violation is our bug, so it
// stops the process before anything is stored.

#include <span>

#include "chain/core/apply.hpp"

namespace aitbc {

// Aborts unless: effects are sorted, distinct and real changes; the supply stays; no nonce falls;
// each sender's nonce grows by exactly the number of its transactions, and no other does.
void check_invariants(std::span<const CheckedTx> txs, const Effects&);

}  // namespace aitbc
