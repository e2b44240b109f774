#pragma once
// A directory of a test's own, removed with all that is in it at the end. One owner.

#include <cstdlib>
#include <filesystem>
#include <string>

#include "chain/core/result.hpp"

namespace aitbc::test {

class TempDir {
 public:
  TempDir() {
    std::string made = (std::filesystem::temp_directory_path() / "aitbc-XXXXXX").string();
    AITBC_CHECK(::mkdtemp(made.data()) != nullptr);
    path_ = made;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace aitbc::test
