#pragma once
// Where each pending transaction is in its table, by its id. In memory: on disk an index costs a
// page of the log for each transaction that comes, and another one when it goes. Thread-safe.

#include <deque>
#include <map>
#include <span>
#include <unordered_map>
#include <vector>

#include "chain/core/mempool.hpp"
#include "chain/mutex.hpp"

namespace aitbc {

class PoolIndex {
 public:
  using Sequence = Mempool::Sequence;
  struct Place {
    TxId id;
    Sequence sequence;
  };

  // For the writer: where those are that are there.
  std::vector<Place> places_of(std::span<const TxId>) const;
  // Before the commit that writes them, so that who sees a row also finds it.
  void add(std::span<const Mempool::Entry>);
  // After the commit, or instead of it: its additions.
  void drop(std::span<const Mempool::Entry>);
  // After the commit. A view that was opened before it goes on finding them.
  void remove(std::span<const Place>);
  // At rest: room for as many as there are now. Returns for how many that is.
  std::size_t shrink();

  // What a reader finds that sees the database as of a moment after its view was opened: where the
  // transaction is or was, or soon will be. The index outlives it.
  class View {
   public:
    explicit View(PoolIndex& index);
    ~View();
    View(const View&) = delete;
    View& operator=(const View&) = delete;

    std::vector<Sequence> find(const TxId&) const;

   private:
    PoolIndex& index_;
    const std::uint64_t removals_;  // when it was opened
  };

 private:
  struct Gone {
    std::uint64_t number;  // of its removal
    Place place;
  };

  void erase(const TxId&, Sequence) AITBC_REQUIRES(mutex_);
  void forget_gone() AITBC_REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::unordered_multimap<TxId, Sequence> places_ AITBC_GUARDED_BY(mutex_);  // of gone ones, too
  std::deque<Gone> gone_ AITBC_GUARDED_BY(mutex_);  // that views may still see
  std::uint64_t removals_ AITBC_GUARDED_BY(mutex_) = 0;
  std::map<std::uint64_t, std::size_t> views_ AITBC_GUARDED_BY(mutex_);  // by their removals_
};

}  // namespace aitbc
