#pragma once
// This program as a file that runs on other machines: with the libraries that it uses, but those of
// the C library, which any Debian from the release on has where it was built. A gzipped tar of one
// folder, bin/aitbc and lib/*. Main thread only.

#include <filesystem>
#include <string>

#include "chain/core/result.hpp"
#include "sites/clock.hpp"

namespace aitbc::sites {

struct Package {
  std::string id;     // another one after each build
  std::string bytes;  // the archive
};

// Names the running program and its libraries; nothing is read for it but their sizes and times.
Result<std::string> package_id();
// Makes it in `folder`, or takes what an earlier command made there of the same program. bad_config
// where there is no tar.
Result<Package> make_package(const std::filesystem::path& folder, const Clock& clock);

}  // namespace aitbc::sites
