#pragma once
// What a network's nodes say, judged from outside: each is compared with the best head among those
// that answer, by the ids of blocks and never by heights alone. Pure but for the functions that are
// handed in; one thread.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/core/block.hpp"
#include "chain/protocol.hpp"
#include "sites/supervisor.hpp"

namespace aitbc::sites {

// One node, as far as it could be seen.
struct NodeReport {
  std::string site;
  std::string node;
  std::string url;
  bool authority = false;
  std::optional<RunState> process;          // none: its machine cannot be asked
  std::optional<GenesisHash> genesis_hash;  // from its answer
  std::optional<NodeStatus> answer;
  std::optional<Duration> round_trip;
  std::string detail;  // why there is no answer
  SyncState state;     // the verdict
};

struct NetworkStatus {
  std::string network;
  std::string chain_id;
  std::optional<GenesisHash> genesis_hash;  // of the network's genesis file, if there is one yet
  std::optional<Tip> best;                  // of the nodes that answer
  std::vector<NodeReport> nodes;
  bool all_in_sync() const;
};

// The id of the block at a height of a node's chain; not_found if it has none there.
using IdAt = std::function<Result<BlockId>(const NodeReport&, Height)>;

// Fills `best` and each node's `state`. Heights between are found by halving, so two nodes whose
// chains parted long ago cost few questions.
void judge(NetworkStatus& status, const IdAt& id_at);

// Whether a chain goes on with nodes that were just exchanged, told look by look. Where nothing
// more waits for a block than did before, that must stay so for a slot. Else blocks must come, and
// more of them than too few authorities could still seal: one each.
class ChainWatch {
 public:
  struct Look {
    Time at;
    Height height = 0;
    std::uint64_t waiting = 0;  // transactions, on the node that has most of them
  };
  ChainWatch(std::uint64_t waited_before, std::size_t authorities, Duration slot)
      : waited_before_(waited_before), blocks_needed_(authorities / 2 + 1), slot_(slot) {}

  bool goes_on(const Look& now);

 private:
  const std::uint64_t waited_before_;
  const Height blocks_needed_;
  const Duration slot_;
  std::optional<Height> height_at_first_;
  std::optional<Time> quiet_since_;
};

}  // namespace aitbc::sites
