#pragma once
// What was seen of a live network at one time, and what the shipped nodes make of it when they go
// on from there in the simulator. Keys are not in it: nobody seals or votes anew.

#include "sync/sim/life.hpp"

namespace aitbc::sim {

// As the nodes gave it: nothing in it is checked.
struct RecordedNode {
  std::string name;
  Duration clock_offset{0};
  std::vector<Block> blocks;      // its canonical chain from block 1 on
  std::vector<SignedVote> votes;  // that it holds, and those of its final block's certificate
  std::vector<SignedTx> pending;
};

struct Recording {
  Genesis genesis;
  Time made;
  std::vector<RecordedNode> nodes;  // at least one
};

// The nodes start from the recording and go on for the plan's length, with its faults or with none;
// then all links are good, and they must come to one head.
Life replay(const Recording&, const Plan&, std::uint64_t seed);

}  // namespace aitbc::sim
