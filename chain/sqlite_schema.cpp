#include "chain/sqlite_schema.hpp"

#include <array>

namespace aitbc {

namespace {

constexpr std::int64_t application_id = 0x61697462;  // "aitb": tells our files from others

// Entry n takes a file from version n to n + 1; an entry that was released never changes.
//
// Tables that grow with the chain have integer keys: an index over 64 bits of a hash is a third of
// the size of one over the hash, and inserts are two to three times as fast. Rows found by those 64
// bits are compared with the whole hash. Tables with a bound (side, pool, replaced) can afford it.
constexpr std::array migrations = {R"sql(
  CREATE TABLE meta(
    id INTEGER PRIMARY KEY CHECK(id = 0),
    genesis_hash BLOB NOT NULL,
    state_root BLOB NOT NULL    -- of the genesis
  ) STRICT;

  -- As it was after the blocks that changed it, the genesis first.
  CREATE TABLE governance(height INTEGER PRIMARY KEY, value BLOB NOT NULL) STRICT;

  -- Headers and bodies apart: most readers want one of them.
  CREATE TABLE blocks(
    height INTEGER PRIMARY KEY,
    key INTEGER NOT NULL,       -- first 64 bits of the id
    header BLOB NOT NULL        -- sealed
  ) STRICT;
  CREATE INDEX blocks_key ON blocks(key);

  CREATE TABLE txs(
    pos INTEGER PRIMARY KEY,    -- height << 16 | position in the block
    key INTEGER NOT NULL,       -- first 64 bits of the id
    links BLOB NOT NULL,        -- see Links
    body BLOB NOT NULL          -- canonical encoding, with its signatures
  ) STRICT;
  CREATE INDEX txs_key ON txs(key);

  -- Votes of a quorum: prepares (kind 0) above the final block, commits (kind 1) for ever.
  CREATE TABLE certificates(
    kind INTEGER NOT NULL,
    height INTEGER NOT NULL,
    votes BLOB NOT NULL,
    PRIMARY KEY(kind, height)
  ) STRICT, WITHOUT ROWID;

  -- What a reorg undoes: of the blocks that are not final.
  CREATE TABLE undo(height INTEGER PRIMARY KEY, effects BLOB NOT NULL) STRICT;

  -- A row stays when its account is emptied by a reorg: balance and nonce 0 are the same as no row.
  CREATE TABLE accounts(
    id INTEGER PRIMARY KEY,
    address BLOB NOT NULL UNIQUE,
    balance INTEGER NOT NULL,
    nonce INTEGER NOT NULL,
    txs INTEGER NOT NULL,       -- how many transactions name it
    newest INTEGER NOT NULL     -- pos of the last of them, 0 for none
  ) STRICT;

  -- Where every 64th transaction of an account is: see Links.
  CREATE TABLE marks(
    account INTEGER NOT NULL,
    number INTEGER NOT NULL,    -- counted from 1, the oldest
    pos INTEGER NOT NULL,
    PRIMARY KEY(account, number)
  ) STRICT, WITHOUT ROWID;

  -- seq is the order of arrival, in which the oldest are dropped.
  CREATE TABLE side(
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    height INTEGER NOT NULL,
    header BLOB NOT NULL
  ) STRICT;
  CREATE INDEX side_height ON side(height);

  CREATE TABLE pool(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, body BLOB NOT NULL) STRICT;

  CREATE TABLE replaced(
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    by BLOB NOT NULL,
    height INTEGER NOT NULL
  ) STRICT;
)sql",
                                   R"sql(
  -- Breaches that were proven, in the order of arrival; bounded by key.
  CREATE TABLE evidence(
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    body BLOB NOT NULL
  ) STRICT;

  -- Two certificates, if the chain was ever seen final twice.
  CREATE TABLE finality_conflict(id INTEGER PRIMARY KEY CHECK(id = 0), body BLOB NOT NULL) STRICT;
)sql",
                                   R"sql(
  -- How many rows txs has: counting them takes as long as the chain is.
  ALTER TABLE meta ADD COLUMN txs INTEGER NOT NULL DEFAULT 0;
  UPDATE meta SET txs = (SELECT count(*) FROM txs);
)sql",
                                   R"sql(
  -- The transactions that minted for a receipt. The last row tells how many there are and how much.
  CREATE TABLE receipts(
    pos INTEGER PRIMARY KEY,    -- of its row in txs
    key INTEGER NOT NULL,       -- first 64 bits of the receipt's marker
    number INTEGER NOT NULL,    -- counted from 1, the oldest
    minted INTEGER NOT NULL     -- by it and all before it
  ) STRICT;
  CREATE INDEX receipts_key ON receipts(key);
)sql",
                                   R"sql(
  -- Found by its id in memory alone: see PoolIndex.
  ALTER TABLE pool RENAME TO pool_by_id;
  CREATE TABLE pool(seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
  INSERT INTO pool(seq, body) SELECT seq, body FROM pool_by_id;
  DROP TABLE pool_by_id;
)sql"};

Result<std::int64_t> number_of(Database& database, std::string_view sql) {
  Statement statement(database, sql);
  Query query(statement);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  return row ? query.number(0) : 0;
}

}  // namespace

std::int64_t schema_version() { return static_cast<std::int64_t>(migrations.size()); }

Status migrate(Database& database, const std::string& path) {
  AITBC_TRY_ASSIGN(const std::int64_t owner, number_of(database, "PRAGMA application_id"));
  AITBC_TRY_ASSIGN(const std::int64_t version, number_of(database, "PRAGMA user_version"));
  AITBC_TRY_ASSIGN(const std::int64_t objects,
                   number_of(database, "SELECT count(*) FROM sqlite_schema"));
  const bool is_new = owner == 0 && version == 0 && objects == 0;
  if (owner != application_id && !is_new) {
    return error(Errc::corrupt, path + ": is a database of another program; move it away");
  }
  if (version > schema_version()) {
    return error(Errc::newer_schema, path + ": was written by a newer version of aitbc (schema " +
                                         std::to_string(version) + ", this one reads up to " +
                                         std::to_string(schema_version()) +
                                         "); use that version, or another data directory");
  }
  for (auto next = static_cast<std::size_t>(version); next < migrations.size(); ++next) {
    AITBC_TRY_ASSIGN(Transaction transaction, Transaction::begin(database));
    AITBC_TRY(database.execute(migrations[next]));
    AITBC_TRY(database.execute("PRAGMA application_id = " + std::to_string(application_id)));
    AITBC_TRY(database.execute("PRAGMA user_version = " + std::to_string(next + 1)));
    AITBC_TRY(transaction.commit());
  }
  return ok();
}

}  // namespace aitbc
