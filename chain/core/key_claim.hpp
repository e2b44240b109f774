#pragma once
// "I sign with this key": what a process says of itself from time to time, signed with the key.
// Whoever passes it on cannot change it, nor use it for long after the process has ended, and
// nobody without the key can keep its owner from starting. Pure.

#include <string>

#include "chain/core/genesis.hpp"

namespace aitbc {

struct KeyClaim {
  PublicKey key;
  std::string node;      // for people: its id, and the site where it runs
  std::string instance;  // new at every start
  Time started;
  // The first of the processes that ran the key one after the other where this one does: its own
  // instance if there was none before. Of two with one origin, the earlier has ended for certain.
  std::string origin;
  bool forced = false;  // its operator has overridden the check for another runner
  Time signed_at;       // by the runner's clock; renewed as long as it runs
  Signature signature;
  bool operator==(const KeyClaim&) const = default;
};

void sign(const GenesisHash& chain, KeyClaim&, const class KeyPair&);
// bad_signature if it does not hold; too_large for a name that nobody has.
Status check_claim(const GenesisHash& chain, const KeyClaim&);
// Of two processes of different origin that run one key, the one that goes on, the same for both:
// the forced one, then the one that is no copy, then the one that started first.
bool outranks(const KeyClaim&, const KeyClaim&);

void encode(Encoder&, const KeyClaim&);
Result<KeyClaim> decode_key_claim(ByteView);

}  // namespace aitbc
