#pragma once
// Virtual time: events in the order of their instants, ties in the order of their making.

#include <functional>
#include <queue>
#include <vector>

#include "chain/core/time.hpp"

namespace aitbc::sim {

class Scheduler {
 public:
  explicit Scheduler(Time start) : now_(start) {}

  Time now() const { return now_; }
  void at(Time time, std::function<void()> event) {
    events_.push({std::max(time, now_), ++made_, std::move(event)});
  }
  void after(Duration delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }

  void run_until(Time end) {
    while (!events_.empty() && events_.top().time <= end) {
      const Event next = events_.top();
      events_.pop();
      now_ = next.time;
      next.run();
    }
    now_ = end;
  }

 private:
  struct Event {
    Time time;
    std::uint64_t number;
    std::function<void()> run;
    bool operator<(const Event& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };
  Time now_;
  std::uint64_t made_ = 0;
  std::priority_queue<Event> events_;
};

}  // namespace aitbc::sim
