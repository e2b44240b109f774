#include "sites/lock.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "chain/core/time.hpp"
#include "sites/descriptor.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view held_since = ", since ";
constexpr std::size_t holder_bytes_max = 512;

Error failure(const fs::path& path, int number) {
  return error(Errc::io, "cannot lock " + path.string() + ": " + std::strerror(number));
}

// As the holder has written it, when it was written.
std::string holder_of(const Descriptor& file) {
  std::string text(holder_bytes_max, '\0');
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  struct stat info {};
  if (got <= 0 || ::fstat(file.get(), &info) != 0) return "which has not said its name yet";
  text.resize(static_cast<std::size_t>(got));
  return text + std::string(held_since) + to_iso(Time(std::chrono::seconds(info.st_mtim.tv_sec)));
}

Error held(const Layout& layout, const Descriptor& file) {
  return error(Errc::in_use, "network " + layout.root().filename().string() +
                                 " is being changed by another aitbc command (" + holder_of(file) +
                                 "); try again when it is done, or end that process if it hangs");
}

// The last holder may have removed the file between our opening and our locking it.
bool is_at(const Descriptor& file, const fs::path& path) {
  struct stat ours {
  }, there{};
  return ::fstat(file.get(), &ours) == 0 && ::stat(path.c_str(), &there) == 0 &&
         ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

class FileLock final : public Lock {
 public:
  FileLock(Descriptor file, Layout layout) : file_(std::move(file)), layout_(std::move(layout)) {}
  ~FileLock() override {
    std::error_code failed;
    const bool has_network = fs::exists(layout_.root(), failed) || failed;
    if (!has_network) ::unlink(layout_.lock().c_str());
  }

 private:
  const Descriptor file_;
  const Layout layout_;
};

}  // namespace

std::string this_command() {
  const passwd* user = ::getpwuid(::getuid());
  std::array<char, 256> host{};
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  return "process " + std::to_string(::getpid()) + " of " +
         (user == nullptr ? std::to_string(::getuid()) : user->pw_name) + "@" + host.data();
}

Result<std::unique_ptr<Lock>> lock_network(const Layout& layout, const std::string& holder) {
  const fs::path path = layout.lock();
  while (true) {
    std::error_code failed;
    fs::create_directories(path.parent_path(), failed);
    if (failed) return failure(path, failed.value());
    Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file.is_open()) return failure(path, errno);
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      return errno == EWOULDBLOCK ? held(layout, file) : failure(path, errno);
    }
    if (!is_at(file, path)) continue;
    const std::string text = holder.substr(0, holder_bytes_max);
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), text.data(), text.size(), 0) < 0) {
      return failure(path, errno);
    }
    return std::unique_ptr<Lock>(std::make_unique<FileLock>(std::move(file), layout));
  }
}

Status Locks::take(Transport& there, const Layout& layout) {
  {
    const std::lock_guard lock(mutex_);
    if (held_.count(&there) != 0) return ok();
  }
  const std::string self = this_command();
  auto taken = there.lock(layout, self);
  if (!taken) {
    const Error& refused = taken.error();
    const bool is_ours = refused.code == Errc::in_use &&
                         refused.detail.find(self + std::string(held_since)) != std::string::npos;
    if (!is_ours) return refused;
    return error(Errc::bad_manifest, "two sites of the network file have one folder, " +
                                         layout.root().string() +
                                         ", by different ways; give both the same way, or one of "
                                         "them a 'home' of its own");
  }
  const std::lock_guard lock(mutex_);
  held_.emplace(&there, std::move(*taken));
  return ok();
}

}  // namespace aitbc::sites
