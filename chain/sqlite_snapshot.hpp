#pragma once
// Reading the database: connections that can only read, lent out as snapshots. ReaderPool is
// thread-safe; a connection, and so a snapshot, belongs to one thread at a time. The pool outlives
// its snapshots.

#include "chain/mutex.hpp"
#include "chain/pool_index.hpp"
#include "chain/sqlite.hpp"
#include "chain/sqlite_lookup.hpp"
#include "chain/store.hpp"

namespace aitbc {

struct ReadStatements {
  explicit ReadStatements(Database& readable) : database(readable) {}

  Database& database;
  Statement begin{database, "BEGIN"};
  Statement end{database, "COMMIT"};
  Statement head{database,
                 "SELECT header FROM blocks WHERE height = (SELECT max(height) FROM blocks)"};
  ChainLookup lookup{database};
  Statement headers{database,
                    "SELECT header FROM blocks WHERE height >= ? ORDER BY height LIMIT ?"};
  Statement heights_by_key{database, "SELECT height, header FROM blocks WHERE key = ?"};
  Statement bodies{database, "SELECT body FROM txs WHERE pos >= ? AND pos < ? ORDER BY pos"};
  Statement tx{database, "SELECT links, body FROM txs WHERE pos = ?"};
  Statement account{database,
                    "SELECT id, balance, nonce, txs, newest FROM accounts WHERE address = ?"};
  Statement tx_count{database, "SELECT txs FROM meta"};
  Statement last_receipt{database, "SELECT number, minted FROM receipts ORDER BY pos DESC LIMIT 1"};
  Statement receipts_by_key{database, "SELECT pos FROM receipts WHERE key = ?"};
  Statement newest_receipts{database,
                            "SELECT pos FROM receipts WHERE pos > 0 ORDER BY pos DESC LIMIT ? "
                            "OFFSET ?"};
  Statement claims{database, "SELECT pos FROM receipts WHERE pos >= ? AND pos < ? ORDER BY pos"};
  Statement newest_txs{
      database, "SELECT pos, body FROM txs WHERE pos > 0 ORDER BY pos DESC LIMIT ? OFFSET ?"};
  // A row whose account a reorg emptied is as good as none.
  Statement accounts_count{database,
                           "SELECT count(*) FROM accounts WHERE balance >= ? AND "
                           "(balance > 0 OR txs > 0) AND address <> ?"};
  Statement accounts{
      database,
      "SELECT address, balance, nonce, txs FROM accounts WHERE balance >= ? AND "
      "(balance > 0 OR txs > 0) AND address <> ? ORDER BY balance DESC, address LIMIT ? OFFSET ?"};
  Statement mark{database,
                 "SELECT number, pos FROM marks WHERE account = ? AND number >= ? "
                 "ORDER BY number LIMIT 1"};
  Statement pending_tx{database, "SELECT body FROM pool WHERE seq = ?"};
  Statement pending{database, "SELECT body FROM pool ORDER BY seq LIMIT ? OFFSET ?"};
  Statement pending_count{database, "SELECT count(*) FROM pool"};
  Statement replaced{database, "SELECT by, height FROM replaced WHERE id = ?"};
  Statement evidence{database, "SELECT body FROM evidence ORDER BY seq"};
  Statement conflict{database, "SELECT body FROM finality_conflict"};
  Statement side{database, "SELECT id, header FROM side ORDER BY height DESC, seq DESC LIMIT ?"};
};

class ReaderPool final : public Reader {
 public:
  // `pending` is kept by whoever writes there; what it does not know is not found by its id.
  ReaderPool(std::string path, const GenesisHash& genesis, std::shared_ptr<PoolIndex> pending);
  ~ReaderPool() override;

  Result<std::unique_ptr<Snapshot>> snapshot() override;
  // At rest: what those keep that are not lent.
  void shrink();

 private:
  friend class SqliteSnapshot;
  struct Connection {
    explicit Connection(Database opened) : database(std::move(opened)) {}
    Database database;
    ReadStatements statements{database};
  };

  Result<std::unique_ptr<Connection>> borrow();
  // Null for a connection that failed: it is closed.
  void give_back(std::unique_ptr<Connection> connection);

  const std::string path_;
  const GenesisHash genesis_;
  const std::shared_ptr<PoolIndex> pending_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ AITBC_GUARDED_BY(mutex_);
  std::size_t lent_ AITBC_GUARDED_BY(mutex_) = 0;
};

}  // namespace aitbc
