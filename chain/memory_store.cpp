#include "chain/memory_store.hpp"

#include <algorithm>
#include <tuple>

#include "chain/core/limits.hpp"
#include "chain/memory_tables.hpp"

namespace aitbc {

namespace {

class MemorySnapshot final : public Snapshot {
 public:
  MemorySnapshot(std::shared_ptr<const MemoryTables> tables, std::shared_ptr<std::size_t> lent)
      : tables_(std::move(tables)), lent_(std::move(lent)) {
    ++*lent_;
  }
  ~MemorySnapshot() override { --*lent_; }

  Result<Tip> head() override { return tables_->head(); }
  Result<std::optional<SealedHeader>> header(Height height) override {
    return tables_->header(height);
  }
  Result<std::vector<SealedHeader>> headers(Height from, std::size_t limit) override;
  Result<std::optional<Height>> height_of(const BlockId& id) override {
    const auto found = tables_->heights.find(id);
    return found == tables_->heights.end() ? std::optional<Height>() : std::optional(found->second);
  }
  Result<std::optional<Block>> block(Height height) override {
    const Applied* found = tables_->block(height);
    return found == nullptr ? std::optional<Block>() : std::optional(found->block.block());
  }
  Result<std::vector<Block>> blocks(Height from, std::size_t limit, std::size_t bytes_max) override;
  Result<Account> account(const Address& address) override {
    const auto found = tables_->accounts.find(address);
    return found == tables_->accounts.end() ? Account{} : found->second.account;
  }
  Result<std::optional<LocatedTx>> tx(const TxId& id) override {
    const auto found = tables_->txs.find(id);
    return found == tables_->txs.end() ? std::optional<LocatedTx>()
                                       : std::optional(locate(found->second));
  }
  Result<TxPage> txs_of(const Address& address, std::size_t offset, std::size_t limit) override;
  Result<TxPage> txs(std::size_t offset, std::size_t limit) override;
  Result<std::optional<LocatedTx>> receipt(std::string_view receipt_id) override {
    const auto found = tables_->claims.find(marker_of(receipt_id));
    return found == tables_->claims.end() ? std::optional<LocatedTx>()
                                          : std::optional(locate(found->second));
  }
  Result<ReceiptPage> receipts(std::size_t offset, std::size_t limit) override;
  Result<std::vector<std::uint32_t>> claims_in(Height height) override {
    const Applied* found = tables_->block(height);
    return found == nullptr ? std::vector<std::uint32_t>() : found->effects.claims;
  }
  Result<AccountPage> accounts(Amount balance_min, std::size_t offset, std::size_t limit) override;
  Result<std::optional<SignedTx>> pending_tx(const TxId& id) override;
  Result<std::vector<SignedTx>> pending(std::size_t offset, std::size_t limit) override;
  Result<std::uint64_t> pending_count() override { return std::uint64_t{tables_->pool.size()}; }
  Result<std::optional<Replaced>> replaced(const TxId& id) override {
    const auto found = tables_->replaced_ids.find(id);
    return found == tables_->replaced_ids.end() ? std::optional<Replaced>()
                                                : std::optional(found->second);
  }
  Result<std::vector<SideBlock>> side_blocks(std::size_t limit) override;
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return tables_->finality_of(height);
  }
  Result<std::vector<Evidence>> evidence() override { return tables_->evidence; }
  Result<std::optional<FinalityConflict>> finality_conflict() override {
    return tables_->finality_conflict;
  }

 private:
  LocatedTx locate(const MemoryTables::Place& place) const {
    const CheckedBlock& block = tables_->block(place.height)->block;
    return {block.txs[place.index].signed_tx(), place.height, place.index, block.header().slot};
  }

  std::shared_ptr<const MemoryTables> tables_;
  std::shared_ptr<std::size_t> lent_;  // snapshots that are out
};

Result<std::vector<SealedHeader>> MemorySnapshot::headers(Height from, std::size_t limit) {
  std::vector<SealedHeader> found;
  Height height = std::max<Height>(from, 1);
  for (; found.size() < limit && tables_->block(height) != nullptr; ++height) {
    found.push_back(tables_->block(height)->block.sealed);
  }
  return found;
}

Result<std::vector<Block>> MemorySnapshot::blocks(Height from, std::size_t limit,
                                                  std::size_t bytes_max) {
  std::vector<Block> found;
  std::size_t bytes = 0;
  Height height = std::max<Height>(from, 1);
  for (; found.size() < limit && tables_->block(height) != nullptr; ++height) {
    Block block = tables_->block(height)->block.block();
    const std::size_t block_bytes = encode(block).size();
    if (!found.empty() && bytes + block_bytes > bytes_max) break;
    bytes += block_bytes;
    found.push_back(std::move(block));
  }
  return found;
}

Result<TxPage> MemorySnapshot::txs_of(const Address& address, std::size_t offset,
                                      std::size_t limit) {
  TxPage page;
  const auto found = tables_->accounts.find(address);
  if (found == tables_->accounts.end()) return page;
  const auto& places = found->second.txs;
  page.total = places.size();
  for (std::size_t i = offset; i < places.size() && page.txs.size() < limit; ++i) {
    page.txs.push_back(locate(places[places.size() - 1 - i]));
  }
  return page;
}

Result<TxPage> MemorySnapshot::txs(std::size_t offset, std::size_t limit) {
  TxPage page;
  page.total = tables_->txs.size();
  for (Height height = tables_->head().height; height > 0 && page.txs.size() < limit; --height) {
    const auto& txs = tables_->block(height)->block.txs;
    for (auto index = static_cast<std::uint32_t>(txs.size()); index-- > 0;) {
      if (offset > 0) {
        --offset;
      } else if (page.txs.size() < limit) {
        page.txs.push_back(locate({height, index}));
      }
    }
  }
  return page;
}

Result<ReceiptPage> MemorySnapshot::receipts(std::size_t offset, std::size_t limit) {
  const auto& places = tables_->claims_in_order;
  ReceiptPage page{{}, {places.size(), tables_->minted}};
  for (std::size_t i = offset; i < places.size() && page.claims.size() < limit; ++i) {
    page.claims.push_back(locate(places[places.size() - 1 - i]));
  }
  return page;
}

Result<AccountPage> MemorySnapshot::accounts(Amount balance_min, std::size_t offset,
                                             std::size_t limit) {
  AccountPage page;
  for (const auto& [address, history] : tables_->accounts) {
    const bool is_empty = history.account.balance == Amount{} && history.txs.empty();
    if (is_empty || history.account.balance < balance_min) continue;
    if (address == reserve_address()) continue;
    page.rows.push_back({address, history.account, history.txs.size()});
  }
  std::sort(page.rows.begin(), page.rows.end(), [](const auto& a, const auto& b) {
    return std::tie(b.account.balance, a.address) < std::tie(a.account.balance, b.address);
  });
  page.total = page.rows.size();
  page.rows.erase(page.rows.begin(), page.rows.begin() + static_cast<std::ptrdiff_t>(
                                                             std::min(offset, page.rows.size())));
  if (page.rows.size() > limit) page.rows.resize(limit);
  return page;
}

Result<std::optional<SignedTx>> MemorySnapshot::pending_tx(const TxId& id) {
  const auto found = tables_->pool_ids.find(id);
  if (found == tables_->pool_ids.end()) return std::optional<SignedTx>();
  return std::optional(tables_->pool.at(found->second).signed_tx());
}

Result<std::vector<SignedTx>> MemorySnapshot::pending(std::size_t offset, std::size_t limit) {
  std::vector<SignedTx> found;
  for (const auto& [sequence, tx] : tables_->pool) {
    if (found.size() == limit) break;
    if (offset > 0) {
      --offset;
    } else {
      found.push_back(tx.signed_tx());
    }
  }
  return found;
}

Result<std::vector<SideBlock>> MemorySnapshot::side_blocks(std::size_t limit) {
  std::vector<SideBlock> found(tables_->side.rbegin(), tables_->side.rend());
  std::stable_sort(found.begin(), found.end(), [](const SideBlock& a, const SideBlock& b) {
    return a.sealed.header.height > b.sealed.header.height;
  });
  if (found.size() > limit) found.resize(limit);
  return found;
}

}  // namespace

class MemoryReader final : public Reader {
 public:
  explicit MemoryReader(const MemoryDisk& disk) : disk_(disk) {}

  Result<std::unique_ptr<Snapshot>> snapshot() override {
    if (*lent_ == limits::readers_max) {
      return error(Errc::overloaded, "store: " + std::to_string(limits::readers_max) +
                                         " reads are under way; try again");
    }
    return std::unique_ptr<Snapshot>(std::make_unique<MemorySnapshot>(disk_.tables_, lent_));
  }

 private:
  const MemoryDisk& disk_;
  std::shared_ptr<std::size_t> lent_ = std::make_shared<std::size_t>(0);
};

MemoryDisk::MemoryDisk() : tables_(std::make_shared<MemoryTables>()) {}

MemoryStore::MemoryStore(std::shared_ptr<MemoryDisk> disk)
    : disk_(std::move(disk)), reader_(std::make_unique<MemoryReader>(*disk_)) {}

MemoryStore::~MemoryStore() = default;

Reader& MemoryStore::reader() { return *reader_; }

MemoryTables& MemoryStore::writable() {
  if (disk_->tables_.use_count() > 1) {
    disk_->tables_ = std::make_shared<MemoryTables>(*disk_->tables_);
  }
  return *disk_->tables_;
}

Result<std::optional<Loaded>> MemoryStore::load(const Params& params) {
  const MemoryTables& tables = *disk_->tables_;
  if (!tables.genesis) return std::optional<Loaded>();
  if (*tables.genesis != params.genesis_hash) {
    return error(Errc::wrong_genesis,
                 "store: holds the chain of genesis " + hash_text(*tables.genesis) +
                     ", but the node's genesis is " + hash_text(params.genesis_hash));
  }
  std::vector<AccountProof::Leaf> accounts;
  accounts.reserve(tables.accounts.size());
  for (const auto& [address, history] : tables.accounts) {
    accounts.push_back({address, history.account});
  }
  State state(tables.governance.rbegin()->second, std::move(accounts));
  const Hash expected =
      tables.blocks.empty() ? tables.genesis_root : tables.blocks.back()->block.header().state_root;
  AITBC_CHECK(state.root() == expected);
  Loaded loaded{
      tables.head(), std::move(state), tables.governance, {}, {}, {}, tables.evidence, {}};
  loaded.finality_conflict = tables.finality_conflict;
  for (const SideBlock& lost : tables.side) loaded.side.push_back(lost.sealed);
  if (!tables.final.empty()) loaded.certificates.push_back(tables.final.rbegin()->second);
  for (const auto& [height, certificate] : tables.justified) {
    loaded.certificates.push_back(certificate);
  }
  for (const auto& [sequence, tx] : tables.pool) loaded.mempool.push_back({tx, sequence});
  return std::optional(std::move(loaded));
}

Status MemoryStore::initialise(const Genesis& genesis) {
  MemoryTables& tables = writable();
  AITBC_CHECK(!tables.genesis.has_value());
  tables.genesis = hash_of(genesis);
  const State state = State::of(genesis);
  tables.governance.emplace(0, state.governance());
  tables.genesis_root = state.root();
  for (const auto& [address, balance] : balances_of(genesis)) {
    tables.accounts[address].account = {balance, 0};
  }
  return ok();
}

Status MemoryStore::commit(const Batch& batch) {
  AITBC_CHECK(disk_->tables_->genesis.has_value());
  writable().apply(batch);
  return ok();
}

Result<std::optional<SealedHeader>> MemoryStore::header(Height height) {
  return disk_->tables_->header(height);
}

Result<bool> MemoryStore::included(const TxId& id) { return disk_->tables_->txs.contains(id); }

Result<std::optional<Certificate>> MemoryStore::finality_of(Height height) {
  return disk_->tables_->finality_of(height);
}

Result<std::vector<Applied>> MemoryStore::applied_above(Height height) {
  const MemoryTables& tables = *disk_->tables_;
  std::vector<Applied> found;
  while (const Applied* applied = tables.block(++height)) found.push_back(*applied);
  return found;
}

}  // namespace aitbc
