#include "chain/core/governance.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

Status refuse(const std::string& why) { return error(Errc::bad_ballot, "ballot: " + why); }

std::optional<PublicKey> authority_of(const Governance& governance, const Address& sender) {
  const auto& keys = governance.authorities;
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const PublicKey& key) {
    return address_of(Policy::single(key)) == sender;
  });
  return found == keys.end() ? std::nullopt : std::optional(*found);
}

std::string text_of(const AuthorityChange& change) {
  return std::string(name(change.kind)) + " " + change.key.hex();
}

// Whether the change itself makes sense.
Status check_change(const Governance& governance, const AuthorityChange& change) {
  const auto& authorities = governance.authorities;
  const bool is_member = is_authority(authorities, change.key);
  if (change.kind == AuthorityChange::Kind::add) {
    if (is_member) return refuse(change.key.hex() + " is an authority already");
    if (authorities.size() >= limits::authorities_max) {
      return refuse("there are " + std::to_string(authorities.size()) + " authorities, the most");
    }
    return ok();
  }
  if (!is_member) return refuse(change.key.hex() + " is no authority");
  if (authorities.size() == 1) return refuse("the last authority cannot go");
  return ok();
}

void encode(Encoder& out, const AuthorityChange& change) {
  out.integer(static_cast<std::uint8_t>(change.kind));
  out.fixed(change.key);
}

void encode(Encoder& out, const std::vector<PublicKey>& keys) {
  out.integer(static_cast<std::uint32_t>(keys.size()));
  for (const PublicKey& key : keys) out.fixed(key);
}

std::vector<PublicKey> decode_keys(Decoder& in) {
  const std::size_t count = in.count(limits::authorities_max, PublicKey::size);
  std::vector<PublicKey> keys;
  keys.reserve(count);
  for (std::size_t i = 0; i < count; ++i) keys.push_back(in.fixed<PublicKey>());
  return keys;
}

AuthorityChange decode_change(Decoder& in) {
  AuthorityChange change;
  const auto kind = in.integer<std::uint8_t>();
  if (kind > static_cast<std::uint8_t>(AuthorityChange::Kind::remove)) in.fail();
  change.kind = kind == 0 ? AuthorityChange::Kind::add : AuthorityChange::Kind::remove;
  change.key = in.fixed<PublicKey>();
  return change;
}

bool decode_flag(Decoder& in) {
  const auto flag = in.integer<std::uint8_t>();
  if (flag > 1) in.fail();
  return flag == 1;
}

}  // namespace

bool is_authority(std::span<const PublicKey> authorities, const PublicKey& key) {
  return std::find(authorities.begin(), authorities.end(), key) != authorities.end();
}

std::vector<PublicKey> changed(std::span<const PublicKey> authorities,
                               const AuthorityChange& change) {
  std::vector<PublicKey> set(authorities.begin(), authorities.end());
  if (change.kind == AuthorityChange::Kind::add) {
    set.push_back(change.key);
  } else {
    std::erase(set, change.key);
  }
  return set;
}

bool is_changing(const Governance& governance, Height next) {
  return governance.decision && next <= governance.decision->since;
}

bool needs_handover(const Governance& governance, Height next) {
  return governance.decision && next == governance.decision->since;
}

Status check_ballot(const Governance& governance, const Address& sender, const Ballot& ballot) {
  const auto voter = authority_of(governance, sender);
  if (!voter) {
    return error(Errc::not_an_authority,
                 "ballot: " + to_text(sender) + " is no authority's account");
  }
  const auto& [authorities, open, decision] = governance;
  if (decision && decision->before == authorities) {  // not yet in force
    return refuse("one change at a time: " + text_of(decision->change) + " comes into force at " +
                  "block " + std::to_string(decision->since));
  }
  if (open && open->change != ballot.change) {
    return refuse("one change at a time: the authorities vote on " + text_of(open->change));
  }
  const bool approves = open && is_authority(open->approvals, *voter);
  if (!ballot.approve) {
    return approves ? ok() : refuse(voter->hex() + " has not approved that change");
  }
  if (approves) return refuse(voter->hex() + " has approved that change already");
  return check_change(governance, ballot.change);
}

void cast(Governance& governance, const Address& sender, const Ballot& ballot, Height height) {
  if (!check_ballot(governance, sender, ballot)) return;
  const PublicKey voter = *authority_of(governance, sender);
  auto& [authorities, open, decision] = governance;
  if (!ballot.approve) {
    std::erase(open->approvals, voter);
    if (open->approvals.empty()) open.reset();
    return;
  }
  if (!open) open = Governance::Open{ballot.change, height + limits::ballot_blocks, {}};
  open->approvals.push_back(voter);
  if (2 * open->approvals.size() <= authorities.size()) return;
  decision =
      Governance::Decision{ballot.change, height, height + 2 * authorities.size(), authorities};
  open.reset();
}

void end_block(Governance& governance, Height height) {
  auto& [authorities, open, decision] = governance;
  if (open && height >= open->expires) open.reset();
  if (decision && decision->since == height + 1) {
    authorities = changed(authorities, decision->change);
  }
}

void encode(Encoder& out, const Governance& governance) {
  encode(out, governance.authorities);
  out.integer(static_cast<std::uint8_t>(governance.open.has_value()));
  if (const auto& open = governance.open) {
    encode(out, open->change);
    out.integer(open->expires);
    encode(out, open->approvals);
  }
  out.integer(static_cast<std::uint8_t>(governance.decision.has_value()));
  if (const auto& decision = governance.decision) {
    encode(out, decision->change);
    out.integer(decision->decided);
    out.integer(decision->since);
    encode(out, decision->before);
  }
}

Governance decode_governance(Decoder& in) {
  Governance governance;
  governance.authorities = decode_keys(in);
  if (decode_flag(in)) {
    Governance::Open& open = governance.open.emplace(Governance::Open{});
    open.change = decode_change(in);
    open.expires = in.integer<std::uint64_t>();
    open.approvals = decode_keys(in);
  }
  if (decode_flag(in)) {
    Governance::Decision& decision = governance.decision.emplace(Governance::Decision{});
    decision.change = decode_change(in);
    decision.decided = in.integer<std::uint64_t>();
    decision.since = in.integer<std::uint64_t>();
    decision.before = decode_keys(in);
  }
  return governance;
}

}  // namespace aitbc
