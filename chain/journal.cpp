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

namespace {

// Several events may share one body, which each of them could be the last to hold.
std::size_t bytes_of(const Event& event) {
  std::size_t bytes = sizeof(Event) + sizeof(std::shared_ptr<const Event>);
  if (const auto* tx = std::get_if<TxEvent>(&event.what)) {
    const SignedTx& body = tx->tx.signed_tx();
    bytes += sizeof(SignedTx) + body.witness.parts.size() * sizeof(Witness::Part) +
             body.witness.policy.keys.size() * sizeof(PublicKey);
    const auto* claim = std::get_if<ReceiptClaim>(&body.body.payload);
    if (claim != nullptr) bytes += claim->receipt.size() + sizeof(Mint);
  } else if (const auto* state = std::get_if<StateEvent>(&event.what)) {
    bytes += state->state.size();
    for (const StateEvent::Peer& peer : state->peers) {
      bytes += sizeof(peer) + peer.url.size() + peer.node_id.size() + peer.state.size();
    }
  }
  return bytes;
}

}  // namespace

void Journal::publish(Time now) {
  const bool news = !noted_.empty();
  {
    const MutexLock lock(mutex_);
    for (Event::What& what : noted_) {
      events_.push_back(std::make_shared<const Event>(Event{++last_, now, std::move(what)}));
      bytes_ += bytes_of(*events_.back());
    }
    forget(now);
  }
  std::vector<Event::What>().swap(noted_);  // a full block's room is not kept
  if (news) bells_.call_all();
}

void Journal::forget(Time now) {
  while (!events_.empty()) {
    const Event& oldest = *events_.front();
    const bool too_many = events_.size() > bounds_.events_max || bytes_ > bounds_.bytes_max;
    const bool old = oldest.time < now - bounds_.fresh_time;
    if (!too_many && !(old && bytes_ > bounds_.old_bytes_max)) return;
    bytes_ -= bytes_of(oldest);
    events_.pop_front();
  }
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
