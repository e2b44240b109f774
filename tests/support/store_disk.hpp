#pragma once
// A store of either kind and the disk that outlives it, so that one case runs over both: they must
// give the same answers. Test thread only.

#include <catch2/catch.hpp>
#include <memory>

#include "chain/memory_store.hpp"
#include "chain/sqlite_store.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

// What remains when a node's process ends; open() is the next process.
class Disk {
 public:
  enum class Kind { sqlite, memory };
  explicit Disk(Kind kind) : kind_(kind) {}

  std::unique_ptr<Store> open() const {
    if (kind_ == Kind::memory) return std::make_unique<MemoryStore>(memory_);
    auto store = open_sqlite_store(directory_.file("chain.db"));
    INFO((store ? "" : store.error().detail));
    REQUIRE(store);
    return std::move(store).value();
  }
  std::unique_ptr<Store> create(const Genesis& genesis) const {
    auto store = open();
    auto loaded = store->load(params_of(genesis));
    REQUIRE(loaded);
    REQUIRE_FALSE(loaded->has_value());
    REQUIRE(store->initialise(genesis));
    return store;
  }

 private:
  Kind kind_;
  TempDir directory_;
  std::shared_ptr<MemoryDisk> memory_ = std::make_shared<MemoryDisk>();
};

inline Disk::Kind any_kind() {
  const auto kind = GENERATE(Disk::Kind::sqlite, Disk::Kind::memory);
  UNSCOPED_INFO((kind == Disk::Kind::sqlite ? "sqlite" : "memory"));
  return kind;
}

template <class T>
T must(Result<T> result) {
  INFO((result ? "" : result.error().detail));
  REQUIRE(result);
  return std::move(result).value();
}

inline Loaded load(Store& store, const Params& params) {
  auto loaded = must(store.load(params));
  REQUIRE(loaded.has_value());
  return std::move(*loaded);
}

inline void commit(Store& store, const Batch& batch) {
  const Status status = store.commit(batch);
  INFO((status ? "" : status.error().detail));
  REQUIRE(status);
}

inline Batch appending(std::vector<Applied> blocks) {
  Batch batch;
  batch.append = std::move(blocks);
  return batch;
}

}  // namespace aitbc::test
