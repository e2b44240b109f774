#pragma once
// A store that passes all on to the one inside it. Who does something else with a call overrides
// it.

#include <memory>

#include "chain/store.hpp"

namespace aitbc {

class WrappedStore : public Store {
 public:
  explicit WrappedStore(std::unique_ptr<Store> inner) : inner_(std::move(inner)) {}

  Result<std::optional<Loaded>> load(const Params& params) override { return inner_->load(params); }
  Status initialise(const Genesis& genesis) override { return inner_->initialise(genesis); }
  Status commit(const Batch& batch) override { return inner_->commit(batch); }
  Result<std::optional<SealedHeader>> header(Height height) override {
    return inner_->header(height);
  }
  Result<bool> included(const TxId& tx) override { return inner_->included(tx); }
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return inner_->finality_of(height);
  }
  Result<std::vector<Applied>> applied_above(Height height) override {
    return inner_->applied_above(height);
  }
  Reader& reader() override { return inner_->reader(); }
  void shrink() override { inner_->shrink(); }

 private:
  const std::unique_ptr<Store> inner_;
};

}  // namespace aitbc
