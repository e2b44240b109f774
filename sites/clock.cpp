#include "sites/clock.hpp"

#include <algorithm>
#include <string>
#include <thread>

namespace aitbc::sites {

SystemClock::SystemClock()
    : start_(std::chrono::floor<Duration>(std::chrono::system_clock::now())),
      steady_start_(std::chrono::steady_clock::now()) {}

Time SystemClock::now() const {
  const auto passed = std::chrono::steady_clock::now() - steady_start_;
  return start_ + std::chrono::duration_cast<Duration>(passed);
}

void SystemClock::sleep_until(Time time) {
  std::this_thread::sleep_until(steady_start_ + (time - start_));
}

Status wait_until(Clock& clock, Time deadline, std::string_view what,
                  const std::function<bool()>& ready) {
  while (!ready()) {
    const Time now = clock.now();
    if (now >= deadline) {
      return error(Errc::timeout, "timed out while waiting for " + std::string(what));
    }
    clock.sleep_until(std::min(deadline, now + poll_pause));
  }
  return ok();
}

}  // namespace aitbc::sites
