#include "sync/timer.hpp"

#include <pthread.h>

namespace aitbc::sync {

Time Timer::now() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return Time{std::chrono::duration_cast<Duration>(since_boot)};
}

void Timer::after(Duration delay, std::function<void()> action) {
  const MutexLock lock(mutex_);
  if (stopped_) return;
  actions_.emplace(now() + delay, std::move(action));
  if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
  changed_.notify_all();
}

void Timer::stop() {
  std::jthread ending;
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
    ending = std::move(thread_);
  }
}  // joins

void Timer::run() {
  pthread_setname_np(pthread_self(), "timer");
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (actions_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto first = actions_.begin();
    if (const Time due = first->first; due > now()) {
      changed_.wait_for(lock, due - now());
      continue;
    }
    const std::function<void()> action = std::move(first->second);
    actions_.erase(first);
    lock.unlock();
    action();
    lock.lock();
  }
}

}  // namespace aitbc::sync
