#pragma once
// Keeps a second process away from the same data: an exclusive lock on a file that names its
// holder. The kernel drops it when the process ends, however it ends. One owner; not thread-safe.

#include <string>

#include "chain/core/result.hpp"

namespace aitbc {

class FileLock {
 public:
  // in_use, with the holder's process id, if somebody else has it. `what` is named to people.
  static Result<FileLock> take(const std::string& path, const std::string& what);

  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace aitbc
