#pragma once
// Blocks as votes name them, for tests that need no chain.

#include "chain/core/vote.hpp"

namespace aitbc::test {

inline Checkpoint block(Height height, Byte branch = 0) {
  BlockId id;
  id.data[0] = static_cast<Byte>(height);
  id.data[1] = branch;
  return {height, id};
}

}  // namespace aitbc::test
