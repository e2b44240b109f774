#pragma once
// Virtual time: events in the order of their instants, ties in the order of their making.

#include <algorithm>
#include <functional>
#include <vector>

#include "chain/core/time.hpp"

namespace aitbc::sim {

class Scheduler {
 public:
  explicit Scheduler(Time start) : now_(start) {}

  Time now() const { return now_; }
  void at(Time time, std::function<void()> event) {
    events_.push_back({std::max(time, now_), ++made_, std::move(event)});
    std::push_heap(events_.begin(), events_.end(), later);
  }
  void after(Duration delay, std::function<void()> event) { at(now_ + delay, std::move(event)); }

  // Lets the next event up to `end` happen; false if there is none.
  bool step(Time end) {
    if (events_.empty() || events_.front().time > end) return false;
    std::pop_heap(events_.begin(), events_.end(), later);
    const Event next = std::move(events_.back());
    events_.pop_back();
    now_ = next.time;
    next.run();
    return true;
  }
  void advance_to(Time time) { now_ = std::max(now_, time); }

 private:
  struct Event {
    Time time;
    std::uint64_t number;
    std::function<void()> run;
  };
  static bool later(const Event& a, const Event& b) {
    return a.time != b.time ? a.time > b.time : a.number > b.number;
  }

  Time now_;
  std::uint64_t made_ = 0;
  std::vector<Event> events_;  // a heap
};

}  // namespace aitbc::sim
