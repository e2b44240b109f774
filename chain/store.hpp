#pragma once
// What a node keeps: the canonical chain, its accounts, the mempool, the losing branches. `Store`
// is the writer's side, used by the thread that owns Chain; `Reader` hands out consistent snapshots
// to any thread. One `commit` is one decision: all of it is durable on return, or none of it.

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "chain/core/apply.hpp"
#include "chain/core/evidence.hpp"
#include "chain/core/finality.hpp"
#include "chain/core/mempool.hpp"

namespace aitbc {

// A block of the canonical chain with what it did.
struct Applied {
  CheckedBlock block;
  Effects effects;
};

// The verdict on a transaction that was pending, or in a block that was rewound, and whose nonce
// another transaction used. Forgotten when it comes into the canonical chain after all.
struct Replaced {
  TxId id;
  TxId by;
  Height height = 0;  // of the block that holds `by`
};

struct Batch {
  std::optional<Height> rewind_to;  // blocks above it leave the canonical chain for the losing ones
  std::vector<Applied> append;
  std::vector<TxId> pool_remove;  // before pool_add
  std::vector<Mempool::Entry> pool_add;
  std::vector<Replaced> replaced;
  std::vector<CheckedBlock> side;  // valid blocks that are not of the canonical chain
  // A commit's makes its block final: nothing at or below it needs undo or a prepares' certificate.
  std::vector<Certificate> certificates;
  // Both are kept for ever; their number is bounded by the owner of the chain.
  std::vector<Evidence> evidence;
  std::optional<FinalityConflict> finality_conflict;
};

struct Loaded {
  Tip head;
  State state;
  // By the heights of the blocks that changed it, from the newest that is final on.
  std::map<Height, Governance> governance;
  std::vector<Mempool::Entry> mempool;
  // The highest of commits, and those of prepares above it.
  std::vector<Certificate> certificates;
  std::vector<SealedHeader> side;  // losing blocks, in the order of arrival
  std::vector<Evidence> evidence;  // likewise
  std::optional<FinalityConflict> finality_conflict;
};

struct LocatedTx {
  SignedTx tx;
  Height height = 0;
  std::uint32_t position = 0;  // in its block
  Slot slot = 0;
};

// Some of the chain's transactions, or of an address', newest first.
struct TxPage {
  std::vector<LocatedTx> txs;
  std::uint64_t total = 0;
};

// Some of the accounts, richest first, and of equal ones by address.
struct AccountPage {
  struct Row {
    Address address;
    Account account;
    std::uint64_t txs = 0;  // that name it
  };
  std::vector<Row> rows;
  std::uint64_t total = 0;
};

// The claim of a receipt that minted, of which there is one at most.
struct ReceiptPage {
  std::vector<LocatedTx> claims;  // newest first
  Minted total;                   // of all of the chain
};

struct SideBlock {
  BlockId id;
  SealedHeader sealed;
};

// One consistent view. Short-lived: it holds back the log of the database. Heights start at 1:
// block 0 is the genesis, which no store holds.
class Snapshot {
 public:
  virtual ~Snapshot() = default;

  virtual Result<Tip> head() = 0;
  virtual Result<std::optional<SealedHeader>> header(Height) = 0;
  virtual Result<std::vector<SealedHeader>> headers(Height from, std::size_t limit) = 0;
  virtual Result<std::optional<Height>> height_of(const BlockId&) = 0;
  virtual Result<std::optional<Block>> block(Height) = 0;
  // At least one if there is one, then until `limit` blocks or about `bytes_max`.
  virtual Result<std::vector<Block>> blocks(Height from, std::size_t limit,
                                            std::size_t bytes_max) = 0;
  virtual Result<Account> account(const Address&) = 0;
  virtual Result<std::optional<LocatedTx>> tx(const TxId&) = 0;
  virtual Result<TxPage> txs_of(const Address&, std::size_t offset, std::size_t limit) = 0;
  virtual Result<TxPage> txs(std::size_t offset, std::size_t limit) = 0;
  virtual Result<std::optional<LocatedTx>> receipt(std::string_view receipt_id) = 0;
  virtual Result<ReceiptPage> receipts(std::size_t offset, std::size_t limit) = 0;
  // Which transactions of the block are claims that minted, by their positions, ascending.
  virtual Result<std::vector<std::uint32_t>> claims_in(Height) = 0;
  // Those that hold at least so much, without the reserve. Reads all accounts: for people, not for
  // the sync path.
  virtual Result<AccountPage> accounts(Amount balance_min, std::size_t offset,
                                       std::size_t limit) = 0;
  virtual Result<std::optional<SignedTx>> pending_tx(const TxId&) = 0;
  // In the order of arrival.
  virtual Result<std::vector<SignedTx>> pending(std::size_t offset, std::size_t limit) = 0;
  virtual Result<std::uint64_t> pending_count() = 0;
  virtual Result<std::optional<Replaced>> replaced(const TxId&) = 0;
  // Losing blocks, highest first.
  virtual Result<std::vector<SideBlock>> side_blocks(std::size_t limit) = 0;
  // What makes the block at `height` final: the lowest certificate of commits at or above it.
  virtual Result<std::optional<Certificate>> finality_of(Height height) = 0;
  // In the order of arrival.
  virtual Result<std::vector<Evidence>> evidence() = 0;
  virtual Result<std::optional<FinalityConflict>> finality_conflict() = 0;
};

// Thread-safe.
class Reader {
 public:
  virtual ~Reader() = default;
  // `overloaded` when limits::readers_max snapshots are out.
  virtual Result<std::unique_ptr<Snapshot>> snapshot() = 0;
};

// Used by one thread only.
class Store {
 public:
  virtual ~Store() = default;

  // nullopt for a new store. wrong_genesis, newer_schema or corrupt when it cannot be used: the
  // accounts must hash to the head's state root.
  virtual Result<std::optional<Loaded>> load(const Params&) = 0;
  virtual Status initialise(const Genesis&) = 0;
  virtual Status commit(const Batch&) = 0;

  // What the owner of the chain must know to decide. It needs none of the readers: decisions do not
  // wait while all of them are lent.
  virtual Result<std::optional<SealedHeader>> header(Height) = 0;
  virtual Result<bool> included(const TxId&) = 0;
  // The lowest certificate of commits at or above the height.
  virtual Result<std::optional<Certificate>> finality_of(Height) = 0;
  // The canonical blocks above `height` with their effects, lowest first: what a reorg undoes.
  virtual Result<std::vector<Applied>> applied_above(Height height) = 0;

  virtual Reader& reader() = 0;

  // At rest: see Chain::shrink().
  virtual void shrink() {}
};

}  // namespace aitbc
