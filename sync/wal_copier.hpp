#pragma once
// Keeps the log of a node's database short on a thread of its own, so that no decision waits while
// pages are copied and synced. If that thread falls behind, a commit does it at the log's bound.

#include <memory>
#include <string>

#include "chain/store.hpp"

namespace aitbc::sync {

// open_sqlite_store() with that thread, which starts with the first log that is long
// enough, and ends with the store.
Result<std::unique_ptr<Store>> open_node_store(const std::string& path);

}  // namespace aitbc::sync
