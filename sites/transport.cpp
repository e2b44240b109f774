#include "sites/transport.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "sites/descriptor.hpp"
#include "sites/lock.hpp"
#include "sites/prepare.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

Error failure(const std::string& what, const fs::path& path, int number) {
  return error(Errc::io, "cannot " + what + " " + path.string() + ": " + std::strerror(number));
}

Status write_all(const Descriptor& file, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.get(), bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failure("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(file.get()) != 0) return failure("write", path, errno);
  return ok();
}

// A rename is durable when the folder is.
Status sync_folder(const fs::path& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open() || ::fsync(folder.get()) != 0) return failure("write to", path, errno);
  return ok();
}

}  // namespace

Result<Output> LocalTransport::run(const Command& command) { return sites::run(command, clock_); }

Status LocalTransport::put(const fs::path& to, std::string_view bytes, Mode mode) {
  // One fixed name, so that what a killed writer left is used again and nothing piles up.
  const fs::path part = to.string() + ".part";
  ::unlink(part.c_str());
  Descriptor file(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         static_cast<mode_t>(mode)));
  if (!file.is_open()) return failure("create", part, errno);
  AITBC_TRY(write_all(file, part, bytes));
  file.close();
  AITBC_TRY(rename(part, to));
  return sync_folder(to.parent_path());
}

Result<std::string> LocalTransport::get(const fs::path& path, std::size_t bytes_max) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && (errno == ENOENT || errno == ENOTDIR)) {
    return error(Errc::not_found, path.string() + " does not exist");
  }
  if (!file.is_open()) return failure("read", path, errno);
  std::string bytes;
  std::array<char, 16 * 1024> buffer{};
  while (true) {
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failure("read", path, errno);
    if (got == 0) return bytes;
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    if (bytes.size() > bytes_max) {
      return error(Errc::too_large,
                   path.string() + " has more than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

Result<Growth> LocalTransport::read_on(const fs::path& path, const Mark& from,
                                       std::size_t bytes_max) {
  Growth growth{{}, from, false};
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return growth;
  struct stat facts {};
  if (!file.is_open() || ::fstat(file.get(), &facts) != 0) return failure("read", path, errno);
  Mark& mark = growth.mark;
  const auto size = static_cast<std::uint64_t>(facts.st_size);
  if (mark.begun && (facts.st_ino != mark.file || size < mark.offset)) mark.offset = 0;
  if (!mark.begun && size > bytes_max) {
    mark.offset = size - bytes_max;
    growth.cut = true;
  }
  mark.begun = true;
  mark.file = facts.st_ino;
  growth.bytes.resize(
      static_cast<std::size_t>(std::min<std::uint64_t>(size - mark.offset, bytes_max)));
  const ssize_t got = ::pread(file.get(), growth.bytes.data(), growth.bytes.size(),
                              static_cast<off_t>(mark.offset));
  growth.bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  mark.offset += growth.bytes.size();
  return growth;
}

Status LocalTransport::make_folder(const fs::path& path, Mode mode) {
  std::error_code failed;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), failed);
  if (!failed && ::mkdir(path.c_str(), static_cast<mode_t>(mode)) == 0) return ok();
  if (failed || errno != EEXIST || !fs::is_directory(path)) {
    return failure("make the folder", path, failed ? failed.value() : errno);
  }
  return ok();
}

Status LocalTransport::rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return failure("rename to", to, errno);
  return ok();
}

Status LocalTransport::remove_tree(const fs::path& path) {
  std::error_code failed;
  fs::remove_all(path, failed);
  if (failed) return failure("remove", path, failed.value());
  return ok();
}

Result<bool> LocalTransport::exists(const fs::path& path) {
  std::error_code failed;
  const bool there = fs::exists(path, failed);
  if (failed) return failure("look for", path, failed.value());
  return there;
}

Result<std::vector<std::string>> LocalTransport::list(const fs::path& path) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::directory_iterator at(path, failed), end; !failed && at != end; at.increment(failed)) {
    names.push_back(at->path().filename().string());
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return failure("list", path, failed.value());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<PublicKey> LocalTransport::public_key(const fs::path& path) {
  AITBC_TRY_ASSIGN(const KeyPair key, read_key(*this, path));
  return key.public_key();
}

Result<PublicKey> LocalTransport::make_key(const fs::path& path) {
  AITBC_TRY_ASSIGN(const KeyPair key, read_or_make_key(*this, path));
  return key.public_key();
}

Result<std::unique_ptr<Lock>> LocalTransport::lock(const Layout& network,
                                                   const std::string& holder) {
  return lock_network(network, holder);
}

}  // namespace aitbc::sites
