#include "sync/sim/machine.hpp"

#include "chain/sqlite_store.hpp"
#include "chain/wrapped_store.hpp"

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

class SimStore final : public WrappedStore {
 public:
  SimStore(Machine& machine, std::unique_ptr<Store> store)
      : WrappedStore(std::move(store)), machine_(machine) {}

  Status commit(const Batch& batch) override {
    AITBC_TRY(write(machine_));
    return WrappedStore::commit(batch);
  }

 private:
  Machine& machine_;
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
