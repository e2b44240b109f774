#pragma once
// The store of a real node: one SQLite database, one writer, readers beside it.

#include <functional>
#include <string>

#include "chain/store.hpp"

namespace aitbc {

// Opens or creates the database at `path` for this process alone (see FileLock: `path`.lock) and
// brings it to this version's schema. in_use, newer_schema, corrupt or storage otherwise. Snapshots
// of its reader must end before the store does. `wal_told`, if any, is called after each commit,
// by the thread that commits, with the bytes that the log beside the database holds.
Result<std::unique_ptr<Store>> open_sqlite_store(
    const std::string& path, std::function<void(std::size_t bytes)> wal_told = nullptr);

// Copies the log of a store that is open in this process into its database, so that no commit has
// to. From any thread, one at a time; commits go on meanwhile.
Status copy_wal(const std::string& path);

}  // namespace aitbc
