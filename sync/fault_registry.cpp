#include "sync/fault_registry.hpp"

namespace aitbc::sync {

FaultRegistry::FaultRegistry(Options options)
    : keep_(std::move(options.keep)),
      clock_(std::move(options.clock)),
      faults_(std::move(options.peers)) {
  const Time now = clock_();
  // One that names a peer which the node no longer has does nothing any more.
  for (Fault& fault : options.kept) static_cast<void>(faults_.add(std::move(fault), now));
}

Status FaultRegistry::keep() { return keep_ ? keep_(faults_.active(clock_())) : ok(); }

Result<Fault> FaultRegistry::add(Fault fault, Duration lasts) {
  const MutexLock lock(mutex_);
  fault.since = clock_();
  fault.until = fault.since + lasts;
  const Faults before = faults_;
  AITBC_TRY(faults_.add(fault, fault.since));
  if (auto kept = keep(); !kept) {
    faults_ = before;
    return std::move(kept).error();
  }
  return fault;
}

Result<std::size_t> FaultRegistry::heal(const std::optional<std::string>& id) {
  const MutexLock lock(mutex_);
  const std::size_t healed = faults_.heal(id, clock_());
  if (healed == 0 && id) return error(Errc::not_found, "there is no fault " + *id + " here");
  AITBC_TRY(keep());
  return healed;
}

void FaultRegistry::set_peers(std::vector<std::string> urls) {
  const MutexLock lock(mutex_);
  faults_.set_peers(std::move(urls));
}

std::vector<Fault> FaultRegistry::active() const {
  const MutexLock lock(mutex_);
  return faults_.active(clock_());
}

std::optional<Duration> FaultRegistry::next_end() const {
  const MutexLock lock(mutex_);
  const Time now = clock_();
  const auto end = faults_.next_end(now);
  return end ? std::optional(*end - now) : std::nullopt;
}

Time FaultRegistry::now() const {
  const MutexLock lock(mutex_);
  return faults_.clock(clock_());
}

LinkRules FaultRegistry::links(const std::string& peer) const {
  const MutexLock lock(mutex_);
  return faults_.links(peer, clock_());
}

std::optional<Lie> FaultRegistry::lie() const {
  const MutexLock lock(mutex_);
  return faults_.lie(clock_());
}

bool FaultRegistry::double_signs() const {
  const MutexLock lock(mutex_);
  return faults_.double_signs(clock_());
}

bool FaultRegistry::disk_full() const {
  const MutexLock lock(mutex_);
  return faults_.disk_full(clock_());
}

void FaultRegistry::wait_for_disk() {
  std::unique_lock lock(mutex_);
  const Duration delay = faults_.disk_delay(clock_());
  if (delay > Duration{0}) stopping_.wait_for(lock, delay, [&] { return stopped_; });
}

void FaultRegistry::stop() {
  const MutexLock lock(mutex_);
  stopped_ = true;
  stopping_.notify_all();
}

}  // namespace aitbc::sync
