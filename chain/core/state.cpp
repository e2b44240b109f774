#include "chain/core/state.hpp"

#include <algorithm>

#include "chain/core/crypto.hpp"

namespace aitbc {

namespace {

// A claim of a receipt changes most: its sender, its marker, the miner and the coordinator; and the
// block the proposer and the reserve.
constexpr std::size_t changes_max = 4 * limits::block_txs_max + 2;
constexpr std::size_t change_bytes = Address::size + 4 * sizeof(std::uint64_t);

void encode(Encoder& out, const Account& account) {
  out.integer(account.balance.units());
  out.integer(account.nonce);
}

Account decode_account(Decoder& in) {
  const auto balance = Amount::from(in.integer<std::uint64_t>());
  if (!balance) in.fail();
  const auto nonce = in.integer<std::uint64_t>();
  return {balance.value_or(Amount{}), nonce};
}

}  // namespace

void encode(Encoder& out, const Effects& effects) {
  out.integer(static_cast<std::uint32_t>(effects.changes.size()));
  for (const Change& change : effects.changes) {
    out.fixed(change.address);
    encode(out, change.before);
    encode(out, change.after);
  }
  out.integer(static_cast<std::uint8_t>(effects.governance.has_value()));
  if (effects.governance) {
    encode(out, effects.governance->before);
    encode(out, effects.governance->after);
  }
  out.integer(static_cast<std::uint32_t>(effects.claims.size()));
  for (const std::uint32_t position : effects.claims) out.integer(position);
}

Result<Effects> decode_effects(ByteView bytes) {
  Decoder in(bytes);
  Effects effects;
  const std::size_t count = in.count(changes_max, change_bytes);
  effects.changes.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    Change change;
    change.address = in.fixed<Address>();
    change.before = decode_account(in);
    change.after = decode_account(in);
    effects.changes.push_back(change);
  }
  const auto has_governance = in.integer<std::uint8_t>();
  if (has_governance > 1) in.fail();
  if (has_governance == 1) {
    GovernanceChange& change = effects.governance.emplace();
    change.before = decode_governance(in);
    change.after = decode_governance(in);
  }
  const std::size_t claims = in.count(limits::block_txs_max, sizeof(std::uint32_t));
  for (std::size_t i = 0; i < claims; ++i) effects.claims.push_back(in.integer<std::uint32_t>());
  AITBC_TRY(in.finish("effects"));
  return effects;
}

State State::of(const Genesis& genesis) {
  std::vector<AccountProof::Leaf> accounts;
  for (const auto& [address, balance] : balances_of(genesis)) {
    accounts.push_back({address, {balance, 0}});
  }
  return State(Governance{genesis.authorities, {}, {}}, std::move(accounts));
}

void State::redo(const Effects& effects) {
  for (const Change& change : effects.changes) {
    AITBC_CHECK(tree_.exchange(change.address, change.after) == change.before);
  }
  if (!effects.governance) return;
  AITBC_CHECK(governance_ == effects.governance->before);
  govern(effects.governance->after);
}

void State::undo(const Effects& effects) {
  for (const Change& change : effects.changes) {
    AITBC_CHECK(tree_.exchange(change.address, change.before) == change.after);
  }
  if (!effects.governance) return;
  AITBC_CHECK(governance_ == effects.governance->after);
  govern(effects.governance->before);
}

Hash state_root_of(const Hash& accounts_root, const Hash& authorities_hash) {
  return hash("aitbc/state/1", {accounts_root.view(), authorities_hash.view()});
}

void State::govern(Governance governance) {
  governance_ = std::move(governance);
  Encoder out;
  encode(out, governance_);
  authorities_hash_ = hash("aitbc/authorities/1", {out.bytes()});
}

Hash State::root() const { return state_root_of(accounts_root(), authorities_hash()); }

void Overlay::load(std::span<const Address> addresses) {
  const std::vector<Account> accounts = below_.at(addresses);
  entries_.reserve(entries_.size() + addresses.size());
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    entries_.try_emplace(addresses[i], Entry{accounts[i], accounts[i]});
  }
}

Account Overlay::at(const Address& address) const {
  const auto found = entries_.find(address);
  return found == entries_.end() ? below_.at(address) : found->second.after;
}

void Overlay::set(const Address& address, const Account& account) {
  const auto found = entries_.find(address);
  if (found != entries_.end()) {
    found->second.after = account;
  } else {
    entries_.emplace(address, Entry{below_.at(address), account});
  }
}

Effects Overlay::effects() const {
  Effects effects;
  effects.changes.reserve(entries_.size());
  for (const auto& [address, entry] : entries_) {
    if (entry.before != entry.after)
      effects.changes.push_back({address, entry.before, entry.after});
  }
  std::sort(effects.changes.begin(), effects.changes.end(),
            [](const Change& a, const Change& b) { return a.address < b.address; });
  return effects;
}

}  // namespace aitbc
