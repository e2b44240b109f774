#pragma once
// Transactions. The body says what happens, the witness proves that the sender's policy agrees. The
// id covers the chain and the body, so a signature can neither change it nor be used elsewhere.
// Start reading the project here.

#include <variant>

#include "chain/core/address.hpp"
#include "chain/core/amount.hpp"

namespace aitbc {

using Nonce = std::uint64_t;  // below 2^53: see limits::supply_max

struct Transfer {
  Address to;
  Amount amount;
  bool operator==(const Transfer&) const = default;
};

// One authority more, or one less.
struct AuthorityChange {
  enum class Kind : std::uint8_t { add, remove };
  Kind kind = Kind::add;
  PublicKey key;
  bool operator==(const AuthorityChange&) const = default;
};
std::string_view name(AuthorityChange::Kind);

// Cast by an authority, with its key's own account: the first approval proposes the change. See
// governance.hpp.
struct Ballot {
  AuthorityChange change;
  bool approve = true;  // or take back what was approved
  bool operator==(const Ballot&) const = default;
};

// Of work that was done: mints for the miner whom the receipt names, once, whoever sends it. See
// receipt.hpp.
struct ReceiptClaim {
  std::string receipt;    // canonical JSON, as it was signed
  PublicKey coordinator;  // one of the genesis'
  Signature signature;    // of the receipt alone
  bool operator==(const ReceiptClaim&) const = default;
};

// A closed set: its index is the type's tag in the encoding. Append only.
using Payload = std::variant<Transfer, Ballot, ReceiptClaim>;

struct Tx {
  Address from;
  Nonce nonce = 0;  // the number of the sender's transactions before this one
  Amount fee;       // to the proposer of the block
  Payload payload;
  bool operator==(const Tx&) const = default;
};

struct Witness {
  struct Part {
    std::uint8_t key;  // index in the policy's keys; ascending
    Signature signature;
    bool operator==(const Part&) const = default;
  };
  Policy policy;            // hashes to Tx::from
  std::vector<Part> parts;  // exactly `threshold` of them
  bool operator==(const Witness&) const = default;
};

struct SignedTx {
  Tx body;
  Witness witness;
  bool operator==(const SignedTx&) const = default;
};

// Also what the keys sign.
TxId id_of(const GenesisHash& chain, const Tx&);
// All bytes as they were signed: what a block's txs_root covers.
Hash full_hash(const SignedTx&);

// The sender is not written: it is the hash of the policy.
void encode(Encoder&, const SignedTx&);
SignedTx decode_signed_tx(Decoder&);
Buffer encode(const SignedTx&);
Result<SignedTx> decode_signed_tx(ByteView);

// The most that the sender may lose by it: amount and fee.
std::optional<Amount> cost_of(const Tx&);

// Signs for the policy with those of `keys` that belong to it, as many as it asks for; bad_policy
// when they do not suffice.
Result<SignedTx> sign(const GenesisHash& chain, Tx body, const Policy& policy,
                      std::span<const class KeyPair* const> keys);

}  // namespace aitbc
