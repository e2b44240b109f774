#pragma once
// The newest events of a node, for all who listen: one bounded window, in which each listener has a
// position of its own, so that none of them costs the node anything or can hold it up. One thread
// writes; any number read, and are told by a bell that there is more.
//
// What is fresh may fill the window, so that a full block finds its listeners; of what is older
// little is kept, so that a burst costs memory for a minute and not for ever.

#include <deque>
#include <memory>
#include <vector>

#include "chain/core/limits.hpp"
#include "chain/event.hpp"
#include "chain/mutex.hpp"
#include "chain/watchers.hpp"

namespace aitbc {

class Journal {
 public:
  using Number = Event::Number;
  using Events = std::vector<std::shared_ptr<const Event>>;

  struct Bounds {
    std::size_t events_max = limits::events_kept_max;
    std::size_t bytes_max = limits::events_bytes_max;
    std::size_t old_bytes_max = limits::events_old_bytes_max;  // of those that are not fresh
    Duration fresh_time = limits::events_fresh_time;
  };

  Journal() : Journal(Bounds{}) {}
  explicit Journal(Bounds bounds) : bounds_(bounds) {}

  // The writer's: what happened, in order, is told to nobody before publish() gives it its time.
  void note(Event::What what) { noted_.push_back(std::move(what)); }
  // Also without anything noted, from time to time, so that it forgets what has grown old.
  void publish(Time now);
  // Nothing follows; whoever has read all is told so.
  void close();

  // Up to `limit` events after that one; none if there are none yet. out_of_range if some of them
  // are forgotten, or that one never was; shutting_down after the last one of a closed journal.
  Result<Events> after(Number, std::size_t limit) const;
  // Of the newest event; 0 before the first.
  Number last() const;
  // Before the oldest event that is kept: after() answers from here on.
  Number forgotten() const;

  // Called when there may be something to read, on the writer's thread.
  Watchers& bells() const { return bells_; }

 private:
  void forget(Time now) AITBC_REQUIRES(mutex_);

  const Bounds bounds_;
  std::vector<Event::What> noted_;
  mutable Watchers bells_;

  mutable Mutex mutex_;
  std::deque<std::shared_ptr<const Event>> events_ AITBC_GUARDED_BY(mutex_);
  std::size_t bytes_ AITBC_GUARDED_BY(mutex_) = 0;  // of events_, about
  Number last_ AITBC_GUARDED_BY(mutex_) = 0;
  bool closed_ AITBC_GUARDED_BY(mutex_) = false;
};

}  // namespace aitbc
