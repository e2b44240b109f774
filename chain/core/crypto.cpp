#include "chain/core/crypto.hpp"

#include <sodium.h>

namespace aitbc {

void crypto_init() { AITBC_CHECK(sodium_init() >= 0); }

Hash hash(std::string_view domain, std::initializer_list<ByteView> parts) {
  AITBC_CHECK(domain.size() < 256);
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, Hash::size);
  const Byte length = static_cast<Byte>(domain.size());
  crypto_generichash_update(&state, &length, 1);
  const ByteView name = as_bytes(domain);
  crypto_generichash_update(&state, name.data(), name.size());
  for (const ByteView part : parts) crypto_generichash_update(&state, part.data(), part.size());
  Hash result;
  crypto_generichash_final(&state, result.data.data(), Hash::size);
  return result;
}

Hash sha256(ByteView bytes) {
  Hash result;
  static_assert(crypto_hash_sha256_BYTES == Hash::size);
  crypto_hash_sha256(result.data.data(), bytes.data(), bytes.size());
  return result;
}

bool is_valid_key(const PublicKey& key) {
  return crypto_core_ed25519_is_valid_point(key.data.data()) == 1;
}

bool equals_secret(const Hash& a, const Hash& b) {
  return sodium_memcmp(a.data.data(), b.data.data(), Hash::size) == 0;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(signature.data.data(), message.data(), message.size(),
                                     key.data.data()) == 0;
}

Seed::~Seed() { sodium_memzero(bytes_.data(), bytes_.size()); }

Seed::Seed(Seed&& other) noexcept : bytes_(other.bytes_) {
  sodium_memzero(other.bytes_.data(), other.bytes_.size());
}

Seed& Seed::operator=(Seed&& other) noexcept {
  if (this != &other) {
    bytes_ = other.bytes_;
    sodium_memzero(other.bytes_.data(), other.bytes_.size());
  }
  return *this;
}

void fill_random(std::span<Byte> out) { randombytes_buf(out.data(), out.size()); }

Seed random_seed() {
  std::array<Byte, 32> bytes;
  fill_random(bytes);
  Seed seed(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return seed;
}

namespace {

// libsodium's secret key embeds the public key; both halves are derived from the seed at each use,
// so that they can never disagree (signing with a mismatched half reveals the key).
struct SecretKey {
  std::array<Byte, crypto_sign_SECRETKEYBYTES> bytes;
  PublicKey public_key;

  explicit SecretKey(const Seed& seed) {
    crypto_sign_seed_keypair(public_key.data.data(), bytes.data(), seed.bytes().data());
  }
  ~SecretKey() { sodium_memzero(bytes.data(), bytes.size()); }
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
};

}  // namespace

KeyPair::KeyPair(Seed seed) : seed_(std::move(seed)), public_key_(SecretKey(seed_).public_key) {}

Signature KeyPair::sign(ByteView message) const {
  const SecretKey secret(seed_);
  Signature signature;
  crypto_sign_detached(signature.data.data(), nullptr, message.data(), message.size(),
                       secret.bytes.data());
  return signature;
}

namespace {

constexpr std::string_view seal_domain = "aitbc/wallet/1";
// A tampered file may ask for more work or memory than this; it is refused before it is tried.
constexpr std::uint64_t operations_max = 16;
constexpr std::uint64_t memory_bytes_max = 1024ULL * 1024 * 1024;

bool derive(const SealedSeed& sealed, std::string_view password, Seed& key) {
  std::array<Byte, 32> bytes;
  const bool done = crypto_pwhash(bytes.data(), bytes.size(), password.data(), password.size(),
                                  sealed.salt.data.data(), sealed.operations,
                                  static_cast<std::size_t>(sealed.memory_bytes),
                                  crypto_pwhash_ALG_ARGON2ID13) == 0;
  key = Seed(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return done;
}

}  // namespace

SealedSeed seal_seed(const Seed& seed, std::string_view password) {
  SealedSeed sealed{};
  fill_random(sealed.salt.data);
  fill_random(sealed.nonce.data);
  sealed.operations = crypto_pwhash_OPSLIMIT_INTERACTIVE;
  sealed.memory_bytes = crypto_pwhash_MEMLIMIT_INTERACTIVE;
  Seed key;
  AITBC_CHECK(derive(sealed, password, key));
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.cipher.data.data(), nullptr,
                                             seed.bytes().data(), seed.bytes().size(),
                                             as_bytes(seal_domain).data(), seal_domain.size(),
                                             nullptr, sealed.nonce.data.data(), key.bytes().data());
  return sealed;
}

Result<Seed> open_seed(const SealedSeed& sealed, std::string_view password) {
  if (sealed.operations < 1 || sealed.operations > operations_max ||
      sealed.memory_bytes < crypto_pwhash_MEMLIMIT_MIN || sealed.memory_bytes > memory_bytes_max) {
    return error(Errc::corrupt, "wallet: its Argon2id parameters are out of range");
  }
  Seed key;
  if (!derive(sealed, password, key))
    return error(Errc::io, "wallet: not enough memory to open it");
  std::array<Byte, 32> bytes{};
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          bytes.data(), nullptr, nullptr, sealed.cipher.data.data(), sealed.cipher.data.size(),
          as_bytes(seal_domain).data(), seal_domain.size(), sealed.nonce.data.data(),
          key.bytes().data()) != 0) {
    return error(Errc::refused, "wallet: wrong password, or the file was changed");
  }
  Seed seed(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return seed;
}

}  // namespace aitbc
