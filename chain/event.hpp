#pragma once
// What happens on a node, as values: each is one decision that is durable, a vote that counts, or a
// state that changed. Immutable; any thread.

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "chain/core/apply.hpp"
#include "chain/protocol.hpp"

namespace aitbc {

struct PlacedBlock {
  BlockId id;
  Header header;
};

// A block became canonical: one event for each, in the order of the chain.
struct HeadEvent {
  std::shared_ptr<const PlacedBlock> block;
};

// The block and all below it are final. Of several that become so at once only the highest is told.
struct FinalEvent {
  Checkpoint block;
};

struct TxEvent {
  // Pending: it came in, or came back from a block that was rewound. Nothing is ever dropped.
  enum class Status { pending, included, final, replaced };
  Status status = Status::pending;
  bool first = false;  // it was never seen here before, as far as this is remembered
  CheckedTx tx;
  std::shared_ptr<const PlacedBlock> block = nullptr;  // of an included or final one
  TxId by = {};                                        // which used the nonce of a replaced one
};
std::string_view name(TxEvent::Status);

struct VoteEvent {
  SignedVote vote;
};

// Told before the blocks of the new branch.
struct ReorgEvent {
  Tip from;
  Tip to;
  Height ancestor = 0;        // of the last block that both branches have
  std::uint64_t rewound = 0;  // blocks that left the canonical chain
  std::uint64_t appended = 0;
};

// The word of the node or of one of its peers is another one.
struct StateEvent {
  struct Peer {
    std::string url;
    std::string node_id;  // empty until it answered once
    std::string state;
    bool operator==(const Peer&) const = default;
  };
  std::string node_id;
  std::string state;
  std::vector<Peer> peers;
  bool operator==(const StateEvent&) const = default;
};
StateEvent state_of(const NodeStatus&);

struct Event {
  using What = std::variant<HeadEvent, FinalEvent, TxEvent, VoteEvent, ReorgEvent, StateEvent>;
  // Counts from 1 at each start of the node, without a gap.
  using Number = std::uint64_t;
  Number number = 0;
  Time time;  // when the node learnt it, by its own clock
  What what;
};

}  // namespace aitbc
