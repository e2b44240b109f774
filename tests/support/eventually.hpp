#pragma once
// Waits for a condition of other threads or processes, and gives up after a time that only a
// failure reaches. Asking costs little, so it is asked often.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

namespace aitbc::test {

inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds patience = std::chrono::seconds(30)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    never.wait_for(lock, std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace aitbc::test
