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

}  // namespace aitbc::sites
