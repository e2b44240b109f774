#pragma once
// The store of a real node: one SQLite database, one writer, readers beside it.

#include <string>

#include "chain/store.hpp"

namespace aitbc {

// Opens or creates the database at `path` for this process alone (see FileLock: `path`.lock) and
// brings it to this version's schema. in_use, newer_schema, corrupt or storage otherwise. Snapshots
// of its reader must end before the store does.
Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace aitbc
