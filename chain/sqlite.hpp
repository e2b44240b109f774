#pragma once
// SQLite as this project uses it: one way to open, errors as values, statements that cannot leak.
// The only file that knows sqlite3.h is sqlite.cpp. A Database and all that hangs on it belong to
// one thread at a time, and statements must die before their database.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/bytes.hpp"
#include "chain/core/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace aitbc {

class Database {
 public:
  enum class Role { writer, reader };

  // Sets every option that matters and reads it back; a writer creates the file. corrupt if the
  // file is no database, storage if it cannot be opened or an option does not hold.
  static Result<Database> open(const std::string& path, Role role);

  // For schema and pragmas; rows are dropped.
  Status execute(const std::string& sql);
  // The row that the last INSERT of this connection made.
  std::int64_t last_row() const;
  // Moves the log into the file and empties it; storage while a snapshot holds the log back.
  Status checkpoint();
  // Copies what the log holds into the file, as far as no snapshot needs the file as it is; holds
  // up nobody. Once all of it is copied the writer begins the log again.
  Status copy_wal();
  // At rest: the pages that it keeps to read or write them again.
  void shrink();
  // Of all databases of this process: for the tests of that.
  static std::size_t memory_bytes();
  // From now on `told` after each commit how many bytes the log holds. The log stays within its
  // bound with it and without it. Once, on the writer's connection.
  using WalTold = std::function<void(std::size_t bytes)>;
  void on_commit(WalTold told);
  // The text of every statement that is prepared now: for the test of query plans.
  std::vector<std::string> statements() const;

 private:
  friend class Statement;
  friend class Transaction;
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  explicit Database(sqlite3* handle) : handle_(handle) {}
  Status configure(Role role);
  Status configure_writer();
  Status set(const std::string& pragma, const std::string& value, const std::string& answer);
  static int committed(void* told, sqlite3* handle, const char* name, int pages);

  std::unique_ptr<WalTold> wal_told_;  // where SQLite finds it, though the Database is moved
  std::unique_ptr<sqlite3, Close> handle_;
};

// Prepared once, run many times by Query. A failure to prepare is kept and told by each run, so
// that a set of statements can be members of a struct.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

 private:
  friend class Query;
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  Status prepared_;
  bool running_ = false;
};

// One run of a statement with its values; on destruction the statement is reset and forgets them.
// Blobs are not copied: they must outlive the run.
class Query {
 public:
  template <class... Values>
  explicit Query(Statement& statement, const Values&... values) : Query(&statement) {
    int index = 0;
    (bind(++index, values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // For statements that return no rows.
  Status run();
  // True: a row is there, until the next call.
  Result<bool> next();

  bool is_null(int column) const;
  std::int64_t number(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(number(column)); }
  std::string text(int column) const;
  ByteView blob(int column) const;

 private:
  explicit Query(Statement* statement);
  void bind(int index, std::int64_t value);
  // Stored numbers are below 2^53; a larger one can only be asked for, and finds nothing.
  void bind(int index, std::uint64_t value);
  void bind(int index, ByteView value);

  Statement& statement_;
  int bound_;
};

// BEGIN IMMEDIATE … COMMIT; rolled back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  Status commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;  // null when it is over
};

}  // namespace aitbc
