#include "sync/faulty_store.hpp"

namespace aitbc::sync {

Status FaultyStore::commit(const Batch& batch) {
  faults_.wait_for_disk();
  if (faults_.disk_full()) {
    return error(Errc::disk_full, "commit: no space is left on the disk; it is a fault on purpose");
  }
  return WrappedStore::commit(batch);
}

}  // namespace aitbc::sync
