#pragma once
// The tables of a node's database and how a file of an older version becomes one of this version.
// Writer's connection only.

#include "chain/sqlite.hpp"

namespace aitbc {

// Of a file with all migrations.
std::int64_t schema_version();

// Creates or upgrades the tables, one transaction for each step, forward only. newer_schema if the
// file was written by a later version, corrupt if it is another program's.
Status migrate(Database& database, const std::string& path);

}  // namespace aitbc
