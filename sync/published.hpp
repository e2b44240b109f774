#pragma once
// What HTTP threads see of the core: the last status, and a bell that rings when there is news.

#include <condition_variable>
#include <memory>

#include "chain/mutex.hpp"
#include "chain/protocol.hpp"
#include "sync/askers.hpp"
#include "sync/replica.hpp"

namespace aitbc::sync {

// What a status says but for the peers, which change only by their answers.
struct Told {
  std::uint64_t sequence = 0;
  Tip head;
  Fitness fitness;
  std::vector<Fault> faults;
  bool operator==(const Told&) const = default;
};

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
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<const NodeStatus> status_;
  std::uint64_t sequence_ = 0;
  Askers askers_;
  bool stopped_ = false;
};

}  // namespace aitbc::sync
