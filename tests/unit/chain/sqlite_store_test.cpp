// What only a store with a file can do wrong: damaged files, full disks, several threads.

#include "chain/sqlite_store.hpp"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "chain/core/limits.hpp"
#include "chain/sqlite.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/store_disk.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

std::unique_ptr<Store> open_store(const std::string& path) {
  auto store = open_sqlite_store(path);
  INFO((store ? "" : store.error().detail));
  REQUIRE(store);
  return std::move(store).value();
}

std::unique_ptr<Store> create(const std::string& path, const Genesis& genesis) {
  auto store = open_store(path);
  REQUIRE(store->load(params_of(genesis)));
  REQUIRE(store->initialise(genesis));
  return store;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void change(const std::string& path, const std::string& sql) {
  auto database = Database::open(path, Database::Role::writer);
  REQUIRE(database);
  REQUIRE(database->execute(sql));
}

// The accounts that are not empty, as the file has them.
std::set<std::tuple<Address, std::uint64_t, Nonce>> stored_accounts(const std::string& path) {
  auto database = Database::open(path, Database::Role::reader);
  REQUIRE(database);
  Statement statement(*database,
                      "SELECT address, balance, nonce FROM accounts "
                      "WHERE balance > 0 OR nonce > 0");
  Query query(statement);
  std::set<std::tuple<Address, std::uint64_t, Nonce>> found;
  while (*query.next()) {
    found.emplace(Address::from(query.blob(0)).value(), query.count(1), query.count(2));
  }
  return found;
}

}  // namespace

TEST_CASE("the stored accounts are those in memory, whatever happened") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain({.authorities = 2, .users = 5});
  const auto store = create(path, chain.genesis());
  gen::Rng rng(Catch::rngSeed());
  const auto check = [&] {
    std::size_t accounts = 0;
    for (const auto& [address, balance, nonce] : stored_accounts(path)) {
      const Account account = chain.ledger.state.at(address);
      CHECK(account.balance.units() == balance);
      CHECK(account.nonce == nonce);
      ++accounts;
    }
    CHECK(accounts == chain.ledger.state.accounts());
  };
  for (int round = 0; round < 40; ++round) {
    Batch batch;
    if (!chain.blocks.empty() && rng.one_in(3)) {
      batch.rewind_to = rng.below(chain.blocks.size() + 1);
      chain.rewind_to(*batch.rewind_to);
    }
    for (std::uint64_t blocks = rng.below(4); blocks > 0; --blocks) {
      const std::size_t from = rng.index(5);
      // Now and then an account that nobody heard of before.
      const CheckedTx tx = rng.one_in(4)
                               ? chain.ledger.transfer(chain.user(from), rng.fixed<Address>(), {1})
                               : chain.transfer(from, rng.index(5), 1 + rng.below(3));
      batch.append.push_back(chain.append({tx}));
    }
    REQUIRE(store->commit(batch));
    check();
  }
}

TEST_CASE("a batch with nothing in it writes nothing") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain;
  const auto store = create(path, chain.genesis());
  Batch pending;
  pending.pool_add.push_back({chain.transfer(0, 1), 1});
  REQUIRE(store->commit(pending));
  const std::string file = contents(path);
  const std::string log = contents(path + "-wal");
  REQUIRE_FALSE(log.empty());
  REQUIRE(store->commit(Batch{}));
  Batch nowhere;
  nowhere.rewind_to = 0;
  REQUIRE(store->commit(nowhere));
  CHECK((contents(path) == file));  // not printed: it is binary
  CHECK((contents(path + "-wal") == log));
}

TEST_CASE("closing leaves one whole file, also while another tool looks at it") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain;
  auto store = create(path, chain.genesis());
  chain.append();
  REQUIRE(store->commit(appending(chain.blocks)));
  REQUIRE(store->reader().snapshot());
  {
    const auto tool = Database::open(path, Database::Role::reader);
    REQUIRE(tool);
    store.reset();
    CHECK(contents(path + "-wal").empty());
  }
  std::filesystem::rename(path, directory.file("moved.db"));
  const auto loaded = open_store(directory.file("moved.db"))->load(chain.params());
  REQUIRE(loaded);
  CHECK((*loaded)->head == chain.head());
}

TEST_CASE("one process at a time") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  auto first = open_store(path);
  const auto second = open_sqlite_store(path);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == Errc::in_use);
  CHECK_THAT(second.error().detail, Catch::Contains("another node (pid ") && Catch::Contains(path));
  first.reset();
  CHECK(open_sqlite_store(path));
}

TEST_CASE("a file that was cut short is corrupt") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain({.authorities = 1, .users = 2});
  {
    const auto store = create(path, chain.genesis());
    for (int i = 0; i < 50; ++i) chain.append();
    REQUIRE(store->commit(appending(chain.blocks)));
  }
  const auto bytes = std::filesystem::file_size(path);
  for (const auto left : {bytes / 2, bytes - 4'096, std::uintmax_t{4'096}, std::uintmax_t{100}}) {
    const std::string copy = directory.file("cut-" + std::to_string(left) + ".db");
    std::filesystem::copy_file(path, copy);
    std::filesystem::resize_file(copy, left);
    INFO(left << " of " << bytes << " bytes");
    auto store = open_sqlite_store(copy);
    std::optional<Error> failure;
    if (!store) {
      failure = store.error();
    } else if (const auto loaded = (*store)->load(chain.params()); !loaded) {
      failure = loaded.error();
    }
    REQUIRE(failure.has_value());
    CHECK(failure->code == Errc::corrupt);
    CHECK_THAT(failure->detail, Catch::Contains("move it away"));
  }
}

TEST_CASE("accounts that do not hash to the head's state root are corrupt") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain;
  const bool with_block = GENERATE(false, true);
  {
    const auto store = create(path, chain.genesis());
    if (with_block) chain.append();
    REQUIRE(store->commit(appending(chain.blocks)));
  }
  const std::string sql =
      GENERATE("UPDATE accounts SET balance = balance + 1 WHERE id = 1",
               "UPDATE accounts SET nonce = nonce + 1 WHERE id = 2",
               "DELETE FROM accounts WHERE id = 3", "UPDATE accounts SET balance = -1 WHERE id = 4",
               "UPDATE governance SET value = substr(value, 2)", "DELETE FROM governance",
               "UPDATE accounts SET address = x'00' WHERE id = 1");
  INFO(sql);
  change(path, sql);
  const auto loaded = open_store(path)->load(chain.params());
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == Errc::corrupt);
}

TEST_CASE("a damaged row is corrupt for whoever reads it") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain;
  {
    const auto store = create(path, chain.genesis());
    chain.append();
    chain.append();
    REQUIRE(store->commit(appending(chain.blocks)));
  }
  change(path, "UPDATE txs SET body = substr(body, 2) WHERE pos = 65536");
  change(path, "DELETE FROM txs WHERE pos = 131072");
  change(path, "UPDATE undo SET effects = x'00'");
  const auto store = open_store(path);
  REQUIRE(store->load(chain.params()));
  const auto view = std::move(store->reader().snapshot()).value();
  CHECK(view->block(1).error().code == Errc::corrupt);
  CHECK(view->block(2).error().code == Errc::corrupt);
  CHECK(view->tx(chain.blocks[0].block.txs[0].id()).error().code == Errc::corrupt);
  CHECK(store->applied_above(1).error().code == Errc::corrupt);
  Batch batch;
  batch.rewind_to = 0;
  const Status refused = store->commit(batch);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::corrupt);
  CHECK(view->head().value().height == 2);
}

TEST_CASE("a disk that takes no more fails the commit whole, and the store goes on afterwards") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain({.authorities = 1, .users = 2, .balance = 1'000'000});
  const auto store = create(path, chain.genesis());
  chain.append();
  REQUIRE(store->commit(appending(chain.blocks)));
  std::vector<CheckedTx> txs;
  for (Nonce i = 0; i < 500; ++i) txs.push_back(chain.transfer(0, 1, 1, i));
  const Applied& large = chain.append(txs);

  // The kernel refuses to let any file grow past the limit.
  const auto previous = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  rlimit tight = limit;
  tight.rlim_cur = contents(path + "-wal").size() + 20'000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const Status refused = store->commit(appending({large}));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, previous);

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::disk_full);
  CHECK_THAT(refused.error().detail, Catch::Contains(path));
  CHECK(store->reader().snapshot().value()->head().value().height == 1);
  CHECK(store->applied_above(0).value().size() == 1);
  REQUIRE(store->commit(appending({large})));
  const auto loaded = store->load(chain.params());
  REQUIRE(loaded);
  CHECK((*loaded)->head == chain.head());
}

TEST_CASE("at rest neither the writer nor a reader keeps pages, and both go on") {
  const TempDir directory;
  ChainBuilder chain;
  const auto store = create(directory.file("chain.db"), chain.genesis());
  for (std::size_t i = 0; i < 300; ++i) chain.append({chain.transfer(i % 4, (i + 1) % 4)});
  REQUIRE(store->commit(appending(chain.blocks)));
  constexpr std::size_t little = 64 * 1'024;
  std::size_t before = Database::memory_bytes();
  store->shrink();
  CHECK(Database::memory_bytes() + little < before);

  const auto read_all = [&] {
    const auto snapshot = store->reader().snapshot();
    return (*snapshot)->blocks(1, 1'000, limits::range_bytes_max)->size();
  };
  CHECK(read_all() == 300);
  before = Database::memory_bytes();
  store->shrink();
  CHECK(Database::memory_bytes() + little < before);
  CHECK(read_all() == 300);
  CHECK(store->included(chain.blocks[0].block.txs[0].id()).value());
  chain.append();
  CHECK(store->commit(appending({chain.blocks.back()})));
}

TEST_CASE("a killed process leaves every commit that it told of") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain({.authorities = 1, .users = 2, .balance = 100'000});
  for (int i = 0; i < 200; ++i) chain.append();
  create(path, chain.genesis());
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = open_sqlite_store(path);
    if (!store || !(*store)->load(chain.params())) ::_exit(1);
    for (const Applied& applied : chain.blocks) {
      if (!(*store)->commit(appending({applied}))) ::_exit(1);
      if (::write(told[1], "x", 1) != 1) ::_exit(1);
    }
    for (;;) ::pause();
  }
  ::close(told[1]);
  const Height heard_of = 1 + static_cast<Height>(Catch::rngSeed() % 100);
  Height heard = 0;
  for (char byte = 0; heard < heard_of && ::read(told[0], &byte, 1) == 1;) ++heard;
  ::kill(child, SIGKILL);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  ::close(told[0]);
  REQUIRE(heard == heard_of);

  const auto store = open_store(path);
  const auto loaded = store->load(chain.params());
  REQUIRE(loaded);
  const Height height = (*loaded)->head.height;
  CHECK(height >= heard);
  chain.rewind_to(height);
  CHECK((*loaded)->head == chain.head());
  CHECK((*loaded)->state.root() == chain.ledger.state.root());
}

TEST_CASE("readers on other threads see whole commits") {
  const TempDir directory;
  const std::string path = directory.file("chain.db");
  ChainBuilder chain({.authorities = 1, .users = 3, .balance = 100'000});
  const std::uint64_t supply = supply_of(chain.genesis()).units();
  for (int i = 0; i < 60; ++i) chain.append({chain.transfer(0, 1), chain.transfer(1, 2)});
  const auto store = create(path, chain.genesis());
  std::vector<Address> addresses{Ledger::address(chain.ledger.authorities[0])};
  for (std::size_t i = 0; i < 3; ++i) addresses.push_back(chain.address(i));

  std::atomic<bool> stop = false;
  std::atomic<std::size_t> wrong = 0;
  std::atomic<std::size_t> reads = 0;
  const auto read = [&] {
    while (!stop) {
      const auto view = store->reader().snapshot();
      if (!view) {
        ++wrong;
        continue;
      }
      const Tip head = (*view)->head().value();
      std::uint64_t sum = 0;
      for (const Address& address : addresses) {
        sum += (*view)->account(address).value().balance.units();
      }
      const auto newest = (*view)->header(head.height).value();
      const auto pages = (*view)->txs_of(addresses[1], 0, 1).value();
      if (sum != supply || pages.total != head.height || (head.height > 0 && !newest)) ++wrong;
      ++reads;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(read);
  bool committed = true;
  for (const Applied& applied : chain.blocks) {
    const std::size_t before = reads;
    committed = committed && store->commit(appending({applied})).has_value();
    while (reads == before && wrong == 0) std::this_thread::yield();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(committed);
  CHECK(wrong == 0);
  CHECK(reads >= chain.blocks.size());
}
