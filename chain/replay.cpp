#include "chain/replay.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "chain/core/crypto.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr std::string_view supply_name = "supply";
constexpr std::string_view receipts_name = "receipts_mint_once";
constexpr std::string_view turn_name = "proposer_in_turn";
constexpr std::string_view recent_name = "recent_signer";
constexpr std::string_view roots_name = "roots_reexecute";

// More than the error of a long double's 64 bits below 2^53, and far less than one unit.
constexpr long double near = 0.01L;

std::string units(std::uint64_t amount) { return std::to_string(amount); }

// The block's payments in plain double entry: what one account gives another gets.
class Book {
 public:
  explicit Book(const NextBlock& next)
      : params_(next.params),
        state_(next.state),
        proposer_(address_of(Policy::single(next.block.header().proposer))) {}

  // What the sender lacks; 0 if it can pay.
  std::uint64_t enter(const Tx& tx) {
    const auto cost = cost_of(tx);
    if (!cost) return limits::supply_max;
    std::uint64_t& sender = balance(tx.from);
    if (sender < cost->units()) return cost->units() - sender;
    sender -= cost->units();
    if (const auto* transfer = std::get_if<Transfer>(&tx.payload)) {
      balance(transfer->to) += transfer->amount.units();
    }
    if (const auto* claim = std::get_if<ReceiptClaim>(&tx.payload)) mint(*claim);
    balance(proposer_) += tx.fee.units();
    return 0;
  }

  const std::map<Address, std::uint64_t>& balances() const { return balances_; }
  const std::set<Address>& claimed() const { return claimed_; }

 private:
  std::uint64_t& balance(const Address& address) {
    const auto found = balances_.find(address);
    if (found != balances_.end()) return found->second;
    return balances_.emplace(address, state_.at(address).balance.units()).first->second;
  }

  // What cannot be read is the form check's to tell.
  void mint(const ReceiptClaim& claim) {
    const auto mint = mint_of(params_, claim);
    if (!mint || claimed_.contains(mint->marker) || state_.at(mint->marker).nonce != 0) return;
    std::uint64_t& reserve = balance(reserve_address());
    const std::uint64_t paid = mint->to_miner.units() + mint->to_coordinator.units();
    if (reserve < paid) return;
    reserve -= paid;
    balance(mint->miner) += mint->to_miner.units();
    balance(mint->coordinator) += mint->to_coordinator.units();
    claimed_.insert(mint->marker);
  }

  const Params& params_;
  const State& state_;
  Address proposer_;
  std::set<Address> claimed_;  // the markers of the receipts that the block mints for
  std::map<Address, std::uint64_t> balances_;
};

std::optional<Broken> judge_supply(const NextBlock& next) {
  Book book(next);
  for (const SignedTx& tx : next.block.txs) {
    if (const std::uint64_t missing = book.enter(tx.body); missing > 0) {
      return Broken{supply_name, next.block.header().height,
                    to_text(tx.body.from) + " spends no more than it has", units(missing) + " more",
                    Errc::invalid_block_tx};
    }
  }
  return std::nullopt;
}

// Whether it is the whole part of value x factor.
bool is_whole_part(Amount amount, Decimal value, std::uint64_t factor) {
  const long double product = static_cast<long double>(value.mantissa) *
                              std::pow(10.0L, static_cast<long double>(value.exponent)) *
                              static_cast<long double>(factor);
  const auto low = static_cast<long double>(amount.units());
  return product > low - near && product < low + 1 + near;
}

std::optional<Broken> judge_receipts(const NextBlock& next) {
  const auto& coordinators = next.params.minting.coordinators;
  for (const SignedTx& tx : next.block.txs) {
    const auto* claim = std::get_if<ReceiptClaim>(&tx.body.payload);
    if (claim == nullptr) continue;
    const auto broken = [&](std::string expected, std::string seen) {
      return Broken{receipts_name, next.block.header().height, std::move(expected), std::move(seen),
                    Errc::bad_receipt};
    };
    if (std::count(coordinators.begin(), coordinators.end(), claim->coordinator) != 1 ||
        !verify(claim->coordinator, as_bytes(claim->receipt), claim->signature)) {
      return broken("a receipt that a coordinator of the genesis signed",
                    "one that " + claim->coordinator.hex() + " did not, or may not");
    }
    const auto receipt = read_receipt(claim->receipt);
    const auto mint = mint_of(next.params, *claim);
    if (!receipt || !mint) continue;  // the form check says why
    const auto& [mint_per_unit, ppm, reserve, listed] = next.params.minting;
    if (!is_whole_part(mint->to_miner, receipt->units, mint_per_unit.units()) ||
        !is_whole_part(mint->to_coordinator, {mint->to_miner.units(), -6}, ppm)) {
      return broken("receipt " + receipt->id + ": units x mint_per_unit, and the ratio of that",
                    units(mint->to_miner.units()) + " and " + units(mint->to_coordinator.units()));
    }
  }
  return std::nullopt;
}

std::optional<Broken> judge_turn(const NextBlock& next) {
  const Header& header = next.block.header();
  const auto authorities = next.state.authorities();
  const PublicKey& due = authorities[header.slot % authorities.size()];
  if (header.proposer != due) {
    return Broken{turn_name, header.height,
                  "slot " + std::to_string(header.slot) + " sealed by " + due.hex(),
                  "by " + header.proposer.hex(), Errc::bad_proposer};
  }
  if (header.slot <= next.parent.tip.slot) {
    return Broken{turn_name, header.height,
                  "a slot above " + std::to_string(next.parent.tip.slot) + ", its parent's",
                  "slot " + std::to_string(header.slot), Errc::bad_slot};
  }
  return std::nullopt;
}

std::optional<Broken> judge_recent(const NextBlock& next) {
  const Header& header = next.block.header();
  const std::size_t window = next.state.authorities().size() / 2;
  std::size_t back = 1;
  for (auto it = next.proposers.rbegin(); it != next.proposers.rend() && back <= window; ++it) {
    if (*it == header.proposer) {
      return Broken{recent_name, header.height,
                    "a proposer of none of the " + std::to_string(window) + " blocks before",
                    header.proposer.hex() + " sealed block " + std::to_string(header.height - back),
                    Errc::recent_signer};
    }
    ++back;
  }
  return std::nullopt;
}

// Which invariant a rule of the chain belongs to.
std::string_view invariant_of(Errc code) {
  switch (code) {
    case Errc::bad_proposer:
    case Errc::bad_slot:
    case Errc::bad_seal:
      return turn_name;
    case Errc::recent_signer:
      return recent_name;
    case Errc::bad_receipt:
      return receipts_name;
    default:
      return roots_name;
  }
}

Broken broken_by(const Header& header, const Error& failure) {
  return {invariant_of(failure.code), header.height, "a block that is valid when executed again",
          std::string(name(failure.code)) + ": " + failure.detail, failure.code};
}

std::optional<Broken> compare(const Book& book, const State& state, Height height) {
  for (const auto& [address, balance] : book.balances()) {
    const std::uint64_t after = state.at(address).balance.units();
    if (after == balance) continue;
    return Broken{supply_name, height, to_text(address) + " with " + units(balance), units(after),
                  Errc::invalid_block_tx};
  }
  for (const Address& marker : book.claimed()) {
    if (const Nonce nonce = state.at(marker).nonce; nonce != 1) {
      return Broken{receipts_name, height, to_text(marker) + " with nonce 1", units(nonce),
                    Errc::invalid_block_tx};
    }
  }
  return std::nullopt;
}

constexpr Invariant list[] = {
    {"same_id", "Up to the lowest final block all nodes have the same block at each height.",
     nullptr},
    {supply_name, "Nobody spends what he does not have: the supply stays that of the genesis.",
     judge_supply},
    {receipts_name,
     "Each receipt that a coordinator signed mints once, for its units, out of the reserve.",
     judge_receipts},
    {turn_name, "Each block is sealed by the authority whose turn its slot is, and slots rise.",
     judge_turn},
    {recent_name, "No authority seals twice within any floor(n/2) + 1 consecutive blocks.",
     judge_recent},
    {"one_final_history",
     "What is final carries the votes of a quorum, and no two nodes have different final blocks.",
     nullptr},
    {roots_name, "Executed again from the genesis, each block leads to the root in its header.",
     nullptr},
    {"nothing_lost",
     "Each acknowledged transaction is in the chain once, waits for a block, or is replaced.",
     nullptr},
    {"grows_after_heal", "While somebody pays, head and final rise on every node.", nullptr},
};

}  // namespace

std::span<const Invariant> invariants() { return list; }

Replay::Replay(const Genesis& genesis)
    : params_(params_of(genesis)), state_(State::of(genesis)), parent_{genesis_tip(params_), {}} {
  voters_ = genesis.authorities;
}

std::optional<Broken> Replay::check_form(const Block& block) const {
  const auto checked = CheckedBlock::check(params_, block);
  if (checked) return std::nullopt;
  return broken_by(block.header(), checked.error());
}

std::optional<Broken> Replay::add(const Block& block) {
  const NextBlock next{params_, state_, parent_, proposers_, block};
  for (const Invariant& invariant : list) {
    if (invariant.judge == nullptr) continue;
    if (auto broken = invariant.judge(next)) return broken;
  }
  const auto checked = CheckedBlock::check(params_, block);
  if (!checked) return broken_by(block.header(), checked.error());
  Book book(next);
  for (const SignedTx& tx : block.txs) static_cast<void>(book.enter(tx.body));
  std::vector<PublicKey> voters(state_.authorities().begin(), state_.authorities().end());
  auto effects = apply_block(params_, parent_, state_, *checked);
  if (!effects) return broken_by(block.header(), effects.error());
  if (auto broken = compare(book, state_, block.header().height)) {
    state_.undo(*effects);
    return broken;
  }
  if (on_branch_) undo_.push_back({std::move(*effects), parent_, txs_, proposers_, voters_});
  voters_ = std::move(voters);
  parent_.advance(block.header(), state_.authorities().size());
  proposers_.push_back(block.header().proposer);
  if (proposers_.size() > limits::authorities_max / 2) proposers_.pop_front();
  txs_ += block.txs.size();
  return std::nullopt;
}

Status Replay::check(const Certificate& certificate) const {
  return check_certificate(params_.genesis_hash, voters_, quorum_of(params_.quorum, voters_.size()),
                           certificate);
}

void Replay::enter_branch() {
  AITBC_CHECK(!on_branch_);
  on_branch_ = true;
}

void Replay::leave_branch() {
  AITBC_CHECK(on_branch_);
  while (!undo_.empty()) {
    Undo& last = undo_.back();
    state_.undo(last.effects);
    parent_ = std::move(last.parent);
    proposers_ = std::move(last.proposers);
    voters_ = std::move(last.voters);
    txs_ = last.txs;
    undo_.pop_back();
  }
  on_branch_ = false;
}

}  // namespace aitbc
