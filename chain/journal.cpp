#include "chain/journal.hpp"

#include <algorithm>

namespace aitbc {

std::string_view name(TxEvent::Status status) {
  switch (status) {
    case TxEvent::Status::pending:
      return "pending";
    case TxEvent::Status::included:
      return "included";
    case TxEvent::Status::final:
      return "final";
    case TxEvent::Status::replaced:
      return "replaced";
  }
  AITBC_CHECK(false && "a TxEvent::Status outside its enumerators");
}

StateEvent state_of(const NodeStatus& status) {
  StateEvent event{status.node_id, status.state.text(), {}};
  for (const PeerStatus& peer : status.peers) {
    event.peers.push_back({peer.url, peer.node_id, peer.state.text()});
  }
  return event;
}

void Journal::publish(Time now) {
  if (noted_.empty()) return;
  {
    const MutexLock lock(mutex_);
    for (Event::What& what : noted_) {
      events_.push_back(std::make_shared<const Event>(Event{++last_, now, std::move(what)}));
      if (events_.size() > events_max_) events_.pop_front();
    }
  }
  noted_.clear();
  bells_.call_all();
}

void Journal::close() {
  {
    const MutexLock lock(mutex_);
    closed_ = true;
  }
  bells_.call_all();
}

Result<Journal::Events> Journal::after(Number number, std::size_t limit) const {
  const MutexLock lock(mutex_);
  const Number forgotten = last_ - events_.size();
  if (number < forgotten || number > last_) {
    return error(Errc::out_of_range, "the events from " + std::to_string(number + 1) +
                                         " on are not remembered: the oldest is " +
                                         std::to_string(forgotten + 1));
  }
  if (number == last_ && closed_) return error(Errc::shutting_down, "the node stops");
  const auto begin = events_.begin() + static_cast<std::ptrdiff_t>(number - forgotten);
  const auto left = static_cast<std::size_t>(last_ - number);
  return Events(begin, begin + static_cast<std::ptrdiff_t>(std::min(left, limit)));
}

Journal::Number Journal::last() const {
  const MutexLock lock(mutex_);
  return last_;
}

Journal::Number Journal::forgotten() const {
  const MutexLock lock(mutex_);
  return last_ - events_.size();
}

}  // namespace aitbc
