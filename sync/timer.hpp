#pragma once
// Does things later, on a thread of its own that begins with the first of them. Measures time by
// the clock that never steps.

#include <condition_variable>
#include <functional>
#include <map>
#include <thread>

#include "chain/core/time.hpp"
#include "chain/mutex.hpp"

namespace aitbc::sync {

class Timer {
 public:
  ~Timer() { stop(); }

  static Time now();  // of that clock
  // From any thread. Dropped when stopped.
  void after(Duration delay, std::function<void()> action);
  // Waits for the action under way; the others are dropped.
  void stop();

 private:
  void run();

  Mutex mutex_;
  std::condition_variable_any changed_;
  std::multimap<Time, std::function<void()>> actions_ AITBC_GUARDED_BY(mutex_);
  bool stopped_ AITBC_GUARDED_BY(mutex_) = false;
  std::jthread thread_ AITBC_GUARDED_BY(mutex_);
};

}  // namespace aitbc::sync
