#include "chain/sqlite_snapshot.hpp"

#include "chain/core/limits.hpp"
#include "chain/core/parties.hpp"
#include "chain/sqlite_rows.hpp"

namespace aitbc {

namespace {

// The only number of the only row.
template <class... Values>
Result<std::uint64_t> number_of(Statement& statement, Values... values) {
  Query query(statement, values...);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  AITBC_CHECK(row);
  return query.count(0);
}

}  // namespace

class SqliteSnapshot final : public Snapshot {
 public:
  SqliteSnapshot(ReaderPool& pool, std::unique_ptr<ReaderPool::Connection> connection)
      : pool_(pool),
        connection_(std::move(connection)),
        sql_(connection_->statements),
        pending_(*pool.pending_) {}
  ~SqliteSnapshot() override;

  // A transaction sees the database as of its first read, so that is made at once.
  Status begin();

  Result<Tip> head() override { return head_; }
  Result<std::optional<SealedHeader>> header(Height height) override {
    return sql_.lookup.header(height);
  }
  Result<std::vector<SealedHeader>> headers(Height from, std::size_t limit) override;
  Result<std::optional<Height>> height_of(const BlockId& id) override;
  Result<std::optional<Block>> block(Height height) override;
  Result<std::vector<Block>> blocks(Height from, std::size_t limit, std::size_t bytes_max) override;
  Result<Account> account(const Address& address) override;
  Result<std::optional<LocatedTx>> tx(const TxId& id) override;
  Result<TxPage> txs_of(const Address& address, std::size_t offset, std::size_t limit) override;
  Result<TxPage> txs(std::size_t offset, std::size_t limit) override;
  Result<std::optional<LocatedTx>> receipt(std::string_view receipt_id) override;
  Result<ReceiptPage> receipts(std::size_t offset, std::size_t limit) override;
  Result<std::vector<std::uint32_t>> claims_in(Height height) override;
  Result<AccountPage> accounts(Amount balance_min, std::size_t offset, std::size_t limit) override;
  Result<std::optional<SignedTx>> pending_tx(const TxId& id) override;
  Result<std::vector<SignedTx>> pending(std::size_t offset, std::size_t limit) override;
  Result<std::uint64_t> pending_count() override;
  Result<std::optional<Replaced>> replaced(const TxId& id) override;
  Result<std::vector<SideBlock>> side_blocks(std::size_t limit) override;
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return sql_.lookup.finality_of(height);
  }
  Result<std::vector<Evidence>> evidence() override;
  Result<std::optional<FinalityConflict>> finality_conflict() override;

 private:
  struct SizedBlock {
    Block block;
    std::size_t bytes;
  };
  Result<SizedBlock> read_block(SealedHeader sealed);
  struct LinkedTx {
    SignedTx tx;
    std::uint64_t before;  // position of the account's one before
  };
  Result<LinkedTx> read_linked(std::uint64_t position, const Address& address);
  Result<LocatedTx> claim_at(std::uint64_t position);
  Result<LocatedTx> locate(std::uint64_t position, SignedTx tx);

  ReaderPool& pool_;
  std::unique_ptr<ReaderPool::Connection> connection_;
  ReadStatements& sql_;
  const PoolIndex::View pending_;  // opened before the database is first read
  Tip head_;
};

// ---- connections --------------------------------------------------------------------------------

ReaderPool::ReaderPool(std::string path, const GenesisHash& genesis,
                       std::shared_ptr<PoolIndex> pending)
    : path_(std::move(path)), genesis_(genesis), pending_(std::move(pending)) {}

ReaderPool::~ReaderPool() {
  const MutexLock lock(mutex_);
  AITBC_CHECK(lent_ == 0);
}

Result<std::unique_ptr<ReaderPool::Connection>> ReaderPool::borrow() {
  {
    const MutexLock lock(mutex_);
    if (lent_ == limits::readers_max) {
      return error(Errc::overloaded, "store: " + std::to_string(limits::readers_max) +
                                         " reads are under way; try again");
    }
    ++lent_;
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  auto database = Database::open(path_, Database::Role::reader);
  if (!database) {
    give_back(nullptr);
    return std::move(database).error();
  }
  return std::make_unique<Connection>(std::move(database).value());
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  const MutexLock lock(mutex_);
  --lent_;
  if (connection) idle_.push_back(std::move(connection));
}

void ReaderPool::shrink() {
  const MutexLock lock(mutex_);
  for (const auto& connection : idle_) connection->database.shrink();
}

Result<std::unique_ptr<Snapshot>> ReaderPool::snapshot() {
  AITBC_TRY_ASSIGN(auto connection, borrow());
  auto snapshot = std::make_unique<SqliteSnapshot>(*this, std::move(connection));
  AITBC_TRY(snapshot->begin());
  return std::unique_ptr<Snapshot>(std::move(snapshot));
}

SqliteSnapshot::~SqliteSnapshot() {
  const bool ended = Query(sql_.end).run().has_value();
  if (!ended) connection_.reset();
  pool_.give_back(std::move(connection_));
}

Status SqliteSnapshot::begin() {
  AITBC_TRY(Query(sql_.begin).run());
  Query query(sql_.head);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) {
    head_ = {0, 0, BlockId{pool_.genesis_.data}};
    return ok();
  }
  AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(0)));
  head_ = tip_of(sealed.header);
  return ok();
}

// ---- blocks -------------------------------------------------------------------------------------

Result<std::vector<SealedHeader>> SqliteSnapshot::headers(Height from, std::size_t limit) {
  std::vector<SealedHeader> found;
  Query query(sql_.headers, from, limit);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return found;
    AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(0)));
    found.push_back(sealed);
  }
}

Result<std::optional<Height>> SqliteSnapshot::height_of(const BlockId& id) {
  Query query(sql_.heights_by_key, key_of(id));
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return std::optional<Height>();
    AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(1)));
    if (id_of(sealed.header) == id) return std::optional(sealed.header.height);
  }
}

Result<SqliteSnapshot::SizedBlock> SqliteSnapshot::read_block(SealedHeader sealed) {
  const Height height = sealed.header.height;
  SizedBlock sized{{sealed, {}}, sealed_header_bytes};
  sized.block.txs.reserve(sealed.header.tx_count);
  Query query(sql_.bodies, Position{height, 0}.packed(), Position{height + 1, 0}.packed());
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) break;
    const ByteView body = query.blob(0);
    sized.bytes += body.size();
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(body));
    sized.block.txs.push_back(std::move(tx));
  }
  if (sized.block.txs.size() != sealed.header.tx_count) {
    return damaged("block " + std::to_string(height) + " lacks transactions");
  }
  return sized;
}

Result<std::optional<Block>> SqliteSnapshot::block(Height height) {
  AITBC_TRY_ASSIGN(const auto sealed, header(height));
  if (!sealed) return std::optional<Block>();
  AITBC_TRY_ASSIGN(SizedBlock sized, read_block(*sealed));
  return std::optional(std::move(sized.block));
}

Result<std::vector<Block>> SqliteSnapshot::blocks(Height from, std::size_t limit,
                                                  std::size_t bytes_max) {
  std::vector<Block> found;
  std::size_t bytes = 0;
  for (Height height = std::max<Height>(from, 1); height <= head_.height; ++height) {
    if (found.size() == limit || bytes >= bytes_max) break;
    AITBC_TRY_ASSIGN(const auto sealed, header(height));
    if (!sealed) return damaged("block " + std::to_string(height) + " is missing");
    AITBC_TRY_ASSIGN(SizedBlock sized, read_block(*sealed));
    if (!found.empty() && bytes + sized.bytes > bytes_max) break;
    bytes += sized.bytes;
    found.push_back(std::move(sized.block));
  }
  return found;
}

// ---- accounts and transactions ------------------------------------------------------------------

Result<Account> SqliteSnapshot::account(const Address& address) {
  Query query(sql_.account, address.view());
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return Account{};
  AITBC_TRY_ASSIGN(const Amount balance, read_amount(query.count(1)));
  return Account{balance, query.count(2)};
}

Result<LocatedTx> SqliteSnapshot::locate(std::uint64_t position, SignedTx tx) {
  const auto [height, index] = Position::unpack(position);
  AITBC_TRY_ASSIGN(const auto sealed, header(height));
  if (!sealed) return damaged("block " + std::to_string(height) + " is missing");
  return LocatedTx{std::move(tx), height, index, sealed->header.slot};
}

Result<std::optional<LocatedTx>> SqliteSnapshot::tx(const TxId& id) {
  AITBC_TRY_ASSIGN(auto found, sql_.lookup.tx(pool_.genesis_, id));
  if (!found) return std::optional<LocatedTx>();
  AITBC_TRY_ASSIGN(LocatedTx located, locate(found->position, std::move(found->tx)));
  return std::optional(std::move(located));
}

Result<TxPage> SqliteSnapshot::txs_of(const Address& address, std::size_t offset,
                                      std::size_t limit) {
  TxPage page;
  Query owner(sql_.account, address.view());
  AITBC_TRY_ASSIGN(const bool known, owner.next());
  if (!known) return page;
  page.total = owner.count(3);
  if (offset >= page.total) return page;

  // Where to start: the account's newest, or a mark that is nearer.
  const std::uint64_t first = page.total - offset;
  std::uint64_t number = page.total;
  std::uint64_t position = owner.count(4);
  {
    Query mark(sql_.mark, owner.number(0), first);
    AITBC_TRY_ASSIGN(const bool marked, mark.next());
    if (marked) {
      number = mark.count(0);
      position = mark.count(1);
    }
  }
  for (; number > 0 && page.txs.size() < limit; --number) {
    AITBC_TRY_ASSIGN(LinkedTx linked, read_linked(position, address));
    if (number <= first) {
      AITBC_TRY_ASSIGN(LocatedTx located, locate(position, std::move(linked.tx)));
      page.txs.push_back(std::move(located));
    }
    position = linked.before;
  }
  return page;
}

Result<SqliteSnapshot::LinkedTx> SqliteSnapshot::read_linked(std::uint64_t position,
                                                             const Address& address) {
  Query query(sql_.tx, position);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return damaged("an account's list of transactions is broken");
  AITBC_TRY_ASSIGN(const Links links, read_links(query.blob(0)));
  AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(1)));
  auto link = links.begin();
  for (const Address& party : Parties(tx.body)) {
    if (link == links.end()) break;
    if (party == address) return LinkedTx{std::move(tx), *link};
    ++link;
  }
  return damaged("an account's list of transactions is broken");
}

Result<TxPage> SqliteSnapshot::txs(std::size_t offset, std::size_t limit) {
  TxPage page;
  AITBC_TRY_ASSIGN(page.total, number_of(sql_.tx_count));
  Query query(sql_.newest_txs, limit, offset);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return page;
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(1)));
    AITBC_TRY_ASSIGN(LocatedTx located, locate(query.count(0), std::move(tx)));
    page.txs.push_back(std::move(located));
  }
}

Result<LocatedTx> SqliteSnapshot::claim_at(std::uint64_t position) {
  Query query(sql_.tx, position);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return damaged("the claim of a receipt is missing");
  AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(1)));
  if (!std::holds_alternative<ReceiptClaim>(tx.body.payload)) {
    return damaged("a receipt names a transaction that is no claim");
  }
  return locate(position, std::move(tx));
}

Result<std::optional<LocatedTx>> SqliteSnapshot::receipt(std::string_view receipt_id) {
  Query query(sql_.receipts_by_key, key_of(marker_of(receipt_id)));
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return std::optional<LocatedTx>();
    AITBC_TRY_ASSIGN(LocatedTx found, claim_at(query.count(0)));
    auto receipt = read_receipt(std::get<ReceiptClaim>(found.tx.body.payload).receipt);
    if (!receipt) return damaged("stored " + receipt.error().detail);
    if (receipt->id == receipt_id) return std::optional(std::move(found));
  }
}

Result<ReceiptPage> SqliteSnapshot::receipts(std::size_t offset, std::size_t limit) {
  ReceiptPage page;
  Query last(sql_.last_receipt);
  AITBC_TRY_ASSIGN(const bool any, last.next());
  if (!any) return page;
  AITBC_TRY_ASSIGN(page.total.amount, read_amount(last.count(1)));
  page.total.receipts = last.count(0);
  Query query(sql_.newest_receipts, limit, offset);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return page;
    AITBC_TRY_ASSIGN(LocatedTx found, claim_at(query.count(0)));
    page.claims.push_back(std::move(found));
  }
}

Result<std::vector<std::uint32_t>> SqliteSnapshot::claims_in(Height height) {
  std::vector<std::uint32_t> positions;
  Query query(sql_.claims, Position{height, 0}.packed(), Position{height + 1, 0}.packed());
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return positions;
    positions.push_back(Position::unpack(query.count(0)).index);
  }
}

Result<AccountPage> SqliteSnapshot::accounts(Amount balance_min, std::size_t offset,
                                             std::size_t limit) {
  AccountPage page;
  const Address nobody = reserve_address();
  AITBC_TRY_ASSIGN(page.total, number_of(sql_.accounts_count, balance_min.units(), nobody.view()));
  Query query(sql_.accounts, balance_min.units(), nobody.view(), limit, offset);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return page;
    AITBC_TRY_ASSIGN(const Address address, read_fixed<Address>(query.blob(0)));
    AITBC_TRY_ASSIGN(const Amount balance, read_amount(query.count(1)));
    page.rows.push_back({address, {balance, query.count(2)}, query.count(3)});
  }
}

// ---- pending and lost ---------------------------------------------------------------------------

Result<std::optional<SignedTx>> SqliteSnapshot::pending_tx(const TxId& id) {
  for (const PoolIndex::Sequence sequence : pending_.find(id)) {
    Query query(sql_.pending_tx, sequence);
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) continue;
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(0)));
    // The number of one whose commit failed may be another's.
    if (id_of(pool_.genesis_, tx.body) == id) return std::optional(std::move(tx));
  }
  return std::optional<SignedTx>();
}

Result<std::vector<SignedTx>> SqliteSnapshot::pending(std::size_t offset, std::size_t limit) {
  std::vector<SignedTx> found;
  Query query(sql_.pending, limit, offset);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return found;
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(0)));
    found.push_back(std::move(tx));
  }
}

Result<std::uint64_t> SqliteSnapshot::pending_count() { return number_of(sql_.pending_count); }

Result<std::optional<Replaced>> SqliteSnapshot::replaced(const TxId& id) {
  Query query(sql_.replaced, id.view());
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return std::optional<Replaced>();
  AITBC_TRY_ASSIGN(const TxId by, read_fixed<TxId>(query.blob(0)));
  return std::optional(Replaced{id, by, query.count(1)});
}

Result<std::vector<SideBlock>> SqliteSnapshot::side_blocks(std::size_t limit) {
  std::vector<SideBlock> found;
  Query query(sql_.side, limit);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return found;
    AITBC_TRY_ASSIGN(const BlockId id, read_fixed<BlockId>(query.blob(0)));
    AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(1)));
    found.push_back({id, sealed});
  }
}

Result<std::vector<Evidence>> SqliteSnapshot::evidence() {
  std::vector<Evidence> found;
  Query query(sql_.evidence);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return found;
    AITBC_TRY_ASSIGN(Evidence evidence, read_evidence(query.blob(0)));
    found.push_back(std::move(evidence));
  }
}

Result<std::optional<FinalityConflict>> SqliteSnapshot::finality_conflict() {
  Query query(sql_.conflict);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return std::optional<FinalityConflict>();
  AITBC_TRY_ASSIGN(FinalityConflict conflict, read_finality_conflict(query.blob(0)));
  return std::optional(std::move(conflict));
}

}  // namespace aitbc
