#pragma once
// A node put together and run: genesis, store, runner, HTTP server, in this order, and taken apart
// in the other one. Owns the process: it masks signals and must be called from the main thread
// before any other thread exists.

#include "chain/core/genesis.hpp"
#include "chain/log.hpp"
#include "cli/config.hpp"

namespace aitbc::cli {

// Returns when SIGTERM or SIGINT arrives, or when the store or the server failed. Errors say what
// to do about them.
Status run_node(const NodeConfig& config, Log& log);

// The name of this very process, unlike any other's.
std::string new_instance();

Result<Genesis> read_genesis_file(const std::string& path);

}  // namespace aitbc::cli
