#include "cli/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace aitbc::cli {

namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }
  bool good() const { return number_ >= 0; }

 private:
  int number_;
};

std::string reason() { return std::strerror(errno); }

Result<std::string> read_all(int number, const std::string& path, std::size_t bytes_max) {
  std::string text;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(number, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error(Errc::bad_config, "cannot read " + path + ": " + reason());
    if (got == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
    if (text.size() > bytes_max) {
      return error(Errc::bad_config,
                   path + " is larger than " + std::to_string(bytes_max) + " bytes");
    }
  }
}

Status write_all(int number, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(number, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return error(Errc::io, "cannot write " + path + ": " + reason());
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fsync(number) != 0) return error(Errc::io, "cannot write " + path + ": " + reason());
  return ok();
}

// link() fails on an existing name, so two writers cannot both believe that they made the file.
Status give_name(const std::string& temporary, const std::string& path, Existing existing) {
  if (existing == Existing::replace) {
    if (::rename(temporary.c_str(), path.c_str()) == 0) return ok();
    return error(Errc::io, "cannot write " + path + ": " + reason());
  }
  const int linked = ::link(temporary.c_str(), path.c_str());
  const int failure = errno;
  ::unlink(temporary.c_str());
  if (linked == 0) return ok();
  if (failure == EEXIST) {
    return error(Errc::bad_config, path + " exists already and is not overwritten");
  }
  return error(Errc::io, "cannot write " + path + ": " + std::strerror(failure));
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  if (path == "-") return read_all(STDIN_FILENO, "standard input", bytes_max);
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.good()) return error(Errc::bad_config, "cannot read " + path + ": " + reason());
  struct stat facts {};
  if (::fstat(file.number(), &facts) != 0 || S_ISDIR(facts.st_mode)) {
    return error(Errc::bad_config, "cannot read " + path + ": it is not a file");
  }
  return read_all(file.number(), path, bytes_max);
}

Status write_file(const std::string& path, std::string_view bytes, NewFile how) {
  const std::string temporary = path + ".new." + std::to_string(::getpid());
  const mode_t mode = how.access == Access::owner ? 0600 : 0644;
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!file.good()) return error(Errc::bad_config, "cannot write " + path + ": " + reason());
  const Status written = write_all(file.number(), path, bytes);
  if (!written) {
    ::unlink(temporary.c_str());
    return written;
  }
  return give_name(temporary, path, how.existing);
}

Status make_folder(const std::string& path) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) return ok();
  std::filesystem::create_directories(path, failure);
  if (failure) return error(Errc::bad_config, "cannot make " + path + ": " + failure.message());
  std::filesystem::permissions(path, std::filesystem::perms::owner_all, failure);
  if (failure) return error(Errc::io, "cannot protect " + path + ": " + failure.message());
  return ok();
}

std::string path_from(const std::string& folder, const std::string& path) {
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

std::string folder_of(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

}  // namespace aitbc::cli
