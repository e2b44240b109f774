#include "cli/keys.hpp"

#include <sys/stat.h>

#include "cli/file.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t key_file_bytes_max = 256;

}  // namespace

Status check_secret_file(const std::string& what, const std::string& path) {
  struct stat facts {};
  if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & 077) != 0) {
    return error(Errc::bad_config,
                 "the " + what + " " + path + " may be read by others: chmod 600 " + path);
  }
  return ok();
}

namespace {

// `what` names the file in errors.
Result<SecretText> read_secret(const std::string& what, const std::string& path,
                               std::size_t bytes_max) {
  AITBC_TRY(check_secret_file(what, path));
  AITBC_TRY_ASSIGN(std::string text, read_file(path, bytes_max));
  auto secret = SecretText::from(text);
  wipe(text.data(), text.size());
  AITBC_CHECK(secret);
  return std::move(*secret);
}

// Without what ends the line.
Result<SecretText> read_secret_line(const std::string& what, const std::string& path) {
  AITBC_TRY_ASSIGN(const SecretText secret, read_secret(what, path, key_file_bytes_max));
  std::string_view text = secret.view();
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return std::move(*SecretText::from(text));
}

}  // namespace

Result<std::string> read_api_key(const std::string& path) {
  AITBC_TRY_ASSIGN(const SecretText line, read_secret_line("API key file", path));
  if (!line.view().empty()) return std::string(line.view());
  return error(Errc::bad_config, path + ": expected an API key, got nothing");
}

Result<KeyPair> read_key_file(const std::string& path) {
  AITBC_TRY_ASSIGN(const SecretText line, read_secret_line("key file", path));
  Seed seed;
  if (!from_hex(line.view(), seed.bytes())) {
    return error(Errc::bad_config,
                 "the key file " + path + " does not hold 64 lower-case hexadecimal digits");
  }
  return KeyPair(std::move(seed));
}

Status write_key_file(const std::string& path, const Seed& seed) {
  return write_file(path, to_hex(seed.bytes()) + "\n", {.access = Access::owner});
}

Result<Phrase> read_phrase_file(const std::string& path) {
  AITBC_TRY_ASSIGN(const SecretText secret,
                   read_secret("phrase file", path, SecretText::bytes_max));
  auto phrase = Phrase::parse(secret.view());
  if (!phrase) return error(phrase.error().code, path + ": " + phrase.error().detail);
  return phrase;
}

Status write_phrase_file(const std::string& path, const Phrase& phrase) {
  SecretText text = phrase.text();
  AITBC_CHECK(text.append("\n"));
  return write_file(path, text.view(), {.access = Access::owner});
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

Result<std::vector<PublicKey>> parse_public_keys(const std::vector<std::string>& texts) {
  std::vector<PublicKey> keys;
  for (const std::string& text : texts) {
    AITBC_TRY_ASSIGN(const PublicKey key, parse_public_key(text));
    keys.push_back(key);
  }
  return keys;
}

}  // namespace aitbc::cli
