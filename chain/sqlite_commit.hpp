#pragma once
// Writing one Batch inside the transaction that its owner holds. Writer's thread only. After a
// failure the transaction must be rolled back and the BatchWriter thrown away.

#include <unordered_map>

#include "chain/pool_index.hpp"
#include "chain/sqlite.hpp"
#include "chain/sqlite_lookup.hpp"
#include "chain/store.hpp"

namespace aitbc {

struct WriteStatements {
  explicit WriteStatements(Database& writable) : database(writable) {}

  Database& database;
  ChainLookup lookup{database};
  Statement headers_above{database, "SELECT header FROM blocks WHERE height > ? ORDER BY height"};
  Statement effects{database, "SELECT effects FROM undo WHERE height = ?"};
  Statement bodies{database, "SELECT body FROM txs WHERE pos >= ? AND pos < ? ORDER BY pos"};
  Statement newest_txs{database, "SELECT links, body FROM txs WHERE pos >= ? ORDER BY pos DESC"};
  Statement delete_blocks{database, "DELETE FROM blocks WHERE height > ?"};
  Statement delete_undo{database, "DELETE FROM undo WHERE height > ?"};
  Statement insert_governance{database, "INSERT INTO governance(height, value) VALUES(?, ?)"};
  Statement delete_governance{database, "DELETE FROM governance WHERE height > ?"};
  Statement last_receipt{database, "SELECT number, minted FROM receipts ORDER BY pos DESC LIMIT 1"};
  Statement insert_receipt{database,
                           "INSERT INTO receipts(pos, key, number, minted) VALUES(?, ?, ?, ?)"};
  Statement delete_receipts{database, "DELETE FROM receipts WHERE pos >= ?"};
  Statement delete_txs{database, "DELETE FROM txs WHERE pos >= ?"};
  Statement insert_block{database, "INSERT INTO blocks(height, key, header) VALUES(?, ?, ?)"};
  Statement insert_undo{database, "INSERT INTO undo(height, effects) VALUES(?, ?)"};
  Statement insert_tx{database, "INSERT INTO txs(pos, key, links, body) VALUES(?, ?, ?, ?)"};
  Statement add_tx_count{database, "UPDATE meta SET txs = txs + ?"};
  Statement find_account{database,
                         "SELECT id, balance, nonce, txs, newest FROM accounts WHERE address = ?"};
  Statement insert_account{
      database, "INSERT INTO accounts(address, balance, nonce, txs, newest) VALUES(?, ?, ?, 0, 0)"};
  Statement update_account{
      database, "UPDATE accounts SET balance = ?, nonce = ?, txs = ?, newest = ? WHERE id = ?"};
  Statement delete_marks{database, "DELETE FROM marks WHERE account = ? AND number > ?"};
  Statement insert_mark{database, "INSERT INTO marks(account, number, pos) VALUES(?, ?, ?)"};
  Statement delete_pool{database, "DELETE FROM pool WHERE seq = ?"};
  Statement insert_pool{database, "INSERT INTO pool(seq, body) VALUES(?, ?)"};
  Statement delete_replaced{database, "DELETE FROM replaced WHERE id = ?"};
  Statement insert_replaced{database,
                            "INSERT OR REPLACE INTO replaced(id, by, height) VALUES(?, ?, ?)"};
  Statement trim_replaced{
      database,
      "DELETE FROM replaced WHERE seq <= (SELECT seq FROM replaced ORDER BY seq DESC "
      "LIMIT 1 OFFSET ?)"};
  Statement insert_side{database, "INSERT OR IGNORE INTO side(id, height, header) VALUES(?, ?, ?)"};
  Statement delete_side{database, "DELETE FROM side WHERE id = ?"};
  Statement trim_side{database,
                      "DELETE FROM side WHERE seq <= (SELECT seq FROM side ORDER BY seq DESC "
                      "LIMIT 1 OFFSET ?)"};
  Statement insert_certificate{
      database, "INSERT OR REPLACE INTO certificates(kind, height, votes) VALUES(?, ?, ?)"};
  Statement delete_justified{database, "DELETE FROM certificates WHERE kind = 0 AND height <= ?"};
  Statement insert_evidence{database, "INSERT OR IGNORE INTO evidence(id, body) VALUES(?, ?)"};
  Statement insert_conflict{database,
                            "INSERT OR IGNORE INTO finality_conflict(id, body) VALUES(0, ?)"};
  Statement delete_final_undo{database, "DELETE FROM undo WHERE height <= ?"};
};

class BatchWriter {
 public:
  BatchWriter(WriteStatements& statements, Height head) : sql_(statements), head_(head) {}

  // The height of the head afterwards. `gone` is where the batch's pool_remove are.
  Result<Height> write(const Batch& batch, std::span<const PoolIndex::Place> gone);

 private:
  // An account's row as it will be; each is read once and written once for the whole batch.
  struct Row {
    std::int64_t id = 0;
    Account account;
    std::uint64_t txs = 0;
    std::uint64_t newest = 0;
  };

  Status rewind(Height to);
  Status undo(Height height);
  Status unlink_above(Height height);
  Status append(const Applied& applied);
  Status append_receipts(const Applied& applied);
  Status append_tx(const CheckedTx& tx, std::uint64_t position);
  Status write_accounts();
  Status write_pool(const Batch& batch, std::span<const PoolIndex::Place> gone);
  Status write_replaced(const std::vector<Replaced>& replaced);
  Status add_certificate(const Certificate& certificate);
  Status add_side(const SealedHeader& sealed);
  Status add_evidence(const Batch& batch);
  Result<Row*> row_of(const Address& address);

  WriteStatements& sql_;
  Height head_;
  std::int64_t txs_added_ = 0;  // fewer if a longer branch was rewound
  std::unordered_map<Address, Row> rows_;
};

}  // namespace aitbc
