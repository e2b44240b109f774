#pragma once
// The accounts that `aitbc bench` pays from. They are the same in every run, and the faucet of the
// devnet gives them what they lack. Main thread only.

#include "cli/load.hpp"

namespace aitbc::cli {

// So many accounts with at least so much each, once every node knows of it: on one head, and
// nothing waits for a block. timeout if that takes too long.
Outcome<std::vector<LoadAccount>> funded_accounts(Invocation& invocation,
                                                  const std::vector<NodeAddress>& nodes,
                                                  const Params& params, std::size_t count,
                                                  Amount each);

}  // namespace aitbc::cli
