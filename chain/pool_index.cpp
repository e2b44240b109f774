#include "chain/pool_index.hpp"

namespace aitbc {

std::vector<PoolIndex::Place> PoolIndex::places_of(std::span<const TxId> ids) const {
  const MutexLock lock(mutex_);
  std::vector<Place> places;
  for (const TxId& id : ids) {
    const auto [begin, end] = places_.equal_range(id);
    for (auto found = begin; found != end; ++found) places.push_back({id, found->second});
  }
  return places;
}

void PoolIndex::add(std::span<const Mempool::Entry> entries) {
  const MutexLock lock(mutex_);
  for (const Mempool::Entry& entry : entries) places_.emplace(entry.tx.id(), entry.sequence);
}

void PoolIndex::drop(std::span<const Mempool::Entry> entries) {
  const MutexLock lock(mutex_);
  for (const Mempool::Entry& entry : entries) erase(entry.tx.id(), entry.sequence);
}

void PoolIndex::remove(std::span<const Place> places) {
  const MutexLock lock(mutex_);
  ++removals_;
  for (const Place& place : places) gone_.push_back({removals_, place});
  forget_gone();
}

std::size_t PoolIndex::shrink() {
  const MutexLock lock(mutex_);
  places_.rehash(0);
  return places_.bucket_count();
}

void PoolIndex::erase(const TxId& id, Sequence sequence) {
  const auto range = places_.equal_range(id);
  for (auto found = range.first; found != range.second; ++found) {
    if (found->second == sequence) {
      places_.erase(found);
      return;
    }
  }
}

void PoolIndex::forget_gone() {
  const std::uint64_t seen = views_.empty() ? removals_ : views_.begin()->first;
  for (; !gone_.empty() && gone_.front().number <= seen; gone_.pop_front()) {
    erase(gone_.front().place.id, gone_.front().place.sequence);
  }
}

PoolIndex::View::View(PoolIndex& index)
    : index_(index), removals_([&] {
        const MutexLock lock(index.mutex_);
        ++index.views_[index.removals_];
        return index.removals_;
      }()) {}

PoolIndex::View::~View() {
  const MutexLock lock(index_.mutex_);
  const auto own = index_.views_.find(removals_);
  if (--own->second == 0) index_.views_.erase(own);
  index_.forget_gone();
}

std::vector<PoolIndex::Sequence> PoolIndex::View::find(const TxId& id) const {
  std::vector<Sequence> sequences;
  for (const Place& place : index_.places_of(std::span(&id, 1))) {
    sequences.push_back(place.sequence);
  }
  return sequences;
}

}  // namespace aitbc
