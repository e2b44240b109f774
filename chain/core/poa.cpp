#include "chain/core/poa.hpp"

#include <algorithm>

namespace aitbc {

std::optional<Slot> slot_at(const Params& params, Time time) {
  if (time < params.genesis_time) return std::nullopt;
  return static_cast<Slot>((time - params.genesis_time) / params.slot);
}

Time start_of(const Params& params, Slot slot) {
  return params.genesis_time + params.slot * static_cast<std::int64_t>(slot);
}

const PublicKey& proposer_of(std::span<const PublicKey> authorities, Slot slot) {
  return authorities[slot % authorities.size()];
}

std::optional<Slot> next_turn(std::span<const PublicKey> authorities, const PublicKey& key,
                              Slot after) {
  for (Slot slot = after + 1; slot <= after + authorities.size(); ++slot) {
    if (proposer_of(authorities, slot) == key) return slot;
  }
  return std::nullopt;
}

Time sealing_ends(const Params& params, Slot slot) {
  return start_of(params, slot + 1) - params.tail_guard;
}

std::size_t recent_window(std::size_t authorities) { return authorities / 2; }

void Parent::advance(const Header& header, std::size_t window) {
  tip = tip_of(header);
  recent.push_back(header.proposer);
  if (recent.size() > window) recent.erase(recent.begin());
}

Slot last_slot_for_txs(const Parent& parent, std::size_t authorities) {
  return parent.tip.slot + 3 * authorities;
}

Status check_header(const Parent& parent, std::span<const PublicKey> authorities,
                    const Header& header) {
  if (header.parent != parent.tip.id) {
    return error(Errc::unknown_parent, "block " + std::to_string(header.height) + ": parent " +
                                           hash_text(header.parent) + " is not " +
                                           hash_text(parent.tip.id));
  }
  if (header.height != parent.tip.height + 1) {
    return error(Errc::bad_height, "block: expected height " +
                                       std::to_string(parent.tip.height + 1) + ", got " +
                                       std::to_string(header.height));
  }
  if (header.slot <= parent.tip.slot) {
    return error(Errc::bad_slot, "block " + std::to_string(header.height) +
                                     ": expected a slot above " + std::to_string(parent.tip.slot) +
                                     ", got " + std::to_string(header.slot));
  }
  if (header.proposer != proposer_of(authorities, header.slot)) {
    return error(Errc::bad_proposer, "block " + std::to_string(header.height) + ": slot " +
                                         std::to_string(header.slot) + " is the turn of " +
                                         proposer_of(authorities, header.slot).hex() + ", not of " +
                                         header.proposer.hex());
  }
  if (std::find(parent.recent.begin(), parent.recent.end(), header.proposer) !=
      parent.recent.end()) {
    return error(Errc::recent_signer,
                 "block " + std::to_string(header.height) + ": its proposer sealed one of the " +
                     std::to_string(parent.recent.size()) + " blocks before it");
  }
  if (header.tx_count == 0 && header.slot <= last_slot_for_txs(parent, authorities.size())) {
    return error(Errc::empty_block,
                 "block " + std::to_string(header.height) + ": expected a transaction up to slot " +
                     std::to_string(last_slot_for_txs(parent, authorities.size())));
  }
  return ok();
}

bool better(const Tip& a, const Tip& b) {
  if (a.height != b.height) return a.height > b.height;
  if (a.slot != b.slot) return a.slot < b.slot;
  return a.id < b.id;
}

bool better(const Standing& a, const Standing& b) {
  if (a.justified != b.justified) return a.justified > b.justified;
  return better(a.tip, b.tip);
}

}  // namespace aitbc
