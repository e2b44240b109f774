#pragma once
// What no block may ever do, whatever the code above it believes. A violation is our bug, so it
// stops the process before anything is stored.

#include <span>

#include "chain/core/apply.hpp"

namespace aitbc {

// Aborts unless: effects are sorted, distinct and real changes; the supply stays; no nonce falls;
// each sender's nonce grows by exactly the number of its transactions, that of a receipt's marker
// from 0 to 1 by the one claim that minted, and no other does; the reserve loses exactly what the
// claims minted, and gets what is paid into it.
void check_invariants(std::span<const CheckedTx> txs, const Effects&);

}  // namespace aitbc
