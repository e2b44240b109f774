#pragma once
// What other threads see of the core: its last status.

#include <memory>

#include "chain/mutex.hpp"
#include "chain/protocol.hpp"
#include "sync/replica.hpp"

namespace aitbc::sync {

// What a status says, with a number in place of the peers.
struct Told {
  std::uint64_t peers = 0;
  std::uint64_t sequence = 0;
  Tip head, justified, final;
  Fitness fitness;
  std::vector<Fault> faults;
  bool operator==(const Told&) const = default;
};

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
