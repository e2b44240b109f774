#pragma once
// YAML text as our own tree: the only door to the YAML library, which throws, shares its nodes and
// converts silently. Pure; any thread.

#include "sites/document.hpp"

namespace aitbc::sites {

// One document, bounded in bytes, values and depth; bad_manifest with the place otherwise.
Result<Document> read_yaml(const std::string& text, std::string_view source_name);

}  // namespace aitbc::sites
