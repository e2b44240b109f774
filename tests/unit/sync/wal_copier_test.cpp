#include "sync/wal_copier.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "chain/core/limits.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;

TEST_CASE("a node's log is copied into its database while the node is at work") {
  const test::TempDir directory;
  const std::string path = directory.file("chain.db");
  const test::ChainBuilder builder;
  auto store = sync::open_node_store(path);
  REQUIRE(store);
  REQUIRE((*store)->initialise(builder.genesis()));
  const auto enough = 10 * std::filesystem::file_size(path);
  const auto is_copied = [&] { return std::filesystem::file_size(path) > enough; };
  gen::Rng rng(1);
  // Far from the bound, at which a commit would have to do it. A log that was copied begins anew.
  while (!is_copied() && std::filesystem::file_size(path + "-wal") < limits::wal_bytes_max / 3) {
    Batch batch;
    for (std::size_t i = 0; i < limits::replaced_txs_max; ++i) {
      batch.replaced.push_back({rng.fixed<TxId>(), rng.fixed<TxId>(), 1});
    }
    REQUIRE((*store)->commit(batch));
  }
  CHECK(test::eventually(is_copied));
}
