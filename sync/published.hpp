#pragma once
// What HTTP threads see of the core: the last status, and a bell that rings when there is news.

#include <condition_variable>
#include <memory>

#include "chain/mutex.hpp"
#include "chain/protocol.hpp"
#include "chain/watchers.hpp"
#include "sync/askers.hpp"

namespace aitbc::sync {

class Published {
 public:
  void set(std::shared_ptr<const NodeStatus> status, std::uint64_t sequence) {
    {
      const MutexLock lock(mutex_);
      status_ = std::move(status);
      changed_.notify_all();
      if (std::exchange(sequence_, sequence) == sequence) return;
    }
    watchers_.call_all();
  }

  std::shared_ptr<const NodeStatus> status() {
    const MutexLock lock(mutex_);
    return status_;
  }

  // Until there is news for the asker, the query's wait is over, or stop(). After which sequence
  // the answer shall begin.
  std::uint64_t wait_for_news(const SyncQuery& query) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, query.wait, [&] {
      return stopped_ || askers_.has_news(query, status_->instance, sequence_);
    });
    return askers_.release(query, status_->instance, sequence_);
  }

  void stop() {
    {
      const MutexLock lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
    }
    watchers_.call_all();
  }

  // Called for each piece of news, and at the end.
  Watchers& watchers() { return watchers_; }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const NodeStatus> status_;
  std::uint64_t sequence_ = 0;
  Askers askers_;
  bool stopped_ = false;
  Watchers watchers_;
};

}  // namespace aitbc::sync
