#include "cli/password.hpp"

#include <cstdlib>

#include "cli/file.hpp"
#include "cli/prompt.hpp"

namespace aitbc::cli {

namespace {

Result<SecretText> checked(std::string_view given) {
  if (given.empty()) return error(Errc::bad_config, "the password is empty");
  auto password = SecretText::from(given);
  if (password) return std::move(*password);
  return error(Errc::bad_config,
               "the password is longer than " + std::to_string(SecretText::bytes_max) + " bytes");
}

Result<std::optional<SecretText>> from_file(const std::string& file) {
  AITBC_TRY_ASSIGN(std::string text, read_file(file, SecretText::bytes_max + 2));
  std::string_view line = text;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  auto password = checked(line);
  wipe(text.data(), text.size());
  AITBC_TRY_ASSIGN(SecretText good, std::move(password));
  return std::optional(std::move(good));
}

Result<std::optional<SecretText>> from_environment() {
  const char* given = std::getenv("AITBC_WALLET_PASSWORD");
  if (given == nullptr) return std::optional<SecretText>();
  AITBC_TRY_ASSIGN(SecretText password, checked(given));
  return std::optional(std::move(password));
}

Result<std::optional<SecretText>> ask_twice(const std::string& wallet) {
  if (!can_prompt()) return std::optional<SecretText>();
  AITBC_TRY_ASSIGN(const SecretText typed,
                   prompt("New password of wallet " + wallet + ": ", Echo::off));
  AITBC_TRY_ASSIGN(SecretText password, checked(typed.view()));
  AITBC_TRY_ASSIGN(const SecretText again, prompt("The same again: ", Echo::off));
  if (again.view() != password.view()) {
    return error(Errc::bad_config, "the two passwords differ");
  }
  return std::optional(std::move(password));
}

}  // namespace

Result<std::optional<SecretText>> find_password(const std::optional<std::string>& file,
                                                const std::string& wallet) {
  if (file) return from_file(*file);
  AITBC_TRY_ASSIGN(auto given, from_environment());
  if (given || !can_prompt()) return given;
  AITBC_TRY_ASSIGN(const SecretText typed,
                   prompt("Password of wallet " + wallet + ": ", Echo::off));
  AITBC_TRY_ASSIGN(SecretText password, checked(typed.view()));
  return std::optional(std::move(password));
}

Result<std::optional<SecretText>> new_password(const std::optional<std::string>& file,
                                               const std::string& wallet) {
  if (file) return from_file(*file);
  AITBC_TRY_ASSIGN(auto given, from_environment());
  if (given) return given;
  return ask_twice(wallet);
}

Result<std::optional<SecretText>> changed_password(const std::optional<std::string>& file,
                                                   const std::string& wallet) {
  if (file) return from_file(*file);
  return ask_twice(wallet);
}

Result<KeyPair> unlock(const Wallet& wallet, const std::optional<std::string>& password_file) {
  std::optional<SecretText> password;
  if (wallet.encrypted()) {
    AITBC_TRY_ASSIGN(password, find_password(password_file, wallet.name));
  }
  return open_wallet(wallet, password);
}

}  // namespace aitbc::cli
