#include "cli/wallet.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "cli/file.hpp"
#include "cli/keys.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t wallet_bytes_max = 16 * 1024;
constexpr std::size_t wallet_name_bytes_max = 64;
// What a wallet file may ask of this machine; far above what seal_seed() asks for.
constexpr std::uint64_t kdf_operations_max = 64;
constexpr std::uint64_t kdf_memory_bytes_max = std::uint64_t{4} * 1024 * 1024 * 1024;

template <class Fixed>
Result<Fixed> fixed_field(rpc::ObjectReader& reader, std::string_view name) {
  AITBC_TRY_ASSIGN(const std::string text, reader.text(name, 2 * Fixed::size));
  const auto value = Fixed::parse(text);
  if (value) return *value;
  return error(Errc::bad_json, reader.path_of(name) + ": expected " +
                                   std::to_string(2 * Fixed::size) + " hexadecimal digits");
}

Result<SealedSeed> parse_sealed(rpc::ObjectReader reader) {
  SealedSeed sealed{};
  AITBC_TRY_ASSIGN(sealed.operations, reader.integer("operations", {1, kdf_operations_max}));
  AITBC_TRY_ASSIGN(sealed.memory_bytes,
                   reader.integer("memory_bytes", {8 * 1024, kdf_memory_bytes_max}));
  AITBC_TRY_ASSIGN(sealed.salt, (fixed_field<decltype(sealed.salt)>(reader, "salt")));
  AITBC_TRY_ASSIGN(sealed.nonce, (fixed_field<decltype(sealed.nonce)>(reader, "nonce")));
  AITBC_TRY_ASSIGN(sealed.cipher, (fixed_field<decltype(sealed.cipher)>(reader, "cipher")));
  AITBC_TRY(reader.finish());
  return sealed;
}

Result<Policy> parse_policy(rpc::ObjectReader reader) {
  AITBC_TRY_ASSIGN(const std::uint64_t threshold,
                   reader.integer("threshold", {1, limits::policy_keys_max}));
  AITBC_TRY_ASSIGN(const auto texts, reader.texts("keys", limits::policy_keys_max, 64));
  AITBC_TRY(reader.finish());
  AITBC_TRY_ASSIGN(std::vector<PublicKey> keys, parse_public_keys(texts));
  return make_policy(threshold, std::move(keys));
}

Result<Seed> parse_open_seed(rpc::ObjectReader& reader) {
  using Open = Bytes<32, struct OpenSeedTag>;
  AITBC_TRY_ASSIGN(const Open bytes, (fixed_field<Open>(reader, "seed")));
  return Seed(bytes.data);
}

Result<Wallet> parse_fields(rpc::ObjectReader reader, std::string name) {
  AITBC_TRY_ASSIGN(const std::uint64_t version, reader.integer("version", {0, 1'000}));
  if (version != 1) {
    return error(Errc::bad_json,
                 "version: expected 1, got " + std::to_string(version) + ": from a newer program?");
  }
  AITBC_TRY_ASSIGN(const std::string address, reader.text("address", 128));
  AITBC_TRY_ASSIGN(const std::string key_text, reader.text("public_key", 64));
  AITBC_TRY_ASSIGN(const PublicKey key, parse_public_key(key_text));
  AITBC_TRY_ASSIGN(auto policy_reader, reader.object("policy"));
  AITBC_TRY_ASSIGN(Policy policy, parse_policy(std::move(policy_reader)));
  if (std::find(policy.keys.begin(), policy.keys.end(), key) == policy.keys.end()) {
    return error(Errc::bad_json, "public_key: is not among the keys of the policy");
  }
  if (to_text(address_of(policy)) != address) {
    return error(Errc::bad_json, "address: is not the address of the policy");
  }
  Wallet wallet{std::move(name), std::move(policy), key, Seed()};
  if (reader.has("seed")) {
    AITBC_TRY_ASSIGN(wallet.secret, parse_open_seed(reader));
  } else {
    AITBC_TRY_ASSIGN(auto sealed_reader, reader.object("sealed"));
    AITBC_TRY_ASSIGN(wallet.secret, parse_sealed(std::move(sealed_reader)));
  }
  AITBC_TRY(reader.finish());
  return wallet;
}

}  // namespace

Result<Wallet> make_wallet(Seed seed, const WalletPlan& plan) {
  AITBC_TRY(Wallets::check_name(plan.name));
  const KeyPair key(std::move(seed));
  std::vector<PublicKey> keys = plan.others;
  keys.push_back(key.public_key());
  AITBC_TRY_ASSIGN(Policy policy, make_policy(plan.threshold, std::move(keys)));
  Wallet wallet{plan.name, std::move(policy), key.public_key(), Seed()};
  set_password(wallet, key, plan.password);
  return wallet;
}

void set_password(Wallet& wallet, const KeyPair& key, const std::optional<SecretText>& password) {
  if (password) {
    wallet.secret = seal_seed(key.seed(), password->view());
  } else {
    wallet.secret = Seed(key.seed().bytes());
  }
}

namespace {

Result<Seed> unseal(const Wallet& wallet, const std::optional<SecretText>& password) {
  if (!password) {
    return error(Errc::refused, "wallet " + wallet.name +
                                    " is encrypted: give --password-file FILE or set "
                                    "AITBC_WALLET_PASSWORD");
  }
  const auto& sealed = std::get<SealedSeed>(wallet.secret);
  const auto begun = std::chrono::steady_clock::now();
  auto seed = open_seed(sealed, password->view());
  const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - begun);
  if (seed || seed.error().code != Errc::refused) return seed;
  return error(Errc::refused, "wallet " + wallet.name +
                                  " does not open: the password is wrong, or the file was changed; "
                                  "each try takes " +
                                  std::to_string(took.count()) + " ms and " +
                                  std::to_string(sealed.memory_bytes >> 20) + " MiB of memory");
}

}  // namespace

Result<KeyPair> open_wallet(const Wallet& wallet, const std::optional<SecretText>& password) {
  Seed seed;
  if (const auto* open = std::get_if<Seed>(&wallet.secret)) {
    seed = Seed(open->bytes());
  } else {
    AITBC_TRY_ASSIGN(seed, unseal(wallet, password));
  }
  KeyPair key(std::move(seed));
  if (key.public_key() != wallet.key) {
    return error(Errc::refused,
                 "wallet " + wallet.name + " was changed: its seed does not belong to its key");
  }
  return key;
}

std::string print_wallet(const Wallet& wallet) {
  rpc::Json policy;
  policy["threshold"] = wallet.policy.threshold;
  policy["keys"] = rpc::Json::array();
  for (const PublicKey& key : wallet.policy.keys) policy["keys"].push_back(key.hex());
  rpc::Json json;
  json["version"] = 1;
  json["address"] = to_text(wallet.address());
  json["public_key"] = wallet.key.hex();
  json["policy"] = std::move(policy);
  if (const auto* open = std::get_if<Seed>(&wallet.secret)) {
    json["seed"] = to_hex(open->bytes());
  } else {
    const auto& sealed = std::get<SealedSeed>(wallet.secret);
    rpc::Json box;
    box["operations"] = sealed.operations;
    box["memory_bytes"] = sealed.memory_bytes;
    box["salt"] = sealed.salt.hex();
    box["nonce"] = sealed.nonce.hex();
    box["cipher"] = sealed.cipher.hex();
    json["sealed"] = std::move(box);
  }
  return rpc::dump(json) + "\n";
}

Result<Wallet> parse_wallet(std::string_view text, std::string name) {
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(json));
  return parse_fields(std::move(reader), std::move(name));
}

Status Wallets::check_name(const std::string& name) {
  const bool shape = !name.empty() && name.size() <= wallet_name_bytes_max && name.front() != '-' &&
                     std::all_of(name.begin(), name.end(), [](char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_';
                     });
  if (!shape || name.rfind("aitbc1", 0) == 0) {
    return error(Errc::bad_config,
                 "'" + name + "' is no name for a wallet: letters, digits, '-' and '_', at most " +
                     std::to_string(wallet_name_bytes_max) + ", not beginning like an address");
  }
  return ok();
}

Status Wallets::check_new(const std::string& name) const {
  AITBC_TRY(check_name(name));
  std::error_code failure;
  if (!std::filesystem::exists(path_of(name), failure)) return ok();
  return error(Errc::bad_config, path_of(name) + " exists already and is not overwritten");
}

Status Wallets::save(const Wallet& wallet) const {
  AITBC_TRY(check_name(wallet.name));
  AITBC_TRY(make_folder(folder_));
  return write_file(path_of(wallet.name), print_wallet(wallet), {.access = Access::owner});
}

Status Wallets::replace(const Wallet& wallet) const {
  AITBC_TRY(load(wallet.name));
  return write_file(path_of(wallet.name), print_wallet(wallet),
                    {.access = Access::owner, .existing = Existing::replace});
}

Result<Wallet> Wallets::load(const std::string& name) const {
  AITBC_TRY(check_name(name));
  std::error_code failure;
  if (!std::filesystem::exists(path_of(name), failure)) {
    AITBC_TRY_ASSIGN(const auto others, names());
    std::string list;
    for (const std::string& other : others) list += (list.empty() ? "" : ", ") + other;
    return error(Errc::not_found, "there is no wallet '" + name + "' in " + folder_ +
                                      (list.empty() ? "" : "; there are: " + list));
  }
  AITBC_TRY_ASSIGN(const std::string text, read_file(path_of(name), wallet_bytes_max));
  auto wallet = parse_wallet(text, name);
  if (!wallet) {
    return error(Errc::bad_config, path_of(name) + ": " + wallet.error().detail);
  }
  return wallet;
}

Result<std::vector<std::string>> Wallets::names() const {
  std::vector<std::string> names;
  std::error_code failure;
  for (std::filesystem::directory_iterator entry(folder_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() == ".json" && check_name(path.stem().string())) {
      names.push_back(path.stem().string());
    }
  }
  if (failure && failure != std::errc::no_such_file_or_directory) {
    return error(Errc::bad_config, "cannot list " + folder_ + ": " + failure.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status Wallets::remove(const std::string& name) const {
  AITBC_TRY(load(name));
  if (::unlink(path_of(name).c_str()) == 0) return ok();
  return error(Errc::io, "cannot delete " + path_of(name));
}

}  // namespace aitbc::cli
