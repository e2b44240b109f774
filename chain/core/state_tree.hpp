#pragma once
// The accounts as a Merkle tree with a provable root: a binary, path-compressed trie over the bits
// of the address. A leaf hashes address, balance and nonce; an inner node hashes the number of the
// bit it branches on and its two children. The shape depends on the set of accounts alone, so the
// root does not depend on the order of changes. Updating k of n accounts costs O(k log n) hashes.
//
// One proof shape serves both cases: walking down by the bits of an address ends at one leaf. If it
// is the address's own leaf, the account is proven; if it is another's, its absence is.
//
// Not thread-safe; owned by State.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "chain/core/address.hpp"
#include "chain/core/amount.hpp"
#include "chain/core/tx.hpp"

namespace aitbc {

struct Account {
  Amount balance;
  Nonce nonce = 0;
  bool operator==(const Account&) const = default;
};

struct AccountProof {
  struct Leaf {
    Address address;
    Account account;
    bool operator==(const Leaf&) const = default;
  };
  struct Step {
    std::uint8_t bit;  // the inner node branches on this bit of the address, 0 the most significant
    Hash sibling;
    bool operator==(const Step&) const = default;
  };
  std::optional<Leaf> leaf;  // where the walk ends; nullopt only in the empty tree
  std::vector<Step> path;    // from the root down
};

// The account that the proof shows under the root of all accounts: its own for an inclusion, an
// empty one for an exclusion; nullopt if the proof does not lead from `address` to `root`.
std::optional<Account> check_proof(const AccountProof&, const Address&, const Hash& root);

class StateTree {
 public:
  StateTree() = default;
  // Of any order; of several of one address, any one stays. Much faster than one after the other.
  explicit StateTree(std::vector<AccountProof::Leaf> accounts);

  // An account with balance 0 and nonce 0 is the same as none.
  Account at(const Address&) const;
  // Of many at once, in their order: the walks go side by side, so that none waits for memory
  // alone.
  std::vector<Account> at(std::span<const Address>) const;
  // Returns what was there. An empty account leaves the tree.
  Account exchange(const Address&, const Account&);
  void set(const Address& address, const Account& account) { exchange(address, account); }
  std::size_t size() const { return size_; }

  // Zero for the empty tree. Hashes only what changed since the last call.
  Hash root() const;
  AccountProof prove(const Address&) const;

 private:
  // A link names a leaf or an inner node: index * 2 + (1 for a leaf).
  using Link = std::uint32_t;
  static constexpr Link none = ~Link{0};

  using Leaf = AccountProof::Leaf;
  // Apart from their hashes, so that a walk touches little memory.
  struct Inner {
    Link child[2];
    std::uint8_t bit;
    mutable bool stale;  // its hash must be computed again
  };
  // Inner nodes with a stale hash, the root first, level after level.
  struct Stale {
    std::vector<std::uint32_t> nodes;
    std::vector<std::size_t> levels;  // where each ends in `nodes`
  };

  Link find_nearest(const Address&) const;
  void insert(const Address&, const Account&, Link nearest);
  void erase(const Address&);
  void mark_stale(const Address&);
  static bool is_leaf(Link link) { return link % 2 == 1; }
  Stale find_stale() const;
  std::vector<Hash> hash_leaves_below(const Stale&) const;
  void refresh() const;
  Hash hash_of(Link) const;
  Link make_leaf(const Address&, const Account&);
  Link make_inner(std::uint8_t bit, Link zero, Link one);

  std::vector<Leaf> leaves_;
  std::vector<Inner> inners_;
  mutable std::vector<Hash> hashes_;  // of inners_, side by side
  std::vector<std::uint32_t> free_leaves_;
  std::vector<std::uint32_t> free_inners_;
  Link root_ = none;
  std::size_t size_ = 0;
};

}  // namespace aitbc
