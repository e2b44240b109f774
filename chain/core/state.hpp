#pragma once
// The state of the ledger and how it changes. A block's Effects are both its result and its undo
// log: applying, storing, reorganising and checking all consume the same value.

#include <span>
#include <unordered_map>
#include <vector>

#include "chain/core/governance.hpp"
#include "chain/core/state_tree.hpp"

namespace aitbc {

struct Change {
  Address address;
  Account before, after;
  bool operator==(const Change&) const = default;
};

struct Effects {
  std::vector<Change> changes;  // ascending by address, distinct, before != after
  std::optional<GovernanceChange> governance = std::nullopt;
  // The transactions of the block that are claims of receipts and minted, by their positions.
  std::vector<std::uint32_t> claims = {};
  bool operator==(const Effects&) const = default;
};

void encode(Encoder&, const Effects&);
Result<Effects> decode_effects(ByteView);

// A read-only view of accounts.
class Accounts {
 public:
  virtual ~Accounts() = default;
  virtual Account at(const Address&) const = 0;
};

// Not thread-safe; owned by one Chain.
class State final : public Accounts {
 public:
  explicit State(Governance governance, std::vector<AccountProof::Leaf> accounts = {})
      : tree_(std::move(accounts)) {
    govern(std::move(governance));
  }
  static State of(const Genesis&);

  Account at(const Address& address) const override { return tree_.at(address); }
  // Of many at once, in their order; faster than one by one.
  std::vector<Account> at(std::span<const Address> addresses) const { return tree_.at(addresses); }
  const Governance& governance() const { return governance_; }
  // Of the next block.
  std::span<const PublicKey> authorities() const { return governance_.authorities; }
  std::size_t accounts() const { return tree_.size(); }

  // Both abort if an account is not as the effects say: a corrupted reorg must not go on.
  void redo(const Effects&);
  void undo(const Effects&);
  // For tests: an account that no block has made.
  void load(const Address& address, const Account& account) { tree_.set(address, account); }

  // Over the root of all accounts and the hash of the authorities.
  Hash root() const;
  Hash accounts_root() const { return tree_.root(); }
  // Over the set and the change of it that is under way.
  const Hash& authorities_hash() const { return authorities_hash_; }
  AccountProof prove(const Address& address) const { return tree_.prove(address); }

 private:
  void govern(Governance governance);

  Governance governance_;
  Hash authorities_hash_;  // of governance_
  StateTree tree_;
};

Hash state_root_of(const Hash& accounts_root, const Hash& authorities_hash);

// Changes on top of a view, to be thrown away or taken as Effects.
class Overlay final : public Accounts {
 public:
  explicit Overlay(const State& below) : below_(below) {}

  // Reads ahead what will be asked for.
  void load(std::span<const Address>);
  Account at(const Address&) const override;
  void set(const Address&, const Account&);
  Effects effects() const;

 private:
  struct Entry {
    Account before, after;
  };
  const State& below_;
  std::unordered_map<Address, Entry> entries_;
};

}  // namespace aitbc
