#include "cli/keys.hpp"

#include <sys/stat.h>

#include "cli/file.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t key_file_bytes_max = 256;

}  // namespace

Status check_secret_file(const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & 077) != 0) {
    return error(Errc::bad_config,
                 "the key file " + path + " may be read by others: chmod 600 " + path);
  }
  return ok();
}

Result<std::string> read_secret_line(const std::string& path) {
  AITBC_TRY(check_secret_file(path));
  AITBC_TRY_ASSIGN(std::string text, read_file(path, key_file_bytes_max));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Result<KeyPair> read_key_file(const std::string& path) {
  AITBC_TRY_ASSIGN(const std::string text, read_secret_line(path));
  std::array<Byte, 32> bytes{};
  if (!from_hex(text, bytes)) {
    return error(Errc::bad_config,
                 "the key file " + path + " does not hold 64 lower-case hexadecimal digits");
  }
  KeyPair key{Seed(bytes)};
  bytes.fill(0);
  return key;
}

Status write_key_file(const std::string& path, const Seed& seed) {
  return write_file(path, to_hex(seed.bytes()) + "\n", {.access = Access::owner});
}

Result<PublicKey> parse_public_key(std::string_view text) {
  const auto key = PublicKey::parse(text);
  if (!key || !is_valid_key(*key)) {
    return error(Errc::bad_config,
                 "expected a public key of 64 lower-case hexadecimal digits, got '" +
                     std::string(text) + "'");
  }
  return *key;
}

}  // namespace aitbc::cli
