#pragma once
// A wallet file: one seed, sealed under a password (Argon2id, XChaCha20-Poly1305) or, on devnets
// only, in the open; and the policy it belongs to, which gives the address. Written once with mode
// 0600, never changed. Main thread only.

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "chain/core/address.hpp"
#include "chain/core/crypto.hpp"

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
  std::optional<std::string> password;
  std::size_t threshold = 1;
  std::vector<PublicKey> others;
};
Result<Wallet> make_wallet(Seed seed, const WalletPlan& plan);

// `refused` when the password is wrong or missing, or the file was changed.
Result<KeyPair> open_wallet(const Wallet& wallet, const std::optional<std::string>& password);

std::string print_wallet(const Wallet& wallet);
Result<Wallet> parse_wallet(std::string_view text, std::string name);

// The folder of all wallets of a home.
class Wallets {
 public:
  explicit Wallets(std::string folder) : folder_(std::move(folder)) {}

  // bad_config for a name that is no file name or could be taken for an address.
  static Status check_name(const std::string& name);

  std::string path_of(const std::string& name) const { return folder_ + "/" + name + ".json"; }
  Status save(const Wallet& wallet) const;             // refuses to overwrite
  Result<Wallet> load(const std::string& name) const;  // not_found names the wallets there are
  Result<std::vector<std::string>> names() const;      // ascending
  Status remove(const std::string& name) const;

 private:
  std::string folder_;
};

}  // namespace aitbc::cli
