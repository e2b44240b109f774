#pragma once
// Proof of authority: whose turn a slot is, who must wait, and which of two branches wins. Pure
// functions; consensus.md, sections 3 and 4.

#include <optional>
#include <span>

#include "chain/core/governance.hpp"

namespace aitbc {

// nullopt before the genesis time.
std::optional<Slot> slot_at(const Params&, Time);
Time start_of(const Params&, Slot);

// Slot 0 belongs to the genesis; authorities take turns by slot mod n.
const PublicKey& proposer_of(std::span<const PublicKey> authorities, Slot);
// The first slot after `after` that is `key`'s turn; nullopt if the key is no authority.
std::optional<Slot> next_turn(std::span<const PublicKey> authorities, const PublicKey& key,
                              Slot after);

// The instant after which nothing may be sealed for the slot: its tail guard begins.
Time sealing_ends(const Params&, Slot);

// A key may seal at most one of any floor(n/2) + 1 consecutive blocks: so it may not be among the
// proposers of the floor(n/2) blocks before.
std::size_t recent_window(std::size_t authorities);

// How many blocks below the next one the rules look at: the recent signers, and those from a block
// that decided on a change of authorities to the last one before it, also of a set that was larger.
std::size_t ancestors_kept(std::size_t authorities);

// What the rules need to know of a block's parent and its ancestors.
struct Parent {
  struct Ancestor {
    BlockId id;
    PublicKey proposer;
    bool operator==(const Ancestor&) const = default;
  };

  Tip tip;
  std::vector<Ancestor> recent;  // the last ancestors_kept() blocks, newest last; not the genesis

  // The parent of the block after `header`, which `authorities` will seal.
  void advance(const Header& header, std::size_t authorities);
  // Whether the recent-signer rule keeps the key from sealing the next block.
  bool is_recent_signer(const PublicKey&, std::size_t authorities) const;
  std::optional<BlockId> id_at(Height) const;  // of the recent ones
};

// Up to this slot a block must hold a transaction. Later ones may be empty, so that a head that
// waits for votes gets a successor to vote for, and a change of authorities comes into force.
Slot last_slot_for_txs(const Parent&, const Governance&);

// Height, slot, turn and recent signers of a header that claims to follow `parent`. The seal is
// check_seal()'s (block.hpp): it needs no parent.
Status check_header(const Parent&, const Governance&, const Header&);
// bad_handover unless the block proves what it must prove of a change of authorities, and nothing
// else.
Status check_handover(const Params&, const Parent&, const Governance&, const SealedHeader&);

// A strict order on branches by their tips, the same on every node: more blocks, then the lower
// slot of the last block, then the lower hash.
bool better(const Tip& a, const Tip& b);

// The order with votes: the branch with the higher justified block, whatever their lengths.
struct Standing {
  Height justified = 0;
  Tip tip;
};
bool better(const Standing& a, const Standing& b);

}  // namespace aitbc
