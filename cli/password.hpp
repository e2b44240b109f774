#pragma once
// Where the password of a wallet comes from: a file, then the environment, then a prompt without
// echo, and the prompt only where stdin and stderr are a terminal. Main thread only.

#include <optional>
#include <string>

#include "cli/wallet.hpp"

namespace aitbc::cli {

// Of a wallet that is there. nullopt when nothing was given and nobody can be asked.
Result<std::optional<SecretText>> find_password(const std::optional<std::string>& file,
                                                const std::string& wallet);
// Of a wallet that is to have it; a prompt asks twice.
Result<std::optional<SecretText>> new_password(const std::optional<std::string>& file,
                                               const std::string& wallet);
// The same for a wallet that has another: AITBC_WALLET_PASSWORD is that one.
Result<std::optional<SecretText>> changed_password(const std::optional<std::string>& file,
                                                   const std::string& wallet);

// The key of a wallet, with its password where it has one.
Result<KeyPair> unlock(const Wallet& wallet, const std::optional<std::string>& password_file);

}  // namespace aitbc::cli
