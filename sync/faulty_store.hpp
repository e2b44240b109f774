#pragma once
// A store whose disk is full or slow while the node is told so. Reading goes on as ever.

#include <memory>

#include "chain/wrapped_store.hpp"
#include "sync/fault_registry.hpp"

namespace aitbc::sync {

class FaultyStore final : public WrappedStore {
 public:
  FaultyStore(std::unique_ptr<Store> store, FaultRegistry& faults)
      : WrappedStore(std::move(store)), faults_(faults) {}

  Status commit(const Batch&) override;

 private:
  FaultRegistry& faults_;
};

}  // namespace aitbc::sync
