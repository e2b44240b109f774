#include "chain/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace aitbc {

namespace {

Error failure(const std::string& path, int code) {
  return error(Errc::io, path + ": " + std::generic_category().message(code));
}

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t bytes = ::pread(descriptor, text.data(), text.size(), 0);
  return bytes > 0 ? std::string(text.data(), static_cast<std::size_t>(bytes)) : "unknown";
}

}  // namespace

Result<FileLock> FileLock::take(const std::string& path, const std::string& what) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) return failure(path, errno);
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return failure(path, errno);
    return error(Errc::in_use, "another node (pid " + holder_of(descriptor) + ") uses " + what +
                                   "; stop it, or give this one a data directory of its own");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) != 0 ||
      ::pwrite(descriptor, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return failure(path, errno);
  }
  return lock;
}

// The file stays: removing it would let two others lock two files of one name.
FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace aitbc
