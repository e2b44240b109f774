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

std::size_t ancestors_kept(std::size_t authorities) { return 2 * (authorities + 1); }

void Parent::advance(const Header& header, std::size_t authorities) {
  tip = tip_of(header);
  recent.push_back({tip.id, header.proposer});
  if (recent.size() > ancestors_kept(authorities)) recent.erase(recent.begin());
}

bool Parent::is_recent_signer(const PublicKey& key, std::size_t authorities) const {
  const std::size_t window = std::min(recent_window(authorities), recent.size());
  return std::any_of(recent.end() - static_cast<std::ptrdiff_t>(window), recent.end(),
                     [&](const Ancestor& block) { return block.proposer == key; });
}

std::optional<BlockId> Parent::id_at(Height height) const {
  if (height > tip.height || tip.height - height >= recent.size()) return std::nullopt;
  return recent[recent.size() - 1 - (tip.height - height)].id;
}

Slot last_slot_for_txs(const Parent& parent, const Governance& governance) {
  if (is_changing(governance, parent.tip.height + 1)) return parent.tip.slot;
  return parent.tip.slot + 3 * governance.authorities.size();
}

Status check_header(const Parent& parent, const Governance& governance, const Header& header) {
  const auto& authorities = governance.authorities;
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
  if (parent.is_recent_signer(header.proposer, authorities.size())) {
    return error(Errc::recent_signer,
                 "block " + std::to_string(header.height) + ": its proposer sealed one of the " +
                     std::to_string(recent_window(authorities.size())) + " blocks before it");
  }
  if (const Slot last = last_slot_for_txs(parent, governance);
      header.tx_count == 0 && header.slot <= last) {
    return error(Errc::empty_block, "block " + std::to_string(header.height) +
                                        ": expected a transaction up to slot " +
                                        std::to_string(last));
  }
  return ok();
}

Status check_handover(const Params& params, const Parent& parent, const Governance& governance,
                      const SealedHeader& sealed) {
  const Height height = sealed.header.height;
  const auto refuse = [&](const std::string& why) {
    return error(Errc::bad_handover, "block " + std::to_string(height) + ": " + why);
  };
  const auto& handover = sealed.handover;
  if (!needs_handover(governance, height)) {
    return handover ? refuse("there is no change of authorities to hand over") : ok();
  }
  const Governance::Decision& decision = *governance.decision;
  if (!handover) {
    return refuse("the first block of the new authorities must prove that block " +
                  std::to_string(decision.decided) + " is final");
  }
  const Checkpoint& final = handover->block;
  if (handover->kind != Vote::Kind::commit || final.height < decision.decided ||
      parent.id_at(final.height) != final.id) {
    return refuse("its handover is not for one of the blocks from " +
                  std::to_string(decision.decided) + " on");
  }
  const auto& before = decision.before;
  return check_certificate(params.genesis_hash, before, quorum_of(params.quorum, before.size()),
                           *handover);
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
