#pragma once
// Who wants to be told at once that something happened. Any thread may add and call; a call runs on
// the thread that makes it, must return at once and may neither add nor remove. When a Watch is
// gone its call neither runs nor will.

#include <functional>
#include <list>
#include <utility>

#include "chain/mutex.hpp"

namespace aitbc {

class Watchers {
  using Calls = std::list<std::function<void()>>;

 public:
  class Watch {
   public:
    Watch() = default;
    Watch(Watch&& other) noexcept
        : watchers_(std::exchange(other.watchers_, nullptr)), call_(other.call_) {}
    Watch& operator=(Watch&& other) noexcept {
      std::swap(watchers_, other.watchers_);
      std::swap(call_, other.call_);
      return *this;
    }
    ~Watch() {
      if (watchers_ != nullptr) watchers_->remove(call_);
    }

   private:
    friend class Watchers;
    Watch(Watchers& watchers, Calls::iterator call) : watchers_(&watchers), call_(call) {}

    Watchers* watchers_ = nullptr;
    Calls::iterator call_;
  };

  // The watch must not outlive the watchers.
  [[nodiscard]] Watch add(std::function<void()> call) {
    const MutexLock lock(mutex_);
    return {*this, calls_.insert(calls_.end(), std::move(call))};
  }
  void call_all() {
    const MutexLock lock(mutex_);
    for (const auto& call : calls_) call();
  }

 private:
  void remove(Calls::iterator call) {
    const MutexLock lock(mutex_);
    calls_.erase(call);
  }

  Mutex mutex_;
  Calls calls_ AITBC_GUARDED_BY(mutex_);
};

}  // namespace aitbc
