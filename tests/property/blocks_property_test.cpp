// Random chains: what was built can be applied, the supply stays, and the way back is exact.

#include <catch2/catch.hpp>

#include "tests/support/ledger.hpp"
#include "tests/support/seed.hpp"

using namespace aitbc;
using test::Ledger;

namespace {

// Candidates as they come: good ones, used and future nonces, more than there is, to anybody.
std::vector<CheckedTx> candidates(const Ledger& ledger, gen::Rng& rng) {
  std::vector<CheckedTx> txs;
  const std::size_t count = 1 + rng.index(8);
  for (std::size_t i = 0; i < count; ++i) {
    const KeyPair& from = ledger.users[rng.index(ledger.users.size())];
    const Nonce next = ledger.account(from).nonce;
    Ledger::Spend spend;
    spend.amount = 1 + rng.below(rng.one_in(5) ? 2'000 : 100);
    spend.fee = 1 + rng.below(5);
    spend.nonce = next + rng.below(3);
    Address to = Ledger::address(ledger.users[rng.index(ledger.users.size())]);
    if (rng.one_in(4)) to = gen::any_address(rng);
    if (rng.one_in(4)) to = Ledger::address(ledger.authorities[0]);
    if (ledger.params.minting.coordinators.empty() || !rng.one_in(4)) {
      txs.push_back(ledger.transfer(from, to, spend));
      continue;
    }
    // Of few receipts, so that some are claimed again, and of more than the reserve has.
    const std::string id = "r" + std::to_string(rng.below(12));
    const std::string units = std::to_string(rng.below(3)) + "." + std::to_string(1 + rng.below(9));
    txs.push_back(
        ledger.checked_tx(from, ledger.claim(Ledger::receipt(id, units, to_text(to))), spend));
  }
  return txs;
}

std::uint64_t sum(const Effects& effects, Account Change::*side) {
  std::uint64_t units = 0;
  for (const Change& change : effects.changes) units += (change.*side).balance.units();
  return units;
}

struct Step {
  CheckedBlock block;
  Effects effects;
  Hash root_before;
};

// A block of candidates on top of the ledger, applied; nullopt when none could be included.
std::optional<Step> grow(Ledger& ledger, gen::Rng& rng) {
  const Slot slot = ledger.next_slot() + ledger.authorities.size() * rng.index(3);
  const Hash before = ledger.state.root();
  auto built = build_block(ledger.params, ledger.parent, ledger.state, ledger.proposer(slot), slot,
                           candidates(ledger, rng));
  if (!built) {
    REQUIRE(ledger.state.root() == before);
    return std::nullopt;
  }
  ledger.state.undo(built->effects);
  REQUIRE(ledger.state.root() == before);
  const auto checked = CheckedBlock::check(ledger.params, built->block.block());
  REQUIRE(checked);
  const auto effects = ledger.apply(*checked);
  REQUIRE(effects);
  REQUIRE(*effects == built->effects);
  return Step{*checked, *effects, before};
}

}  // namespace

TEST_CASE("built blocks apply, keep the supply and are undone exactly") {
  gen::Rng rng = gen::suite_rng();
  for (std::size_t authorities = 1; authorities <= 5; ++authorities) {
    Ledger ledger({.authorities = authorities, .users = 5, .balance = 1'000, .reserve = 12'000},
                  rng.next());
    std::vector<Step> steps;
    while (steps.size() < 25) {
      if (auto step = grow(ledger, rng)) {
        REQUIRE(sum(step->effects, &Change::before) == sum(step->effects, &Change::after));
        steps.push_back(*std::move(step));
      }
    }
    const Hash last = ledger.state.root();
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      ledger.state.undo(step->effects);
      REQUIRE(ledger.state.root() == step->root_before);
    }
    REQUIRE(ledger.state.root() == State::of(ledger.genesis).root());
    for (const Step& step : steps) ledger.state.redo(step.effects);
    REQUIRE(ledger.state.root() == last);
  }
}

TEST_CASE("another node that applies the same blocks reaches the same state") {
  gen::Rng rng = gen::suite_rng();
  const std::uint64_t seed = rng.next();
  Ledger first({.reserve = 12'000}, seed);
  Ledger second({.reserve = 12'000}, seed);
  for (int i = 0; i < 40; ++i) {
    if (const auto step = grow(first, rng)) {
      const Block received = decode_block(encode(step->block.block())).value();
      const auto checked = CheckedBlock::check(second.params, received);
      REQUIRE(checked);
      REQUIRE(second.apply(*checked).value() == step->effects);
    }
    REQUIRE(second.state.root() == first.state.root());
    REQUIRE(second.parent.tip == first.parent.tip);
    REQUIRE(second.parent.recent == first.parent.recent);
  }
}

TEST_CASE("a block with one bit changed is refused, and the state is as it was") {
  gen::Rng rng = gen::suite_rng();
  Ledger ledger({}, rng.next());
  for (int i = 0; i < 3; ++i) grow(ledger, rng);
  const CheckedBlock block =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {.amount = 1}),
                         ledger.transfer(ledger.users[1], ledger.users[2], {.amount = 1})});
  const Buffer good = encode(block.block());
  const Hash before = ledger.state.root();
  for (std::size_t at = 0; at < good.size(); ++at) {
    Buffer bad = good;
    bad[at] ^= static_cast<Byte>(1U << rng.below(8));
    const auto decoded = decode_block(bad);
    if (!decoded) continue;
    const auto checked = CheckedBlock::check(ledger.params, *decoded);
    INFO("byte " << at);
    REQUIRE_FALSE(checked);
    REQUIRE(ledger.state.root() == before);
  }
  REQUIRE(ledger.apply(block));
}

TEST_CASE("what the proposer changed after checking is refused when it is applied") {
  gen::Rng rng = gen::suite_rng();
  Ledger ledger({}, rng.next());
  const CheckedBlock good =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {.amount = 1})});
  const Hash before = ledger.state.root();
  for (int i = 0; i < 300; ++i) {
    CheckedBlock bad = good;
    Header& header = bad.sealed.header;
    switch (rng.below(5)) {
      case 0:
        header.height ^= std::uint64_t{1} << rng.below(64);
        break;
      case 1:
        header.parent.data[rng.index(32)] ^= static_cast<Byte>(1U << rng.below(8));
        break;
      case 2:
        header.state_root.data[rng.index(32)] ^= static_cast<Byte>(1U << rng.below(8));
        break;
      case 3:
        header.proposer = gen::key(rng).public_key();
        break;
      default:
        header.slot = header.slot + 1 + rng.below(2);
        break;
    }
    REQUIRE_FALSE(apply_block(ledger.params, ledger.parent, ledger.state, bad));
    REQUIRE(ledger.state.root() == before);
  }
}
