#pragma once
// A block's place in the chain.

#include <cstdint>

#include "chain/core/bytes.hpp"

namespace aitbc {

using Height = std::uint64_t;  // block 0 is the genesis
using Slot = std::uint64_t;    // since the genesis time; a block's time is the start of its slot

// Enough to compare two branches (see better() in poa.hpp).
struct Tip {
  Height height = 0;
  Slot slot = 0;
  BlockId id;
  bool operator==(const Tip&) const = default;
};

}  // namespace aitbc
