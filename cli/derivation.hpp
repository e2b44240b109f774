#pragma once
// From a phrase to the seed of a wallet's key: PBKDF2 as BIP-39 asks for it, without a passphrase,
// then SLIP-0010 for Ed25519 along m/44'/1'/0' (BIP-44; 1 is what SLIP-0044 gives to all test
// networks). Pure functions; any thread.

#include <cstdint>
#include <span>

#include "cli/phrase.hpp"

namespace aitbc::cli {

// One block of PBKDF2-HMAC-SHA512 (RFC 8018).
Secret<64> pbkdf2_hmac_sha512(std::string_view password, std::string_view salt,
                              std::uint32_t rounds);

// A node of the tree: 32 bytes of secret key, 32 of chain code. Every step of the path is hardened,
// the only way that SLIP-0010 has for Ed25519: its index is below 2^31.
Secret<64> derive(ByteView seed, std::span<const std::uint32_t> path);

Seed seed_of(const Phrase&);

}  // namespace aitbc::cli
