#pragma once
// What nodes tell of their heads and final blocks (GET /rpc/events), with the time at which it was
// heard. A thread a node; the functions are for any thread.

#include <condition_variable>
#include <map>
#include <memory>

#include "chain/mutex.hpp"
#include "cli/ask.hpp"
#include "cli/load_figures.hpp"
#include "cli/node_listener.hpp"

namespace aitbc::cli {

class LoadWatch {
 public:
  LoadWatch() = default;
  ~LoadWatch();
  LoadWatch(const LoadWatch&) = delete;
  LoadWatch& operator=(const LoadWatch&) = delete;

  // Once; returns when all of them tell. unreachable, naming one that does not.
  Status listen(const std::vector<NodeAddress>& nodes);

  // The highest block that all nodes have told to be final; 0 before.
  Height final_everywhere() const;
  // Transactions of the blocks up to there that the first node has told of.
  std::uint64_t final_txs() const;
  // Each node's, in the order of listen().
  std::vector<NodeSight> sights() const;

 private:
  void opened(std::size_t node);
  void told(std::size_t node, const NodeEvent& event);

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<bool> open_ AITBC_GUARDED_BY(mutex_);
  std::vector<NodeSight> sights_ AITBC_GUARDED_BY(mutex_);
  std::map<Height, std::uint64_t> txs_ AITBC_GUARDED_BY(mutex_);  // by the first node
  std::vector<std::unique_ptr<NodeListener>> listening_;
};

}  // namespace aitbc::cli
