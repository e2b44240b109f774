#include "chain/sqlite.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <set>

#include "chain/core/limits.hpp"
#include "chain/sqlite_commit.hpp"
#include "chain/sqlite_schema.hpp"
#include "chain/sqlite_snapshot.hpp"
#include "tests/support/aborts.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

Database open_database(const std::string& path, Database::Role role = Database::Role::writer) {
  auto database = Database::open(path, role);
  INFO((database ? "" : database.error().detail));
  REQUIRE(database);
  return std::move(database).value();
}

Database open_migrated(const std::string& path) {
  Database database = open_database(path);
  REQUIRE(migrate(database, path));
  return database;
}

std::int64_t number(Database& database, const std::string& sql) {
  Statement statement(database, sql);
  Query query(statement);
  const auto row = query.next();
  INFO((row ? "" : row.error().detail));
  REQUIRE(row);
  REQUIRE(*row);
  return query.number(0);
}

std::string plan_of(Database& database, const std::string& sql) {
  Statement statement(database, "EXPLAIN QUERY PLAN " + sql);
  Query query(statement);
  std::string plan;
  for (;;) {
    const auto row = query.next();
    REQUIRE(row);
    if (!*row) return plan;
    plan += query.text(3) + "\n";
  }
}

}  // namespace

TEST_CASE("no statement walks through a table that grows with the chain") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database database = open_migrated(path);
  const ReadStatements reads(database);
  const WriteStatements writes(database);
  const std::vector<std::string> statements = database.statements();
  CHECK(statements.size() > 30);
  // The richest accounts are sorted when somebody asks: an index over balances would have to be
  // moved with every transfer.
  const std::string for_people = "FROM accounts WHERE balance >= ?";
  std::size_t exceptions = 0;
  for (const std::string& sql : statements) {
    if (sql.find(for_people) != std::string::npos) {
      ++exceptions;
      continue;
    }
    const std::string plan = plan_of(database, sql);
    INFO(sql << "\n" << plan);
    for (const std::string table : {"blocks", "txs", "undo", "accounts", "marks"}) {
      CHECK(plan.find("SCAN " + table + "\n") == std::string::npos);
      CHECK(plan.find("SCAN " + table + " ") == std::string::npos);
    }
    // Pages of the bounded tables come out of an index in their order.
    CHECK(plan.find("USE TEMP B-TREE") == std::string::npos);
  }
  CHECK(exceptions == 2);
  // What the checks above look for is what SQLite says.
  CHECK(plan_of(database, "SELECT height FROM blocks WHERE header = x'00'") == "SCAN blocks\n");
}

TEST_CASE("a writer commits durably into a log that a reader can read beside it") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database writer = open_migrated(path);
  CHECK(number(writer, "PRAGMA synchronous") == 2);
  CHECK(number(writer, "PRAGMA wal_autocheckpoint") == 16'384);
  CHECK(number(writer, "PRAGMA cache_size") == -4'096);
  Database reader = open_database(path, Database::Role::reader);
  CHECK(number(reader, "PRAGMA query_only") == 1);
  CHECK(number(reader, "PRAGMA cache_size") == -256);
  CHECK_FALSE(reader.execute("DELETE FROM pool"));
  CHECK(number(reader, "SELECT count(*) FROM pool") == 0);
}

TEST_CASE("the writer tells how long its log is, and begins it again once it is copied") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database writer = open_migrated(path);
  std::size_t told = 0;
  writer.on_commit([&](std::size_t bytes) { told = bytes; });
  Database moved = std::move(writer);  // what SQLite was given stays where it is
  const auto write = [&](int kib) {
    const std::string blob = "zeroblob(" + std::to_string(kib * 1'024) + ")";
    REQUIRE(moved.execute("INSERT INTO side(id, height, header) VALUES(randomblob(32), 1, " + blob +
                          ")"));
  };
  const std::size_t before = told;
  write(1'024);
  CHECK(told > before + 1'024 * 1'024);
  SECTION("by somebody beside it") {
    REQUIRE(open_database(path).copy_wal());
    write(1);
    CHECK(told < 1'024 * 1'024);
  }
  SECTION("by its own commit that reaches the bound") {
    std::size_t longest = 0;
    while (told >= longest) {
      longest = told;
      REQUIRE(longest < limits::wal_bytes_max + 8 * 1'024 * 1'024);
      write(4 * 1'024);
    }
    CHECK(longest >= limits::wal_bytes_max);
  }
}

TEST_CASE("a misspelt name in double quotes is an error, not a text") {
  const TempDir directory;
  Database database = open_migrated(directory.file("chain.db"));
  CHECK_FALSE(database.execute("SELECT \"nosuch\" FROM pool"));
}

TEST_CASE("a path that keeps no log is refused") {
  const auto memory = Database::open(":memory:", Database::Role::writer);
  REQUIRE_FALSE(memory);
  CHECK(memory.error().code == Errc::storage);
  CHECK_THAT(memory.error().detail, Catch::Contains("expected wal, got memory"));
  const auto missing = Database::open("/nonexistent/chain.db", Database::Role::writer);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == Errc::storage);
  CHECK_THAT(missing.error().detail, Catch::Contains("/nonexistent/chain.db"));
}

TEST_CASE("a file that is no database is corrupt, with advice") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  std::ofstream(path) << std::string(10'000, 'x');
  const auto refused = Database::open(path, Database::Role::writer);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::corrupt);
  CHECK_THAT(refused.error().detail, Catch::Contains(path) && Catch::Contains("move it away"));
}

TEST_CASE("a file of a newer version is refused with both versions") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database database = open_migrated(path);
  CHECK(number(database, "PRAGMA user_version") == schema_version());
  CHECK(migrate(database, path));  // nothing is left to do
  REQUIRE(database.execute("PRAGMA user_version = 99"));
  const auto refused = migrate(database, path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::newer_schema);
  CHECK_THAT(
      refused.error().detail,
      Catch::Contains("schema 99") && Catch::Contains("up to " + std::to_string(schema_version())));
}

TEST_CASE("a file of an older version learns how many transactions it has") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database database = open_migrated(path);
  REQUIRE(database.execute("DROP TABLE receipts"));
  REQUIRE(database.execute("ALTER TABLE meta DROP COLUMN txs"));
  REQUIRE(database.execute("INSERT INTO meta(id, genesis_hash, state_root) VALUES(0, x'', x'')"));
  REQUIRE(
      database.execute("INSERT INTO txs(pos, key, links, body) VALUES(1, 1, x'', x''), "
                       "(2, 2, x'', x''), (3, 3, x'', x'')"));
  REQUIRE(database.execute("PRAGMA user_version = 2"));
  REQUIRE(migrate(database, path));
  CHECK(number(database, "SELECT txs FROM meta") == 3);
  CHECK(number(database, "PRAGMA user_version") == schema_version());
}

TEST_CASE("what waits in a file of before the pool's index was in memory goes on waiting") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database database = open_migrated(path);
  REQUIRE(database.execute("DROP TABLE pool"));
  REQUIRE(
      database.execute("CREATE TABLE pool(seq INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, "
                       "body BLOB NOT NULL) STRICT"));
  REQUIRE(database.execute("INSERT INTO pool VALUES(7, x'07', x'0707'), (9, x'09', x'0909')"));
  REQUIRE(database.execute("PRAGMA user_version = 4"));
  REQUIRE(migrate(database, path));
  CHECK(number(database, "SELECT count(*) FROM pool") == 2);
  CHECK(number(database, "SELECT count(*) FROM pool WHERE seq = 9 AND body = x'0909'") == 1);
  CHECK(number(database, "PRAGMA user_version") == schema_version());
}

TEST_CASE("another program's database is left alone") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  Database database = open_database(path);
  REQUIRE(database.execute("CREATE TABLE diary(day TEXT)"));
  const auto refused = migrate(database, path);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::corrupt);
  CHECK(number(database, "SELECT count(*) FROM sqlite_schema") == 1);
}

TEST_CASE("a transaction that is not committed leaves nothing") {
  const TempDir directory;
  Database database = open_migrated(directory.file("chain.db"));
  Statement insert(database, "INSERT INTO undo(height, effects) VALUES(?, ?)");
  const Buffer empty;
  {
    const auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    REQUIRE(Query(insert, std::uint64_t{1}, ByteView(empty)).run());
  }
  CHECK(number(database, "SELECT count(*) FROM undo") == 0);
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction);
  REQUIRE(Query(insert, std::uint64_t{1}, ByteView(empty)).run());  // empty, which is not NULL
  REQUIRE(transaction->commit());
  CHECK(number(database, "SELECT count(*) FROM undo") == 1);
}

TEST_CASE("a full disk fails one transaction, and the file stays usable") {
  const TempDir directory;
  Database database = open_migrated(directory.file("chain.db"));
  Statement insert(database, "INSERT INTO undo(height, effects) VALUES(?, ?)");
  const std::int64_t pages = number(database, "PRAGMA page_count");
  REQUIRE(database.execute("PRAGMA max_page_count = " + std::to_string(pages + 5)));
  const Buffer large(4'000);
  Error failure{Errc::io, ""};
  {
    const auto transaction = Transaction::begin(database);
    REQUIRE(transaction);
    for (std::uint64_t height = 1; height < 20; ++height) {
      const auto status = Query(insert, height, ByteView(large)).run();
      if (status) continue;
      failure = status.error();
      break;
    }
  }
  CHECK(failure.code == Errc::disk_full);
  CHECK_THAT(failure.detail, Catch::Contains("disk is full"));
  CHECK(number(database, "SELECT count(*) FROM undo") == 0);

  REQUIRE(database.execute("PRAGMA max_page_count = 100000"));
  auto transaction = Transaction::begin(database);
  REQUIRE(transaction);
  for (std::uint64_t height = 1; height < 20; ++height) {
    REQUIRE(Query(insert, height, ByteView(large)).run());
  }
  REQUIRE(transaction->commit());
  CHECK(number(database, "SELECT count(*) FROM undo") == 19);
}

TEST_CASE("a query forgets its values and cannot run inside itself") {
  const TempDir directory;
  Database database = open_migrated(directory.file("chain.db"));
  Statement echo(database, "SELECT ?1");
  {
    Query query(echo, ~std::uint64_t{0});  // no stored number is as large
    REQUIRE(query.next());
    CHECK(query.number(0) == std::numeric_limits<std::int64_t>::max());
    CHECK(aborts([&] { const Query inner(echo); }));
  }
  Query query(echo);
  REQUIRE(query.next());
  CHECK(query.is_null(0));
}

TEST_CASE("a statement that cannot be prepared says so when it is run") {
  const TempDir directory;
  Database database = open_migrated(directory.file("chain.db"));
  Statement wrong(database, "SELECT nosuch FROM pool");
  Query query(wrong, std::int64_t{1});
  const auto row = query.next();
  REQUIRE_FALSE(row);
  CHECK(row.error().code == Errc::storage);
  CHECK_THAT(row.error().detail, Catch::Contains("nosuch"));
}
