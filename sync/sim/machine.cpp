#include "sync/sim/machine.hpp"

#include "chain/sqlite_store.hpp"

namespace aitbc::sim {

namespace {

Status write(Machine& machine) {
  if (machine.full) {
    ++machine.refused;
    return error(Errc::disk_full, "simulated: no space left on the device; nothing was changed");
  }
  machine.busy += machine.commit_time;
  return ok();
}

class SimStore final : public Store {
 public:
  SimStore(Machine& machine, std::unique_ptr<Store> store)
      : machine_(machine), store_(std::move(store)) {}

  Result<std::optional<Loaded>> load(const Params& params) override { return store_->load(params); }
  Status initialise(const Genesis& genesis) override { return store_->initialise(genesis); }
  Status commit(const Batch& batch) override {
    AITBC_TRY(write(machine_));
    return store_->commit(batch);
  }
  Result<std::optional<SealedHeader>> header(Height height) override {
    return store_->header(height);
  }
  Result<bool> included(const TxId& id) override { return store_->included(id); }
  Result<std::optional<Certificate>> finality_of(Height height) override {
    return store_->finality_of(height);
  }
  Result<std::vector<Applied>> applied_above(Height height) override {
    return store_->applied_above(height);
  }
  Reader& reader() override { return store_->reader(); }

 private:
  Machine& machine_;
  std::unique_ptr<Store> store_;
};

class SimGuard final : public SignGuard {
 public:
  explicit SimGuard(Machine& machine) : machine_(machine) {}

  const Watermarks& marks() const override { return machine_.marks; }
  Status raise(const Watermarks& marks) override {
    AITBC_TRY(write(machine_));
    machine_.marks = marks;
    return ok();
  }
  const KeyNotes& notes() const override { return machine_.notes; }
  Status note(KeyNotes notes) override {
    AITBC_TRY(write(machine_));
    machine_.notes = std::move(notes);
    machine_.noted_here = true;
    return ok();
  }
  // A machine runs one process at a time.
  bool in_place() const override { return machine_.noted_here; }

 private:
  Machine& machine_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_store(Machine& machine) {
  std::unique_ptr<Store> store;
  if (machine.file.empty()) {
    store = std::make_unique<MemoryStore>(machine.disk);
  } else {
    AITBC_TRY_ASSIGN(store, open_sqlite_store(machine.file));
  }
  return std::unique_ptr<Store>(std::make_unique<SimStore>(machine, std::move(store)));
}

std::unique_ptr<SignGuard> open_guard(Machine& machine) {
  return std::make_unique<SimGuard>(machine);
}

}  // namespace aitbc::sim
