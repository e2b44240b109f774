#include "chain/core/mempool.hpp"

#include <algorithm>
#include <queue>

namespace aitbc {

namespace {

std::uint64_t cost_units(const Tx& tx) {
  const auto cost = cost_of(tx);
  AITBC_CHECK(cost.has_value());  // CheckedTx
  return cost->units();
}

}  // namespace

Status Mempool::check(const Accounts& accounts, const CheckedTx& tx) const {
  const Tx& body = tx.body();
  if (by_id_.contains(tx.id())) {
    return error(Errc::duplicate, "transaction " + hash_text(tx.id()) + " is already pending");
  }
  const Account sender = accounts.at(body.from);
  if (body.nonce < sender.nonce) return check_tx(accounts, body);
  if (const Entry* other = find(body.from, body.nonce); other != nullptr) {
    return error(Errc::nonce_pending, "transaction: nonce " + std::to_string(body.nonce) + " of " +
                                          to_text(body.from) + " is taken by the pending " +
                                          hash_text(other->tx.id()));
  }
  if (body.nonce - sender.nonce > limits_.nonce_gap_max) {
    return error(Errc::nonce_gap, "transaction: nonce " + std::to_string(body.nonce) + " is over " +
                                      std::to_string(limits_.nonce_gap_max) +
                                      " ahead of the next of " + to_text(body.from) + ", " +
                                      std::to_string(sender.nonce));
  }
  if (by_id_.size() >= limits_.gap_txs_max) {
    if (const Nonce next = next_nonce(accounts, body.from); body.nonce != next) {
      return error(Errc::nonce_gap, "transaction: nonce " + std::to_string(body.nonce) +
                                        " is ahead of the next of " + to_text(body.from) + ", " +
                                        std::to_string(next) + ", and the mempool has no room " +
                                        "for one that must wait for another");
    }
  }
  const auto queue = by_sender_.find(body.from);
  const std::uint64_t pending = queue == by_sender_.end() ? 0 : queue->second.cost;
  const std::uint64_t cost = cost_units(body);
  if (pending + cost > sender.balance.units()) {
    return error(Errc::insufficient_balance,
                 "transaction: needs amount and fee, " + std::to_string(cost) + "; " +
                     to_text(body.from) + " has " + std::to_string(sender.balance.units()) +
                     ", of which " + std::to_string(pending) + " is pending");
  }
  if (by_id_.size() >= limits_.txs_max) {
    return error(Errc::mempool_full, "mempool: full with " + std::to_string(limits_.txs_max) +
                                         " transactions; try again after the next block");
  }
  return ok();
}

void Mempool::insert(CheckedTx tx, Sequence sequence) {
  const TxId id = tx.id();
  Sender& sender = by_sender_[tx.body().from];
  // A rewound transaction may meet one that took its nonce meanwhile: the first one stays.
  if (!sender.queue.emplace(tx.body().nonce, id).second) return;
  sender.cost += cost_units(tx.body());
  by_sequence_.emplace_hint(by_sequence_.end(), sequence, id);
  by_id_.emplace(id, Entry{std::move(tx), sequence});
}

Mempool::Sequence Mempool::add(CheckedTx tx) {
  insert(std::move(tx), ++last_);
  return last_;
}

void Mempool::restore(CheckedTx tx, Sequence sequence) {
  last_ = std::max(last_, sequence);
  insert(std::move(tx), sequence);
}

void Mempool::remove(const TxId& id) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;
  const Tx& body = found->second.tx.body();
  const auto sender = by_sender_.find(body.from);
  sender->second.cost -= cost_units(body);
  sender->second.queue.erase(body.nonce);
  if (sender->second.queue.empty()) by_sender_.erase(sender);
  by_sequence_.erase(found->second.sequence);
  by_id_.erase(found);
}

std::size_t Mempool::shrink() {
  by_id_.rehash(0);
  by_sender_.rehash(0);
  return by_id_.bucket_count() + by_sender_.bucket_count();
}

const Mempool::Entry* Mempool::find(const TxId& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const Mempool::Entry* Mempool::find(const Address& sender, Nonce nonce) const {
  const auto queue = by_sender_.find(sender);
  if (queue == by_sender_.end()) return nullptr;
  const auto found = queue->second.queue.find(nonce);
  return found == queue->second.queue.end() ? nullptr : find(found->second);
}

Nonce Mempool::next_nonce(const Accounts& accounts, const Address& sender) const {
  Nonce next = accounts.at(sender).nonce;
  const auto queue = by_sender_.find(sender);
  if (queue == by_sender_.end()) return next;
  const auto& pending = queue->second.queue;
  // Almost always the whole queue is the unbroken run.
  const Nonce last = pending.rbegin()->first;
  if (pending.begin()->first == next && last - next == pending.size() - 1) return last + 1;
  for (auto it = pending.lower_bound(next); it != pending.end() && it->first == next; ++it) {
    ++next;
  }
  return next;
}

std::vector<CheckedTx> Mempool::select(const Accounts& accounts, std::size_t txs_max) const {
  struct Candidate {
    const Entry* entry;
    std::uint64_t balance;  // what the sender has left for this one
    bool operator<(const Candidate& other) const {
      const Amount fee = entry->tx.body().fee;
      const Amount other_fee = other.entry->tx.body().fee;
      return fee != other_fee ? fee < other_fee : entry->sequence > other.entry->sequence;
    }
  };
  std::priority_queue<Candidate> candidates;
  const auto offer = [&](const Address& sender, Nonce nonce, std::uint64_t balance) {
    const Entry* entry = find(sender, nonce);
    if (entry != nullptr && cost_units(entry->tx.body()) <= balance) {
      candidates.push({entry, balance});
    }
  };
  for (const auto& [address, sender] : by_sender_) {
    const Account account = accounts.at(address);
    offer(address, account.nonce, account.balance.units());
  }
  std::vector<CheckedTx> selected;
  while (!candidates.empty() && selected.size() < txs_max) {
    const auto [entry, balance] = candidates.top();
    candidates.pop();
    const Tx& body = entry->tx.body();
    selected.push_back(entry->tx);
    offer(body.from, body.nonce + 1, balance - cost_units(body));
  }
  return selected;
}

bool Mempool::has_includable(const Accounts& accounts) const {
  return std::any_of(by_sender_.begin(), by_sender_.end(), [&](const auto& sender) {
    const Account account = accounts.at(sender.first);
    const Entry* entry = find(sender.first, account.nonce);
    return entry != nullptr && cost_units(entry->tx.body()) <= account.balance.units();
  });
}

std::vector<CheckedTx> Mempool::stale(const Accounts& accounts,
                                      std::span<const Address> senders) const {
  std::vector<CheckedTx> found;
  for (const Address& address : senders) {
    const auto sender = by_sender_.find(address);
    if (sender == by_sender_.end()) continue;
    const Nonce next = accounts.at(address).nonce;
    for (const auto& [nonce, id] : sender->second.queue) {
      if (nonce >= next) break;
      found.push_back(by_id_.at(id).tx);
    }
  }
  return found;
}

std::vector<Mempool::Entry> Mempool::since(Sequence after, std::size_t limit) const {
  std::vector<Entry> entries;
  for (auto it = by_sequence_.upper_bound(after);
       it != by_sequence_.end() && entries.size() < limit; ++it) {
    entries.push_back(by_id_.at(it->second));
  }
  return entries;
}

}  // namespace aitbc
