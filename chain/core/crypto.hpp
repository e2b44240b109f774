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

// SHA-256, for the hashes of the predecessor alone: they prove nothing here.
Hash sha256(ByteView);

// False for anything but a canonical Ed25519 point of prime order.
bool is_valid_key(const PublicKey&);
// In a time that does not tell where they differ.
bool equals_secret(const Hash&, const Hash&);
bool verify(const PublicKey&, ByteView message, const Signature&);

// 32 secret bytes from which a key pair is derived; wiped on destruction, never printed.
class Seed {
 public:
  Seed() = default;
  explicit Seed(const std::array<Byte, 32>& bytes) : bytes_(bytes) {}
  ~Seed();
  Seed(Seed&& other) noexcept;
  Seed& operator=(Seed&& other) noexcept;
  Seed(const Seed&) = delete;
  Seed& operator=(const Seed&) = delete;

  const std::array<Byte, 32>& bytes() const { return bytes_; }

 private:
  std::array<Byte, 32> bytes_{};
};

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
