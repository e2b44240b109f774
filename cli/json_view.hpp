#pragma once
// A node's JSON answer for people: one field a line, nested ones by their paths, or a list as a
// table of chosen columns. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "chain/core/result.hpp"

namespace aitbc::cli {

Result<std::string> fields_of(std::string_view json);

// The objects of the list `list`, one a row. A field that a row does not have is "-".
Result<std::string> rows_of(std::string_view json, std::string_view list,
                            const std::vector<std::string>& columns);

// A number at the top of the document.
Result<std::uint64_t> number_in(std::string_view json, std::string_view field);

}  // namespace aitbc::cli
