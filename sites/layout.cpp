#include "sites/layout.hpp"

#include <algorithm>
#include <system_error>

#include "sites/manifest.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

Result<Layout> Layout::make(const fs::path& home, std::string_view network) {
  if (!is_network_name(network)) {
    return error(Errc::bad_config, "'" + std::string(network) +
                                       "' cannot name a network: expected 1 to 64 of a-z 0-9 - . _ "
                                       "that begin with a letter or digit");
  }
  std::error_code failed;
  const fs::path absolute = fs::weakly_canonical(fs::absolute(home, failed), failed);
  if (failed) {
    return error(Errc::io, "cannot use the home folder " + home.string() + ": " + failed.message());
  }
  return Layout(absolute / "networks" / network);
}

std::vector<std::string> list_networks(const fs::path& home) {
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(home / "networks", failed)) {
    const std::string name = entry.path().filename().string();
    if (is_network_name(name) && entry.is_directory(failed)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace aitbc::sites
