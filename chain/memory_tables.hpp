#pragma once
// The tables of the memory store, as the SQLite store has them. Plain data and the one function
// that changes it; one thread.

#include <deque>
#include <map>
#include <unordered_map>

#include "chain/store.hpp"

namespace aitbc {

struct MemoryTables {
  struct Place {
    Height height;
    std::uint32_t index;
  };
  struct History {
    Account account;
    std::vector<Place> txs;  // that name the account, oldest first
  };

  std::optional<GenesisHash> genesis;  // nullopt until initialised
  Hash genesis_root;
  std::map<Height, Governance> governance;             // after the blocks that changed it
  std::vector<std::shared_ptr<const Applied>> blocks;  // block h at h - 1
  std::unordered_map<BlockId, Height> heights;
  std::unordered_map<TxId, Place> txs;
  std::unordered_map<Address, History> accounts;
  std::unordered_map<Address, Place> claims;  // that minted, by the receipt's marker
  std::vector<Place> claims_in_order;
  Amount minted;
  std::map<Mempool::Sequence, CheckedTx> pool;
  std::unordered_map<TxId, Mempool::Sequence> pool_ids;
  std::deque<SideBlock> side;     // in the order of arrival
  std::deque<Replaced> replaced;  // in the order of arrival
  std::unordered_map<TxId, Replaced> replaced_ids;

  std::map<Height, Certificate> final;      // of commits
  std::map<Height, Certificate> justified;  // of prepares, above the highest final block
  std::vector<Evidence> evidence;           // in the order of arrival
  std::optional<FinalityConflict> finality_conflict;

  Tip head() const;
  const Applied* block(Height height) const;
  std::optional<SealedHeader> header(Height height) const;
  std::optional<Certificate> finality_of(Height height) const;
  void apply(const Batch& batch);

 private:
  void rewind(Height to);
  void append(const Applied& applied);
  void add_side(const SealedHeader& sealed);
  void remove_replaced(const TxId& id);
  void add_certificate(const Certificate& certificate);
  void add_replaced(const Replaced& verdict);
};

}  // namespace aitbc
