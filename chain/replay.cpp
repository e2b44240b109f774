#include "chain/replay.hpp"

#include <map>

#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr std::string_view supply_name = "supply";
constexpr std::string_view turn_name = "proposer_in_turn";
constexpr std::string_view recent_name = "recent_signer";
constexpr std::string_view roots_name = "roots_reexecute";

std::string units(std::uint64_t amount) { return std::to_string(amount); }

// The block's payments in plain double entry: what one account gives another gets.
class Book {
 public:
  explicit Book(const NextBlock& next)
      : state_(next.state), proposer_(address_of(Policy::single(next.block.header().proposer))) {}

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
    balance(proposer_) += tx.fee.units();
    return 0;
  }

  const std::map<Address, std::uint64_t>& balances() const { return balances_; }

 private:
  std::uint64_t& balance(const Address& address) {
    const auto found = balances_.find(address);
    if (found != balances_.end()) return found->second;
    return balances_.emplace(address, state_.at(address).balance.units()).first->second;
  }

  const State& state_;
  Address proposer_;
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
  return std::nullopt;
}

constexpr Invariant list[] = {
    {"same_id", "Up to the lowest final block all nodes have the same block at each height.",
     nullptr},
    {supply_name, "Nobody spends what he does not have: the supply stays that of the genesis.",
     judge_supply},
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
