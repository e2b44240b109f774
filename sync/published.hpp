#pragma once
// What other threads see of the core: its last status.

#include <memory>

#include "chain/mutex.hpp"
#include "chain/protocol.hpp"

namespace aitbc::sync {

class Published {
 public:
  void set(std::shared_ptr<const NodeStatus> status) {
    const MutexLock lock(mutex_);
    status_.swap(status);
  }

  std::shared_ptr<const NodeStatus> status() {
    const MutexLock lock(mutex_);
    return status_;
  }

 private:
  Mutex mutex_;
  std::shared_ptr<const NodeStatus> status_ AITBC_GUARDED_BY(mutex_);
};

}  // namespace aitbc::sync
