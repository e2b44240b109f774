#pragma once
// A wallet file: one seed, sealed under a password (Argon2id, XChaCha20-Poly1305) or, on devnets
// only, in the open; and the policy it belongs to, which gives the address. Written with mode 0600;
// only its password ever changes. Main thread only.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chain/core/address.hpp"
#include "cli/secret_text.hpp"

namespace aitbc::cli {

struct Wallet {
  std::string name;
  Policy policy;
  PublicKey key;  // of the seed; one of the policy's
  std::variant<SealedSeed, Seed> secret;

  Address address() const { return address_of(policy); }
  bool encrypted() const { return std::holds_alternative<SealedSeed>(secret); }
};

// The password is nullopt for a wallet in the open. `others` and `threshold` make a policy of many.
struct WalletPlan {
  std::string name;
  std::optional<SecretText> password;
  std::size_t threshold = 1;
  std::vector<PublicKey> others;
};
Result<Wallet> make_wallet(Seed seed, const WalletPlan& plan);

// `refused` when the password is wrong or missing, or the file was changed. Each try costs what the
// wallet asks for: some tenths of a second and 256 MiB.
Result<KeyPair> open_wallet(const Wallet& wallet, const std::optional<SecretText>& password);
// Seals the wallet's key anew, or leaves it in the open.
void set_password(Wallet& wallet, const KeyPair& key, const std::optional<SecretText>& password);

std::string print_wallet(const Wallet& wallet);
Result<Wallet> parse_wallet(std::string_view text, std::string name);

// The folder of all wallets of a home.
class Wallets {
 public:
  explicit Wallets(std::string folder) : folder_(std::move(folder)) {}

  // bad_config for a name that is no file name or could be taken for an address.
  static Status check_name(const std::string& name);

  std::string path_of(const std::string& name) const { return folder_ + "/" + name + ".json"; }
  Status check_new(const std::string& name) const;     // whether save() would refuse the name
  Status save(const Wallet& wallet) const;             // refuses to overwrite
  Status replace(const Wallet& wallet) const;          // at once: the old file or the new one
  Result<Wallet> load(const std::string& name) const;  // not_found names the wallets there are
  Result<std::vector<std::string>> names() const;      // ascending
  Status remove(const std::string& name) const;

 private:
  std::string folder_;
};

}  // namespace aitbc::cli
