#pragma once
// The limit of this machine: nothing that checks each transaction's signature can be faster. Starts
// threads of its own and ends them.

#include <cstdint>

#include "chain/core/time.hpp"

namespace aitbc::cli {

// Ed25519 checks a second of as many threads, as transactions have them. Takes so long.
std::uint64_t signature_checks_per_s(unsigned threads, Duration takes);

}  // namespace aitbc::cli
