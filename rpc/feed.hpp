#pragma once
// What happens on the node, as texts for those who listen: blocks as they become canonical (after a
// reorganisation those of the new branch from the common ancestor on), and transactions as they
// are first seen, pending or in a block. The node is asked once for all listeners, by whichever of
// them takes first, and only after it has rung. A transaction is told twice at most if there are
// more of them than are remembered, never not at all unless it left the mempool, without a block,
// before anybody could look. Without listeners it costs nothing. Any number of threads.

#include <array>
#include <atomic>
#include <deque>
#include <memory>
#include <unordered_set>

#include "chain/mutex.hpp"
#include "rpc/event_source.hpp"
#include "rpc/node.hpp"

namespace aitbc::rpc {

class Feed {
 public:
  enum class Kind { blocks, transactions };

  // The node must outlive it, and it its listeners, of which none may be further behind than that.
  explicit Feed(Node&, std::size_t events_max = limits::feed_events_max);

  // Hears what happens from now on, until it is gone. What the node refuses.
  Result<std::shared_ptr<EventSource>> listen(Kind);

 private:
  class Listener;
  using Position = std::uint64_t;  // of an event among all of its kind
  // The events of a kind that some listener has not taken.
  struct Line {
    std::deque<std::string> events;
    Position first = 0;
    std::vector<Listener*> listeners;
    Position end() const { return first + events.size(); }
  };

  Line& line(Kind kind) AITBC_REQUIRES(mutex_) { return lines_[static_cast<std::size_t>(kind)]; }
  Result<std::vector<std::string>> take(Listener&);
  void leave(Listener&);
  Status begin() AITBC_REQUIRES(mutex_);
  Status look() AITBC_REQUIRES(mutex_);
  Status follow(Snapshot&) AITBC_REQUIRES(mutex_);
  bool is_new(const TxId&) AITBC_REQUIRES(mutex_);
  void tell(const SignedTx&) AITBC_REQUIRES(mutex_);
  void tell(const Block&) AITBC_REQUIRES(mutex_);
  void append(Kind, std::string text) AITBC_REQUIRES(mutex_);
  void forget_taken(Line&) AITBC_REQUIRES(mutex_);

  Node& node_;
  const std::size_t events_max_;
  std::atomic<bool> rung_ = false;  // since the last look
  Watchers bells_;                  // of the listeners

  Mutex mutex_;
  std::array<Line, 2> lines_ AITBC_GUARDED_BY(mutex_);
  std::string instance_ AITBC_GUARDED_BY(mutex_);
  std::uint64_t cursor_ AITBC_GUARDED_BY(mutex_) = 0;
  // The told chain from above `base_` on, as far back as a reorganisation can go.
  Height base_ AITBC_GUARDED_BY(mutex_) = 0;
  std::deque<BlockId> chain_ AITBC_GUARDED_BY(mutex_);
  std::unordered_set<TxId> told_ AITBC_GUARDED_BY(mutex_);
  std::deque<TxId> told_order_ AITBC_GUARDED_BY(mutex_);  // in which the oldest is forgotten

  Watchers::Watch watch_;  // the last one: it ends first
};

}  // namespace aitbc::rpc
