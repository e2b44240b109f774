#include "sites/lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace aitbc::sites {

namespace {

Error failure(const std::filesystem::path& path, int number) {
  return error(Errc::io, "cannot lock " + path.string() + ": " + std::strerror(number));
}

Error held(const Layout& layout, const Descriptor& file) {
  std::array<char, 32> text{};
  const ssize_t got = ::pread(file.get(), text.data(), text.size() - 1, 0);
  const std::string holder = got > 0 ? " (process " + std::string(text.data()) + ")" : "";
  return error(Errc::in_use, "network " + layout.root().filename().string() +
                                 " is being changed by another aitbc command" + holder +
                                 "; try again when it is done");
}

// The last holder may have removed the file between our opening and our locking it.
bool is_at(const Descriptor& file, const std::filesystem::path& path) {
  struct stat ours {
  }, there{};
  return ::fstat(file.get(), &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

}  // namespace

Result<NetworkLock> NetworkLock::take(const Layout& layout) {
  const std::filesystem::path path = layout.lock();
  while (true) {
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    if (failed) return failure(path, failed.value());
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return failure(path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      return errno == EWOULDBLOCK ? held(layout, file) : failure(path, errno);
    }
    if (!is_at(file, path)) continue;
    const std::string holder = std::to_string(::getpid());
    if (::ftruncate(file.get(), 0) != 0 ||
        ::pwrite(file.get(), holder.data(), holder.size(), 0) < 0) {
      return failure(path, errno);
    }
    return NetworkLock(std::move(file), path);
  }
}

void NetworkLock::remove() && {
  ::unlink(path_.c_str());
  file_.close();
}

}  // namespace aitbc::sites
