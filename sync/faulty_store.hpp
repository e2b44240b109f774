#pragma once
// A store whose disk is full or slow while the node is told so. Reading goes on as ever.

#include <memory>

#include "chain/store.hpp"
#include "sync/fault_registry.hpp"

namespace aitbc::sync {

class FaultyStore final : public Store {
 public:
  FaultyStore(std::unique_ptr<Store> store, FaultRegistry& faults)
      : store_(std::move(store)), faults_(faults) {}

  Result<std::optional<Loaded>> load(const Params& params) override { return store_->load(params); }
  Status initialise(const Genesis& genesis) override { return store_->initialise(genesis); }
  Status commit(const Batch&) override;
  Result<std::optional<SealedHeader>> header(Height height) override {
    return store_->header(height);
  }
  Result<bool> included(const TxId& tx) override { return store_->included(tx); }
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return store_->finality_of(height);
  }
  Result<std::vector<Applied>> applied_above(Height height) override {
    return store_->applied_above(height);
  }
  Reader& reader() override { return store_->reader(); }

 private:
  std::unique_ptr<Store> store_;
  FaultRegistry& faults_;
};

}  // namespace aitbc::sync
