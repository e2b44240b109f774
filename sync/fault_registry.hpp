#pragma once
// The faults of a running node, shared by its threads, and kept so that a restarted node still has
// those that have not ended.

#include <condition_variable>
#include <functional>

#include "chain/mutex.hpp"
#include "sync/faults.hpp"

namespace aitbc::sync {

class FaultRegistry {
 public:
  struct Options {
    std::vector<std::string> peers;                      // base URLs
    std::vector<Fault> kept;                             // of an earlier run; what ended is dropped
    std::function<Status(std::span<const Fault>)> keep;  // all that are active, at each change
    std::function<Time()> clock;                         // the true time
  };
  explicit FaultRegistry(Options);

  // For so long from now. The answer has its times.
  Result<Fault> add(Fault, Duration lasts);
  // Ends the fault of that id, or all; not_found for an id that none has.
  Result<std::size_t> heal(const std::optional<std::string>& id);

  void set_peers(std::vector<std::string> urls);

  std::vector<Fault> active() const;
  // Until the next of them ends.
  std::optional<Duration> next_end() const;
  Time now() const;  // as the node's clock shows it
  LinkRules links(const std::string& peer) const;
  std::optional<Lie> lie() const;
  bool double_signs() const;
  bool disk_full() const;
  // Takes as long as a slow disk.
  void wait_for_disk();
  // No wait is begun, and those under way end.
  void stop();

 private:
  Status keep() AITBC_REQUIRES(mutex_);

  const std::function<Status(std::span<const Fault>)> keep_;
  const std::function<Time()> clock_;
  mutable Mutex mutex_;
  std::condition_variable_any stopping_;
  Faults faults_ AITBC_GUARDED_BY(mutex_);
  bool stopped_ AITBC_GUARDED_BY(mutex_) = false;
};

}  // namespace aitbc::sync
