#pragma once
// Authorities for tests: keys with a sign-guard in memory.

#include "chain/sign_guard.hpp"

namespace aitbc::test {

// With a guard of its own, or one that outlives it as a file would.
inline Authority authority_of(
    const KeyPair& key, std::shared_ptr<SignGuard> guard = std::make_shared<MemorySignGuard>()) {
  return {KeyPair(Seed(key.seed().bytes())), std::move(guard)};
}

}  // namespace aitbc::test
