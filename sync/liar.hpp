#pragma once
// How a node lies to its peers: what its true answers are turned into. Pure functions, for the node
// that is told to and for the simulator.

#include "chain/core/crypto.hpp"
#include "chain/fault.hpp"
#include "chain/protocol.hpp"

namespace aitbc::sync {

void lie(Lie, SyncAnswer&);
// `head` is the true one.
void lie(Lie, const Tip& head, std::vector<SealedHeader>&);
void lie(Lie, const Tip& head, std::vector<Block>&);
void lie(Lie, std::vector<SignedTx>&);

// What an authority of that key says that signs twice: beside each vote of its own another one for
// a block of the same height that does not exist; every second asker (`turn` is odd) is shown
// another block for the slot of the one it sealed. The signatures hold, so they are evidence
// against it.
void double_sign(const KeyPair&, const GenesisHash&, std::uint64_t turn, SyncAnswer&);

}  // namespace aitbc::sync
