// Blocks: what is checked without a state, the transition itself, and building.

#include "chain/core/apply.hpp"

#include <catch2/catch.hpp>

#include "tests/support/amounts.hpp"
#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::Ledger;
using test::units;

namespace {

std::optional<Errc> code_of(const Result<Effects>& result) {
  return result ? std::optional<Errc>() : result.error().code;
}

// Refused with that code, and nothing moved.
void require_refused(Ledger& ledger, const CheckedBlock& block, Errc code) {
  const Hash root = ledger.state.root();
  const std::size_t accounts = ledger.state.accounts();
  CHECK(code_of(apply_block(ledger.params, ledger.parent, ledger.state, block)) == code);
  CHECK(ledger.state.root() == root);
  CHECK(ledger.state.accounts() == accounts);
}

std::optional<Errc> check_code(const Params& params, const Block& block) {
  const auto checked = CheckedBlock::check(params, block);
  return checked ? std::optional<Errc>() : checked.error().code;
}

Block sealed_again(const Ledger& ledger, Block block) {
  block.sealed.header.txs_root = txs_root_of(block.txs);
  block.sealed.header.tx_count = static_cast<std::uint32_t>(block.txs.size());
  const KeyPair& key = ledger.proposer(block.header().slot);
  block.sealed.seal = seal(ledger.params.genesis_hash, block.header(), key);
  return block;
}

}  // namespace

TEST_CASE("a transfer moves the amount, pays the fee to the proposer and counts") {
  Ledger ledger;
  const CheckedBlock block =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {40, 3})});
  const KeyPair& proposer = ledger.proposer(block.header().slot);
  const auto effects = ledger.apply(block);
  REQUIRE(effects);
  CHECK(ledger.account(ledger.users[0]) == Account{units(957), 1});
  CHECK(ledger.account(ledger.users[1]) == Account{units(1'040), 0});
  CHECK(ledger.account(proposer) == Account{units(3), 0});
  CHECK(effects->changes.size() == 3);
  CHECK(ledger.state.root() == block.header().state_root);
  CHECK(ledger.parent.tip == tip_of(block.header()));
}

TEST_CASE("a proposer's own transfer gives it its own fee") {
  Ledger ledger;
  const KeyPair& proposer = ledger.proposer(ledger.next_slot());
  ledger.state.load(Ledger::address(proposer), {units(100), 0});
  const CheckedBlock block =
      ledger.make_block({ledger.transfer(proposer, ledger.users[0], {60, 40})});
  REQUIRE(ledger.apply(block));
  CHECK(ledger.account(proposer) == Account{units(40), 1});
  CHECK(ledger.account(ledger.users[0]) == Account{units(1'060), 0});
}

TEST_CASE("a transfer to oneself costs the fee alone") {
  Ledger ledger;
  const CheckedBlock block =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[0], {900, 5})});
  REQUIRE(ledger.apply(block));
  CHECK(ledger.account(ledger.users[0]) == Account{units(995), 1});
}

TEST_CASE("where fees may be zero, none is paid") {
  Ledger ledger({.fee_min = 0});
  const CheckedBlock block =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {1'000, 0})});
  const auto effects = ledger.apply(block);
  REQUIRE(effects);
  CHECK(effects->changes.size() == 2);
  CHECK(ledger.account(ledger.users[0]) == Account{units(0), 1});
}

TEST_CASE("a block may spend what it brought, in the order of its transactions") {
  Ledger ledger({.balance = 100});
  gen::Rng rng(9);
  const KeyPair poor = gen::key(rng);
  const CheckedTx gift = ledger.transfer(ledger.users[0], poor, {50, 1});
  const CheckedTx spent = ledger.transfer(poor, ledger.users[1], {49, 1});
  CheckedBlock block = ledger.make_block({gift, spent});
  std::swap(block.txs[0], block.txs[1]);
  require_refused(ledger, block, Errc::invalid_block_tx);
  std::swap(block.txs[0], block.txs[1]);
  REQUIRE(ledger.apply(block));
  CHECK(ledger.account(poor) == Account{units(0), 1});
  CHECK(ledger.account(ledger.users[1]) == Account{units(149), 0});
}

TEST_CASE("a block with a transaction that cannot be included is refused and changes nothing") {
  Ledger ledger;
  const CheckedBlock good =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})});
  const auto with = [&](const CheckedTx& tx) {
    CheckedBlock bad = good;
    bad.txs.push_back(tx);
    return bad;
  };
  const KeyPair& user = ledger.users[0];
  // The block's own fault, whatever the transaction's: and that is told.
  const std::vector<std::pair<CheckedTx, std::string>> broken = {
      {good.txs[0], "nonce 0 is used"},
      {ledger.transfer(user, user, {1, 1, 0}), "nonce 0 is used"},
      {ledger.transfer(user, user, {1, 1, 2}), "nonce 2 is too early"},
      {ledger.transfer(user, user, {989, 1, 1}), "needs amount and fee, 990"},
  };
  for (const auto& [tx, reason] : broken) {
    require_refused(ledger, with(tx), Errc::invalid_block_tx);
    const auto refused = apply_block(ledger.params, ledger.parent, ledger.state, with(tx));
    CHECK_THAT(refused.error().detail, Catch::Contains(tx.id().hex()) && Catch::Contains(reason));
  }
  CHECK(ledger.apply(good));
}

TEST_CASE("a header that does not follow its parent is refused") {
  Ledger ledger;
  const CheckedTx tx = ledger.transfer(ledger.users[0], ledger.users[1], {});
  const CheckedBlock good = ledger.make_block({tx});
  CheckedBlock bad = good;
  bad.sealed.header.parent.data[0] ^= 1;
  require_refused(ledger, bad, Errc::unknown_parent);
  bad = good;
  bad.sealed.header.height += 1;
  require_refused(ledger, bad, Errc::bad_height);
  bad = good;
  bad.sealed.header.slot = 0;
  require_refused(ledger, bad, Errc::bad_slot);
  bad = good;
  bad.sealed.header.slot += 1;
  require_refused(ledger, bad, Errc::bad_proposer);

  REQUIRE(ledger.apply(good));
  CheckedBlock again = ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})});
  again.sealed.header.slot = good.header().slot + 3;
  again.sealed.header.proposer = good.header().proposer;
  require_refused(ledger, again, Errc::recent_signer);
}

TEST_CASE("a block whose state root is not that of its effects is refused and undone") {
  Ledger ledger;
  CheckedBlock block = ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})});
  for (const std::size_t byte : {std::size_t{0}, std::size_t{31}}) {
    CheckedBlock bad = block;
    bad.sealed.header.state_root.data[byte] ^= 1;
    require_refused(ledger, bad, Errc::bad_state_root);
  }
  CheckedBlock before = block;
  before.sealed.header.state_root = ledger.state.root();
  require_refused(ledger, before, Errc::bad_state_root);
  CHECK(ledger.apply(block));
}

TEST_CASE("a block is checked whole before anybody looks at its place") {
  Ledger ledger;
  const Block good = ledger
                         .make_block({ledger.transfer(ledger.users[0], ledger.users[1], {}),
                                      ledger.transfer(ledger.users[1], ledger.users[2], {})})
                         .block();
  const auto checked = CheckedBlock::check(ledger.params, good);
  REQUIRE(checked);
  CHECK(checked->block() == good);
  CHECK(checked->txs.size() == 2);

  Block bad = good;
  std::swap(bad.txs[0], bad.txs[1]);
  CHECK(check_code(ledger.params, bad) == Errc::bad_txs_root);
  bad = good;
  bad.txs.pop_back();
  CHECK(check_code(ledger.params, bad) == Errc::bad_txs_root);
  bad = good;
  bad.sealed.header.tx_count = 1;  // the root still fits
  CHECK(check_code(ledger.params, bad) == Errc::bad_txs_root);
  bad = good;
  bad.sealed.seal.data[0] ^= 1;
  CHECK(check_code(ledger.params, bad) == Errc::bad_seal);
  bad = good;
  bad.sealed.header.state_root.data[0] ^= 1;
  CHECK(check_code(ledger.params, bad) == Errc::bad_seal);
  bad = good;
  bad.txs[0].witness.parts[0].signature.data[0] ^= 1;
  CHECK(check_code(ledger.params, sealed_again(ledger, bad)) == Errc::bad_signature);
  bad = good;
  bad.txs[1].witness.parts[0].key = 200;
  CHECK(check_code(ledger.params, sealed_again(ledger, bad)) == Errc::bad_signature);
}

TEST_CASE("who sealed a block is asked before its transactions' signatures are checked") {
  Ledger ledger;
  Block block = ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})}).block();
  block.txs[0].witness.parts[0].signature.data[0] ^= 1;
  block = sealed_again(ledger, block);
  REQUIRE(check_code(ledger.params, block) == Errc::bad_signature);

  SECTION("a stranger's block under an authority's name") {
    block.sealed.seal = seal(ledger.params.genesis_hash, block.header(), ledger.users[0]);
    CHECK(check_code(ledger.params, block) == Errc::bad_seal);
  }
}

TEST_CASE("a block of another chain is refused by its seal") {
  Ledger ledger;
  const Block block =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})}).block();
  Genesis other = ledger.genesis;
  other.chain_id = "other";
  CHECK(check_code(params_of(other), block) == Errc::bad_seal);
}

TEST_CASE("a block over a limit is refused before its signatures are looked at") {
  Ledger ledger;
  const SignedTx tx = ledger.signed_transfer(ledger.users[0], Ledger::address(ledger.users[1]), {});
  Block block;
  block.sealed.header.proposer = ledger.genesis.authorities[0];
  block.txs.assign(limits::block_txs_max + 1, tx);
  CHECK(check_code(ledger.params, block) == Errc::too_large);

  SignedTx wide = tx;
  wide.witness.policy.keys.assign(limits::policy_keys_max, PublicKey{});
  block.txs.assign(limits::block_bytes_max / encode(wide).size() + 1, wide);
  REQUIRE(block.txs.size() <= limits::block_txs_max);
  CHECK(check_code(ledger.params, block) == Errc::too_large);
}

TEST_CASE("a run of blocks is checked up to its first bad one") {
  Ledger ledger;
  const Block good =
      ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})}).block();
  Block bad = good;
  bad.sealed.seal.data[0] ^= 1;
  CHECK(check_blocks(ledger.params, {})->empty());
  CHECK(check_blocks(ledger.params, std::vector{good, good})->size() == 2);
  CHECK(check_blocks(ledger.params, std::vector{good, bad}).error().code == Errc::bad_seal);
}

TEST_CASE("building sets a failing candidate aside alone") {
  Ledger ledger;
  const KeyPair& a = ledger.users[0];
  const KeyPair& b = ledger.users[1];
  const std::vector<CheckedTx> candidates = {
      ledger.transfer(a, b, {1, 1, 1}),      // a gap as long as the next is not included
      ledger.transfer(b, a, {2'000, 1, 0}),  // more than b has
      ledger.transfer(a, b, {10, 1, 0}),    ledger.transfer(a, b, {20, 1, 1}),
      ledger.transfer(a, b, {30, 1, 1}),  // its nonce is used by then
      ledger.transfer(b, a, {5, 1, 0}),
  };
  const Slot slot = ledger.next_slot();
  const Hash before = ledger.state.root();
  const auto built = build_block(ledger.params, ledger.parent, ledger.state, ledger.proposer(slot),
                                 slot, candidates);
  REQUIRE(built);
  std::vector<TxId> ids;
  for (const CheckedTx& tx : built->block.txs) ids.push_back(tx.id());
  CHECK(ids == std::vector{candidates[2].id(), candidates[3].id(), candidates[5].id()});
  CHECK(ledger.state.root() == built->block.header().state_root);

  ledger.state.undo(built->effects);
  CHECK(ledger.state.root() == before);
  CHECK(CheckedBlock::check(ledger.params, built->block.block()));
  const auto effects = ledger.apply(built->block);
  REQUIRE(effects);
  CHECK(*effects == built->effects);
}

TEST_CASE("a handover leaves the transactions less room") {
  Ledger ledger;
  const std::vector<CheckedTx> candidates = {ledger.transfer(ledger.users[0], ledger.users[1], {}),
                                             ledger.transfer(ledger.users[1], ledger.users[0], {}),
                                             ledger.transfer(ledger.users[2], ledger.users[0], {})};
  Certificate handover;
  handover.votes.resize(1);
  const std::size_t vote_bytes = encode(handover).size() - encode(Certificate{}).size();
  // Room for one transaction, not for three.
  const std::size_t tx_bytes = encode(candidates[0].signed_tx()).size();
  const std::size_t most = limits::block_bytes_max - sealed_header_bytes - 2 * tx_bytes;
  handover.votes.resize((most - encode(Certificate{}).size()) / vote_bytes);
  const Slot slot = ledger.next_slot();
  const auto built = build_block(ledger.params, ledger.parent, ledger.state, ledger.proposer(slot),
                                 slot, candidates, handover);
  REQUIRE(built);
  CHECK(built->block.txs.size() == 2);
  const auto checked = CheckedBlock::check(ledger.params, built->block.block());
  CHECK(checked.has_value());
}

TEST_CASE("nothing is built of nothing that can be included") {
  Ledger ledger;
  const Slot slot = ledger.next_slot();
  const Hash before = ledger.state.root();
  const std::vector<CheckedTx> useless = {
      ledger.transfer(ledger.users[0], ledger.users[1], {1, 1, 7})};
  CHECK_FALSE(
      build_block(ledger.params, ledger.parent, ledger.state, ledger.proposer(slot), slot, {}));
  CHECK_FALSE(build_block(ledger.params, ledger.parent, ledger.state, ledger.proposer(slot), slot,
                          useless));
  CHECK(ledger.state.root() == before);
}
