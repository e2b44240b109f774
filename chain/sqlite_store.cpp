#include "chain/sqlite_store.hpp"

#include "chain/core/limits.hpp"
#include "chain/file_lock.hpp"
#include "chain/sqlite_commit.hpp"
#include "chain/sqlite_rows.hpp"
#include "chain/sqlite_schema.hpp"
#include "chain/sqlite_snapshot.hpp"

namespace aitbc {

namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(std::string path, FileLock lock, Database database)
      : path_(std::move(path)), lock_(std::move(lock)), database_(std::move(database)) {}
  ~SqliteStore() override;

  Result<std::optional<Loaded>> load(const Params& params) override;
  Status initialise(const Genesis& genesis) override;
  Status commit(const Batch& batch) override;
  Result<std::optional<SealedHeader>> header(Height height) override {
    return statements_.lookup.header(height);
  }
  Result<bool> included(const TxId& id) override;
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return statements_.lookup.finality_of(height);
  }
  Result<std::vector<Applied>> applied_above(Height height) override;
  Reader& reader() override;
  void shrink() override;

 private:
  Status check_genesis_hash(const GenesisHash& stored, const GenesisHash& expected) const;
  Result<std::map<Height, Governance>> load_governance();
  Result<State> load_state(Governance governance, const Hash& expected);
  Result<std::vector<Mempool::Entry>> load_pool(const Params& params);
  Result<std::vector<Certificate>> load_certificates();
  Status load_offences(Loaded& loaded);
  Result<Applied> read_applied(const SealedHeader& sealed);
  Status write(const Batch& batch, std::span<const PoolIndex::Place> gone);
  void start_reading(const Params& params, Height head);

  // In this order, so that readers end before the writer and the lock is the last to go.
  const std::string path_;
  FileLock lock_;
  Database database_;
  WriteStatements statements_{database_};
  std::optional<Params> params_;  // since load() or initialise()
  Height head_ = 0;
  const std::shared_ptr<PoolIndex> pending_ = std::make_shared<PoolIndex>();
  std::unique_ptr<ReaderPool> readers_;
};

SqliteStore::~SqliteStore() {
  readers_.reset();
  // A failure leaves the log beside the file, and the next start reads both.
  static_cast<void>(database_.checkpoint());
}

Reader& SqliteStore::reader() {
  AITBC_CHECK(readers_ != nullptr);
  return *readers_;
}

void SqliteStore::start_reading(const Params& params, Height head) {
  params_ = params;
  head_ = head;
  if (!readers_) readers_ = std::make_unique<ReaderPool>(path_, params.genesis_hash, pending_);
}

Result<CheckedTx> read_checked(const Params& params, SignedTx tx) {
  auto checked = CheckedTx::stored(params, std::move(tx));
  if (!checked) return damaged("stored " + checked.error().detail);
  return checked;
}

// ---- loading ------------------------------------------------------------------------------------

Status SqliteStore::check_genesis_hash(const GenesisHash& stored,
                                       const GenesisHash& expected) const {
  if (stored == expected) return ok();
  return error(Errc::wrong_genesis, path_ + ": holds the chain of genesis " + hash_text(stored) +
                                        ", but the node's genesis is " + hash_text(expected) +
                                        "; give each chain a data directory of its own");
}

Result<std::map<Height, Governance>> SqliteStore::load_governance() {
  std::map<Height, Governance> governance;
  Statement stored(database_,
                   "SELECT height, value FROM governance WHERE height >= "
                   "(SELECT max(height) FROM governance WHERE height <= "
                   "(SELECT coalesce(max(height), 0) FROM certificates WHERE kind = 1))");
  Query query(stored);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) break;
    AITBC_TRY_ASSIGN(Governance value, read_governance(query.blob(1)));
    governance.emplace(query.count(0), std::move(value));
  }
  if (governance.empty()) return damaged("the set of authorities is missing");
  return governance;
}

Result<State> SqliteStore::load_state(Governance governance, const Hash& expected) {
  std::vector<AccountProof::Leaf> accounts;
  // Rows are never deleted, so the last one's number is how many there are; counting reads an
  // index.
  Statement last(database_, "SELECT coalesce(max(id), 0) FROM accounts");
  Query counted(last);
  AITBC_TRY_ASSIGN(const bool has_count, counted.next());
  AITBC_CHECK(has_count);
  // A damaged file may say anything.
  accounts.reserve(std::min<std::size_t>(counted.count(0), limits::genesis_accounts_max));
  Statement rows(database_, "SELECT address, balance, nonce FROM accounts");
  Query query(rows);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) break;
    AITBC_TRY_ASSIGN(const Address address, read_fixed<Address>(query.blob(0)));
    AITBC_TRY_ASSIGN(const Amount balance, read_amount(query.count(1)));
    accounts.push_back({address, {balance, query.count(2)}});
  }
  State state(std::move(governance), std::move(accounts));
  if (const Hash root = state.root(); root != expected) {
    return damaged("the accounts hash to " + hash_text(root) + ", but the chain's head has " +
                   hash_text(expected));
  }
  return state;
}

Result<std::vector<Mempool::Entry>> SqliteStore::load_pool(const Params& params) {
  std::vector<Mempool::Entry> entries;
  Statement pool(database_, "SELECT seq, body FROM pool ORDER BY seq");
  Query query(pool);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return entries;
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(1)));
    AITBC_TRY_ASSIGN(CheckedTx checked, read_checked(params, std::move(tx)));
    entries.push_back({std::move(checked), query.count(0)});
  }
}

Result<std::vector<Certificate>> SqliteStore::load_certificates() {
  std::vector<Certificate> certificates;
  Statement stored(database_,
                   "SELECT votes FROM (SELECT votes FROM certificates WHERE kind = 1 "
                   "ORDER BY height DESC LIMIT 1) "
                   "UNION ALL SELECT votes FROM certificates WHERE kind = 0");
  Query query(stored);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return certificates;
    AITBC_TRY_ASSIGN(Certificate certificate, read_certificate(query.blob(0)));
    certificates.push_back(std::move(certificate));
  }
}

// What was proven against keys, and the losing blocks that may prove more.
Status SqliteStore::load_offences(Loaded& loaded) {
  Statement side(database_, "SELECT header FROM side ORDER BY seq");
  for (Query query(side);;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) break;
    AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(0)));
    loaded.side.push_back(sealed);
  }
  Statement proven(database_, "SELECT body FROM evidence ORDER BY seq");
  for (Query query(proven);;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) break;
    AITBC_TRY_ASSIGN(Evidence evidence, read_evidence(query.blob(0)));
    loaded.evidence.push_back(std::move(evidence));
  }
  Statement twice(database_, "SELECT body FROM finality_conflict");
  Query query(twice);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (row) {
    AITBC_TRY_ASSIGN(loaded.finality_conflict, read_finality_conflict(query.blob(0)));
  }
  return ok();
}

Result<std::optional<Loaded>> SqliteStore::load(const Params& params) {
  Statement meta(database_, "SELECT genesis_hash, state_root FROM meta WHERE id = 0");
  Query query(meta);
  AITBC_TRY_ASSIGN(const bool initialised, query.next());
  if (!initialised) return std::optional<Loaded>();
  AITBC_TRY_ASSIGN(const auto genesis, read_fixed<GenesisHash>(query.blob(0)));
  AITBC_TRY(check_genesis_hash(genesis, params.genesis_hash));
  Tip head = genesis_tip(params);
  AITBC_TRY_ASSIGN(Hash root, read_fixed<Hash>(query.blob(1)));

  Statement newest(database_,
                   "SELECT header FROM blocks WHERE height = (SELECT max(height) FROM blocks)");
  Query block(newest);
  AITBC_TRY_ASSIGN(const bool has_block, block.next());
  if (has_block) {
    AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(block.blob(0)));
    head = tip_of(sealed.header);
    root = sealed.header.state_root;
  }
  AITBC_TRY_ASSIGN(auto governance, load_governance());
  AITBC_TRY_ASSIGN(State state, load_state(governance.rbegin()->second, root));
  AITBC_TRY_ASSIGN(auto pool, load_pool(params));
  AITBC_TRY_ASSIGN(auto certificates, load_certificates());
  Loaded loaded{head,
                std::move(state),
                std::move(governance),
                std::move(pool),
                std::move(certificates),
                {},
                {},
                {}};
  AITBC_TRY(load_offences(loaded));
  pending_->add(loaded.mempool);
  start_reading(params, head.height);
  return std::optional(std::move(loaded));
}

Status SqliteStore::initialise(const Genesis& genesis) {
  const Params params = params_of(genesis);
  const State state = State::of(genesis);
  const Hash root = state.root();
  Encoder governance;
  encode(governance, state.governance());

  AITBC_TRY_ASSIGN(Transaction transaction, Transaction::begin(database_));
  Statement meta(database_, "INSERT INTO meta(id, genesis_hash, state_root) VALUES(0, ?, ?)");
  AITBC_TRY(Query(meta, params.genesis_hash.view(), root.view()).run());
  AITBC_TRY(Query(statements_.insert_governance, Height{0}, ByteView(governance.bytes())).run());
  for (const auto& [address, balance] : balances_of(genesis)) {
    AITBC_TRY(Query(statements_.insert_account, address.view(), balance.units(), Nonce{0}).run());
  }
  AITBC_TRY(transaction.commit());
  start_reading(params, 0);
  return ok();
}

// ---- deciding -----------------------------------------------------------------------------------

Status SqliteStore::commit(const Batch& batch) {
  AITBC_CHECK(params_.has_value());
  const auto gone = pending_->places_of(batch.pool_remove);
  pending_->add(batch.pool_add);
  if (auto written = write(batch, gone); !written) {
    pending_->drop(batch.pool_add);
    return written;
  }
  pending_->remove(gone);
  return ok();
}

void SqliteStore::shrink() {
  database_.shrink();
  readers_->shrink();
  pending_->shrink();
}

Status SqliteStore::write(const Batch& batch, std::span<const PoolIndex::Place> gone) {
  AITBC_TRY_ASSIGN(Transaction transaction, Transaction::begin(database_));
  AITBC_TRY_ASSIGN(const Height head, BatchWriter(statements_, head_).write(batch, gone));
  AITBC_TRY(transaction.commit());
  head_ = head;
  return ok();
}

Result<bool> SqliteStore::included(const TxId& id) {
  AITBC_CHECK(params_.has_value());
  AITBC_TRY_ASSIGN(const auto found, statements_.lookup.tx(params_->genesis_hash, id));
  return found.has_value();
}

Result<std::vector<Applied>> SqliteStore::applied_above(Height height) {
  AITBC_CHECK(params_.has_value());
  std::vector<Applied> blocks;
  Query headers(statements_.headers_above, height);
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, headers.next());
    if (!row) return blocks;
    AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(headers.blob(0)));
    AITBC_TRY_ASSIGN(Applied applied, read_applied(sealed));
    blocks.push_back(std::move(applied));
  }
}

Result<Applied> SqliteStore::read_applied(const SealedHeader& sealed) {
  const Height height = sealed.header.height;
  Applied applied{{sealed, {}}, {}};
  Query bodies(statements_.bodies, Position{height, 0}.packed(), Position{height + 1, 0}.packed());
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, bodies.next());
    if (!row) break;
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(bodies.blob(0)));
    AITBC_TRY_ASSIGN(CheckedTx checked, read_checked(*params_, std::move(tx)));
    applied.block.txs.push_back(std::move(checked));
  }
  Query effects(statements_.effects, height);
  AITBC_TRY_ASSIGN(const bool row, effects.next());
  if (!row) return damaged("what block " + std::to_string(height) + " changed is missing");
  AITBC_TRY_ASSIGN(applied.effects, read_effects(effects.blob(0)));
  return applied;
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path,
                                                 std::function<void(std::size_t)> wal_told) {
  AITBC_TRY_ASSIGN(FileLock lock, FileLock::take(path + ".lock", path));
  AITBC_TRY_ASSIGN(Database database, Database::open(path, Database::Role::writer));
  AITBC_TRY(migrate(database, path));
  if (wal_told) database.on_commit(std::move(wal_told));
  return std::unique_ptr<Store>(
      std::make_unique<SqliteStore>(path, std::move(lock), std::move(database)));
}

Status copy_wal(const std::string& path) {
  AITBC_TRY_ASSIGN(Database database, Database::open(path, Database::Role::writer));
  return database.copy_wal();
}

}  // namespace aitbc
