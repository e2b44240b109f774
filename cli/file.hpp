#pragma once
// Small files read and written whole: configurations, keys, wallets, transactions. A written file
// is there with all of its bytes and its mode, or not at all. Any thread.

#include <string>
#include <string_view>

#include "chain/core/result.hpp"

namespace aitbc::cli {

// bad_config when it is missing, not a regular file or larger than `bytes_max`; "-" is stdin.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

enum class Existing { refuse, replace };
enum class Access { owner, everyone };  // 0600 or 0644

struct NewFile {
  Access access = Access::everyone;
  Existing existing = Existing::refuse;
};
Status write_file(const std::string& path, std::string_view bytes, NewFile how);

// Makes the folder and its parents, for the owner alone.
Status make_folder(const std::string& path);

// `path` as seen from `folder`, unless it is absolute.
std::string path_from(const std::string& folder, const std::string& path);
std::string folder_of(const std::string& path);

}  // namespace aitbc::cli
