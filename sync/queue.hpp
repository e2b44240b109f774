#pragma once
// The inbox of the thread that owns a Replica: many threads push, one takes everything there is. It
// is woken by what comes first, and not with the mutex held, or it would wait for that.

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "chain/core/time.hpp"

namespace aitbc::sync {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t items_max) : items_max_(items_max) {}

  // False when full or closed, and then the item is as it was.
  bool push(T&& item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || items_.size() >= items_max_) return false;
      items_.push_back(std::move(item));
      if (items_.size() > 1) return true;
    }
    ready_.notify_one();
    return true;
  }

  // For what is bounded elsewhere and must not be lost. Dropped when closed.
  void push_always(T item) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      items_.push_back(std::move(item));
      if (items_.size() > 1) return;
    }
    ready_.notify_one();
  }

  // Everything there is, at once if there is something, after `patience` at the latest.
  std::vector<T> take_all(Duration patience) {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, patience, [&] { return closed_ || !items_.empty(); });
    return std::exchange(items_, {});
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ready_.notify_all();
  }
  bool closed() {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  const std::size_t items_max_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::vector<T> items_;  // an empty deque takes memory, and a queue is empty most of the time
  bool closed_ = false;
};

}  // namespace aitbc::sync
