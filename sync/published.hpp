#pragma once
// What HTTP threads see of the core: the last status, and a bell that rings when there is news.

#include <condition_variable>
#include <memory>

#include "chain/mutex.hpp"
#include "chain/protocol.hpp"

namespace aitbc::sync {

class Published {
 public:
  void set(std::shared_ptr<const NodeStatus> status, std::uint64_t sequence) {
    const MutexLock lock(mutex_);
    status_ = std::move(status);
    sequence_ = sequence;
    changed_.notify_all();
  }

  std::shared_ptr<const NodeStatus> status() {
    const MutexLock lock(mutex_);
    return status_;
  }

  // Until something is newer than the query's cursor, its wait is over, or stop().
  void wait_for_news(const SyncQuery& query) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, query.wait, [&] {
      return stopped_ || query.instance != status_->instance || query.cursor != sequence_;
    });
  }

  void stop() {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const NodeStatus> status_;
  std::uint64_t sequence_ = 0;
  bool stopped_ = false;
};

}  // namespace aitbc::sync
