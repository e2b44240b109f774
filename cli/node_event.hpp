#pragma once
// What a node tells of itself as it happens (GET /rpc/events), as far as people watch it. Pure.

#include <string>
#include <string_view>

#include "chain/core/block.hpp"
#include "chain/core/result.hpp"
#include "chain/core/time.hpp"

namespace aitbc::cli {

// Those that are read here, as the route wants them.
inline constexpr std::string_view watched_event_types = "head,final,reorg,state";

struct NodeEvent {
  // gap: some were missed, and these are the head and the final block now.
  enum class Kind { head, final, reorg, state, gap };
  Kind kind = Kind::head;
  Time time;                   // by the node's own clock; of a gap none
  Height height = 0;           // of the block; of a reorg and a gap, of the head afterwards
  Height final_height = 0;     // of a gap
  std::string hash;            // of the block
  std::string proposer;        // of a head, its key in hexadecimal
  std::uint64_t tx_count = 0;  // of a head
  std::uint64_t rewound = 0;   // of a reorg
  std::string state;           // of a state
};

// bad_json if it is not as the route describes it.
Result<NodeEvent> parse_node_event(std::string_view type, std::string_view json);

}  // namespace aitbc::cli
