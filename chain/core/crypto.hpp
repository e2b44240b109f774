#pragma once
// Hashes, signatures and secrets; the only file that knows libsodium. Call crypto_init() once
// before any thread starts. All functions are thread-safe afterwards.

#include <initializer_list>
#include <string_view>

#include "chain/core/bytes.hpp"
#include "chain/core/result.hpp"

namespace aitbc {

// Aborts if libsodium cannot start (no entropy).
void crypto_init();

// blake2b-256(length of domain ‖ domain ‖ parts…). The domain keeps hashes of different things
// apart.
Hash hash(std::string_view domain, std::initializer_list<ByteView> parts);

// SHA-256, for what others define: the predecessor's hashes, a phrase's checksum. No rule of the
// chain uses it.
Hash sha256(ByteView);

// False for anything but a canonical Ed25519 point of prime order.
bool is_valid_key(const PublicKey&);
// In a time that does not tell where they differ.
bool equals_secret(const Hash&, const Hash&);
bool verify(const PublicKey&, ByteView message, const Signature&);

// Overwrites a secret; no compiler leaves it out.
void wipe(void* bytes, std::size_t count);

// Secret bytes: wiped on destruction and where they are moved from, never printed.
template <std::size_t Size>
class Secret {
 public:
  Secret() = default;
  explicit Secret(const std::array<Byte, Size>& bytes) : bytes_(bytes) {}
  ~Secret() { wipe(bytes_.data(), Size); }
  Secret(Secret&& other) noexcept : bytes_(other.bytes_) { wipe(other.bytes_.data(), Size); }
  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      wipe(other.bytes_.data(), Size);
    }
    return *this;
  }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  const std::array<Byte, Size>& bytes() const { return bytes_; }
  std::array<Byte, Size>& bytes() { return bytes_; }

 private:
  std::array<Byte, Size> bytes_{};
};

using Seed = Secret<32>;  // a key pair is derived from it

// HMAC-SHA512 (RFC 4231) of all parts, one after the other.
Secret<64> hmac_sha512(ByteView key, std::initializer_list<ByteView> parts);

// From the OS's generator; only cli/ and sites/ may call these two.
Seed random_seed();
void fill_random(std::span<Byte> out);

class KeyPair {
 public:
  explicit KeyPair(Seed seed);
  const PublicKey& public_key() const { return public_key_; }
  Signature sign(ByteView message) const;
  const Seed& seed() const { return seed_; }

 private:
  Seed seed_;
  PublicKey public_key_;
};

// A seed under a password: Argon2id, then XChaCha20-Poly1305.
struct SealedSeed {
  Bytes<16, struct SaltTag> salt;
  Bytes<24, struct NonceTag> nonce;
  Bytes<48, struct CipherTag> cipher;
  std::uint64_t operations;  // Argon2id's work and memory, stored so that they can be raised later
  std::uint64_t memory_bytes;
};
SealedSeed seal_seed(const Seed&, std::string_view password);
// bad_signature's sibling for secrets: `refused` when the password is wrong or the file was
// changed.
Result<Seed> open_seed(const SealedSeed&, std::string_view password);

}  // namespace aitbc
