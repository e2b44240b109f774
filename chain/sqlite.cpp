#include "chain/sqlite.hpp"

#include <sqlite3.h>

#include <limits>

#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr std::size_t page_bytes = 4'096;

Error failure(sqlite3* handle, int code) {
  const char* path = sqlite3_db_filename(handle, "main");
  std::string detail = path == nullptr || *path == '\0' ? "database" : path;
  detail += ": " + std::string(sqlite3_errmsg(handle));
  const int primary = code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) {
    return error(Errc::corrupt,
                 detail +
                     "; restore a copy of it, or move it away and start again: the node "
                     "fetches the chain from its peers");
  }
  // Nothing was written, and SQLite takes the transaction back: the disk may have room again later.
  if (primary == SQLITE_FULL || code == SQLITE_IOERR_WRITE) {
    return error(Errc::disk_full, detail + "; nothing was changed: free some space and try again");
  }
  return error(Errc::storage, detail + " (SQLite " + std::to_string(code) + ")");
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const {
  // Busy would mean a statement outlived its database.
  AITBC_CHECK(sqlite3_close(handle) == SQLITE_OK);
}

Result<Database> Database::open(const std::string& path, Role role) {
  const int flags =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
      (role == Role::writer ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  AITBC_CHECK(handle != nullptr);  // only out of memory
  Database database(handle);
  if (code != SQLITE_OK) {
    return error(Errc::storage, path + ": " + sqlite3_errmsg(handle));
  }
  AITBC_TRY(database.configure(role));
  return database;
}

// A pragma that is misspelt or refused is silent, so each answer is read back.
Status Database::set(const std::string& pragma, const std::string& value,
                     const std::string& answer) {
  AITBC_TRY(execute("PRAGMA " + pragma + " = " + value));
  Statement statement(*this, "PRAGMA " + pragma);
  Query query(statement);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  const std::string got = row ? query.text(0) : "nothing";
  if (got != answer) {
    return error(Errc::storage, "database: PRAGMA " + pragma + ": expected " + answer + ", got " +
                                    got + "; is the file on a local disk?");
  }
  return ok();
}

Status Database::configure(Role role) {
  // Defensive and untrusted: a file from elsewhere may not run code or damage itself. DQS makes a
  // misspelt column in double quotes a string.
  for (const auto& [option, value] :
       {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1}, std::pair{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        std::pair{SQLITE_DBCONFIG_DQS_DML, 0}, std::pair{SQLITE_DBCONFIG_DQS_DDL, 0}}) {
    int now = -1;
    const int code = sqlite3_db_config(handle_.get(), option, value, &now);
    if (code != SQLITE_OK || now != value) return failure(handle_.get(), code);
  }
  const auto timeout = std::to_string(limits::storage_wait_max.count());
  AITBC_TRY(set("busy_timeout", timeout, timeout));
  if (role == Role::writer) AITBC_TRY(configure_writer());
  if (role == Role::reader) AITBC_TRY(set("query_only", "ON", "1"));
  const std::size_t cache =
      role == Role::writer ? limits::writer_cache_bytes_max : limits::reader_cache_bytes_max;
  const std::string kib = "-" + std::to_string(cache / 1'024);
  AITBC_TRY(set("cache_size", kib, kib));
  return set("mmap_size", "0", "0");  // mapped pages would count as the node's memory
}

Status Database::configure_writer() {
  AITBC_TRY(set("page_size", std::to_string(page_bytes), std::to_string(page_bytes)));
  AITBC_TRY(set("journal_mode", "WAL", "wal"));
  // A sealed block that a power loss takes back is a block sealed twice.
  AITBC_TRY(set("synchronous", "FULL", "2"));
  // Debian's default overwrites deleted rows with zeros: here that only costs writes.
  AITBC_TRY(set("secure_delete", "OFF", "0"));
  // Each page is copied from the log into the file once for many commits that changed it.
  const auto pages = std::to_string(limits::wal_bytes_max / page_bytes);
  AITBC_TRY(set("wal_autocheckpoint", pages, pages));
  const auto bytes = std::to_string(limits::wal_bytes_max);
  return set("journal_size_limit", bytes, bytes);
}

Status Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_.get(), code);
  return ok();
}

std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }

Status Database::checkpoint() {
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                                             nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_.get(), code);
  return ok();
}

Status Database::copy_wal() {
  const int code = sqlite3_wal_checkpoint_v2(handle_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_.get(), code);
  return ok();
}

void Database::shrink() { sqlite3_db_release_memory(handle_.get()); }

std::size_t Database::memory_bytes() { return static_cast<std::size_t>(sqlite3_memory_used()); }

// It takes the place of SQLite's own, so it keeps the log within the bound as that one does: what
// fails now is tried again with the next commit.
int Database::committed(void* told, sqlite3* handle, const char* name, int pages) {
  const std::size_t bytes = static_cast<std::size_t>(pages) * page_bytes;
  if (bytes >= limits::wal_bytes_max) {
    sqlite3_wal_checkpoint_v2(handle, name, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  }
  (*static_cast<WalTold*>(told))(bytes);
  return SQLITE_OK;
}

void Database::on_commit(WalTold told) {
  wal_told_ = std::make_unique<WalTold>(std::move(told));
  sqlite3_wal_hook(handle_.get(), committed, wal_told_.get());
}

std::vector<std::string> Database::statements() const {
  std::vector<std::string> all;
  sqlite3_stmt* statement = nullptr;
  while ((statement = sqlite3_next_stmt(handle_.get(), statement)) != nullptr) {
    all.emplace_back(sqlite3_sql(statement));
  }
  return all;
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Statement::Statement(Database& database, std::string_view sql) : prepared_(ok()) {
  sqlite3_stmt* handle = nullptr;
  const int code =
      sqlite3_prepare_v3(database.handle_.get(), sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  handle_.reset(handle);
  if (code != SQLITE_OK) prepared_ = failure(database.handle_.get(), code);
}

Query::Query(Statement* statement) : statement_(*statement), bound_(SQLITE_OK) {
  AITBC_CHECK(!statement_.running_);  // a run inside a run of the same statement
  statement_.running_ = true;
}

Query::~Query() {
  statement_.running_ = false;
  if (!statement_.handle_) return;
  sqlite3_reset(statement_.handle_.get());
  sqlite3_clear_bindings(statement_.handle_.get());
}

Result<bool> Query::next() {
  AITBC_TRY(statement_.prepared_);
  sqlite3_stmt* handle = statement_.handle_.get();
  const int code = bound_ == SQLITE_OK ? sqlite3_step(handle) : bound_;
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(handle), code);
}

Status Query::run() {
  AITBC_TRY_ASSIGN(const bool row, next());
  AITBC_CHECK(!row);
  return ok();
}

void Query::bind(int index, std::int64_t value) {
  if (!statement_.handle_) return;
  const int code = sqlite3_bind_int64(statement_.handle_.get(), index, value);
  AITBC_CHECK(code != SQLITE_RANGE);
  if (code != SQLITE_OK) bound_ = code;
}

void Query::bind(int index, std::uint64_t value) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  bind(index, static_cast<std::int64_t>(std::min(value, most)));
}

void Query::bind(int index, ByteView value) {
  if (!statement_.handle_) return;
  // SQLite takes a null pointer for NULL, which an empty blob is not.
  const void* data = value.empty() ? static_cast<const void*>("") : value.data();
  const int code =
      sqlite3_bind_blob64(statement_.handle_.get(), index, data, value.size(), SQLITE_STATIC);
  AITBC_CHECK(code != SQLITE_RANGE);
  if (code != SQLITE_OK) bound_ = code;
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_.handle_.get(), column) == SQLITE_NULL;
}

std::int64_t Query::number(int column) const {
  return sqlite3_column_int64(statement_.handle_.get(), column);
}

std::string Query::text(int column) const {
  const auto* text = sqlite3_column_text(statement_.handle_.get(), column);
  if (text == nullptr) return {};
  const int bytes = sqlite3_column_bytes(statement_.handle_.get(), column);
  return std::string(as_text({text, static_cast<std::size_t>(bytes)}));
}

ByteView Query::blob(int column) const {
  const void* data = sqlite3_column_blob(statement_.handle_.get(), column);
  const int bytes = sqlite3_column_bytes(statement_.handle_.get(), column);
  return {static_cast<const Byte*>(data), static_cast<std::size_t>(bytes)};
}

// Immediate: a transaction that reads first and writes later may fail when it is half done.
Result<Transaction> Transaction::begin(Database& database) {
  AITBC_TRY(database.execute("BEGIN IMMEDIATE"));
  return Transaction(&database);
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  sqlite3* handle = database_->handle_.get();
  // Some errors, a full disk among them, have already rolled back.
  if (sqlite3_get_autocommit(handle) != 0) return;
  sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
  AITBC_CHECK(sqlite3_get_autocommit(handle) != 0);
}

Status Transaction::commit() {
  AITBC_TRY(database_->execute("COMMIT"));
  database_ = nullptr;
  return ok();
}

}  // namespace aitbc
