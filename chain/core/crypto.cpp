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

void wipe(void* bytes, std::size_t count) { sodium_memzero(bytes, count); }

Secret<64> hmac_sha512(ByteView key, std::initializer_list<ByteView> parts) {
  static_assert(crypto_auth_hmacsha512_BYTES == 64);
  crypto_auth_hmacsha512_state state;
  crypto_auth_hmacsha512_init(&state, key.data(), key.size());
  for (const ByteView part : parts) {
    crypto_auth_hmacsha512_update(&state, part.data(), part.size());
  }
  Secret<64> result;
  crypto_auth_hmacsha512_final(&state, result.bytes().data());
  wipe(&state, sizeof state);
  return result;
}

void fill_random(std::span<Byte> out) { randombytes_buf(out.data(), out.size()); }

Seed random_seed() {
  Seed seed;
  fill_random(seed.bytes());
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
  ~SecretKey() { wipe(bytes.data(), bytes.size()); }
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
  return crypto_pwhash(key.bytes().data(), key.bytes().size(), password.data(), password.size(),
                       sealed.salt.data.data(), sealed.operations,
                       static_cast<std::size_t>(sealed.memory_bytes),
                       crypto_pwhash_ALG_ARGON2ID13) == 0;
}

}  // namespace

SealedSeed seal_seed(const Seed& seed, std::string_view password) {
  SealedSeed sealed{};
  fill_random(sealed.salt.data);
  fill_random(sealed.nonce.data);
  // Some tenths of a second and 256 MiB for each try: what a guess costs, too.
  sealed.operations = crypto_pwhash_OPSLIMIT_MODERATE;
  sealed.memory_bytes = crypto_pwhash_MEMLIMIT_MODERATE;
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
  Seed seed;
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          seed.bytes().data(), nullptr, nullptr, sealed.cipher.data.data(),
          sealed.cipher.data.size(), as_bytes(seal_domain).data(), seal_domain.size(),
          sealed.nonce.data.data(), key.bytes().data()) != 0) {
    return error(Errc::refused, "wallet: wrong password, or the file was changed");
  }
  return seed;
}

}  // namespace aitbc
