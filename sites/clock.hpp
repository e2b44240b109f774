#pragma once
// Time for those who wait: the only place below cli/, beside sync's runner, that asks the OS for
// it. A deadline is a point on the clock that is waited with, so a test can bring its own.
// Thread-safe.

#include <chrono>
#include <functional>
#include <string_view>

#include "chain/core/result.hpp"
#include "chain/core/time.hpp"

namespace aitbc::sites {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual void sleep_until(Time) = 0;
};

// The time of day when it was made, moved on by the monotonic clock: setting the machine's clock
// does not shorten or lengthen anybody's wait.
class SystemClock final : public Clock {
 public:
  SystemClock();
  Time now() const override;
  void sleep_until(Time) override;

 private:
  Time start_;
  std::chrono::steady_clock::time_point steady_start_;
};

inline constexpr Duration poll_pause{10};

// Asks `ready` at once and then every `poll_pause`; timeout, naming `what`, after the deadline.
Status wait_until(Clock& clock, Time deadline, std::string_view what,
                  const std::function<bool()>& ready);

}  // namespace aitbc::sites
