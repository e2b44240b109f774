#pragma once
// The store without a disk, for simulations of many nodes: same answers as the SQLite store, and
// the same crash: a store goes with its process, its MemoryDisk stays and serves the next one. A
// disk, its stores and their snapshots belong to one thread.

#include "chain/store.hpp"

namespace aitbc {

struct MemoryTables;

// What survives a crash: every committed batch.
class MemoryDisk {
 public:
  MemoryDisk();

 private:
  friend class MemoryStore;
  friend class MemoryReader;
  // Snapshots share the tables; a commit copies them first if a snapshot is out.
  std::shared_ptr<MemoryTables> tables_;
};

class MemoryStore : public Store {
 public:
  MemoryStore() : MemoryStore(std::make_shared<MemoryDisk>()) {}
  explicit MemoryStore(std::shared_ptr<MemoryDisk> disk);
  ~MemoryStore() override;

  Result<std::optional<Loaded>> load(const Params& params) override;
  Status initialise(const Genesis& genesis) override;
  Status commit(const Batch& batch) override;
  Result<std::optional<SealedHeader>> header(Height height) override;
  Result<bool> included(const TxId& id) override;
  Result<std::optional<Certificate>> finality_of(Height height) override;
  Result<std::vector<Applied>> applied_above(Height height) override;
  Reader& reader() override;

 private:
  MemoryTables& writable();

  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace aitbc
