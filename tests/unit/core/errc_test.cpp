// Each error that the core can answer with, provoked in the shortest way: a code that no case
// reaches is dead, and one that lost its case would not be noticed elsewhere.

#include <functional>

#include <catch2/catch.hpp>

#include "chain/core/mempool.hpp"
#include "tests/support/ledger.hpp"

using namespace aitbc;
using test::Ledger;

namespace {

struct Provocation {
  Errc code;
  std::function<std::optional<Errc>(Ledger&)> provoke;
};

template <class T>
std::optional<Errc> code(const Result<T>& result) {
  return result ? std::optional<Errc>() : result.error().code;
}

std::optional<Errc> after_sign(Ledger& ledger, const std::function<void(SignedTx&)>& change) {
  SignedTx tx = ledger.signed_transfer(ledger.users[0], Ledger::address(ledger.users[1]), {});
  change(tx);
  return code(CheckedTx::check(ledger.params, tx));
}

std::optional<Errc> spending(Ledger& ledger, Ledger::Spend spend) {
  const Address to = Ledger::address(ledger.users[1]);
  return code(CheckedTx::check(ledger.params, ledger.signed_transfer(ledger.users[0], to, spend)));
}

std::optional<Errc> after_seal(Ledger& ledger, const std::function<void(Block&)>& change) {
  Block block = ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})}).block();
  change(block);
  return code(CheckedBlock::check(ledger.params, block));
}

std::optional<Errc> applied(Ledger& ledger, const std::function<void(Header&)>& change) {
  CheckedBlock block = ledger.make_block({ledger.transfer(ledger.users[0], ledger.users[1], {})});
  change(block.sealed.header);
  return code(ledger.apply(block));
}

std::optional<Errc> included(Ledger& ledger, Ledger::Spend spend) {
  return code(
      check_tx(ledger.state, ledger.transfer(ledger.users[0], ledger.users[1], spend).body()));
}

std::optional<Errc> waiting(Ledger& ledger, Mempool::Limits limits, std::size_t user,
                            Ledger::Spend spend) {
  Mempool mempool(limits);
  mempool.add(ledger.transfer(ledger.users[0], ledger.users[1], {}));
  return code(
      mempool.check(ledger.state, ledger.transfer(ledger.users[user], ledger.users[1], spend)));
}

const std::vector<Provocation> provocations = {
    {Errc::bad_encoding,
     [](Ledger&) {
       return code(decode_block(Buffer{1, 2, 3}));
     }},
    {Errc::bad_request, [](Ledger& l) { return spending(l, {.nonce = limits::supply_max}); }},
    {Errc::bad_address, [](Ledger&) { return code(parse_address("aitbc1")); }},
    {Errc::bad_policy, [](Ledger&) { return code(make_policy(0, {})); }},
    {Errc::bad_signature,
     [](Ledger& l) { return after_sign(l, [](SignedTx& tx) { tx.body.nonce = 1; }); }},
    {Errc::bad_amount, [](Ledger& l) { return spending(l, {.amount = 0}); }},
    {Errc::fee_too_low, [](Ledger& l) { return spending(l, {.fee = 0}); }},
    {Errc::too_large, [](Ledger&) { return code(decode_signed_tx(Buffer(7'000))); }},
    {Errc::bad_height, [](Ledger& l) { return applied(l, [](Header& h) { h.height = 5; }); }},
    {Errc::bad_slot, [](Ledger& l) { return applied(l, [](Header& h) { h.slot = 0; }); }},
    {Errc::bad_proposer, [](Ledger& l) { return applied(l, [](Header& h) { h.slot += 1; }); }},
    {Errc::recent_signer,
     [](Ledger& l) {
       return applied(l, [&](Header& h) { l.parent.recent = {{{}, h.proposer}}; });
     }},
    {Errc::bad_seal,
     [](Ledger& l) { return after_seal(l, [](Block& b) { b.sealed.seal.data[0] ^= 1; }); }},
    {Errc::bad_txs_root,
     [](Ledger& l) { return after_seal(l, [](Block& b) { b.txs.push_back(b.txs[0]); }); }},
    {Errc::bad_state_root,
     [](Ledger& l) { return applied(l, [](Header& h) { h.state_root = Hash{}; }); }},
    {Errc::invalid_block_tx,
     [](Ledger& l) {
       return applied(l, [&](Header&) { l.state.load(Ledger::address(l.users[0]), {}); });
     }},
    {Errc::empty_block, [](Ledger& l) { return applied(l, [](Header& h) { h.tx_count = 0; }); }},
    {Errc::nonce_used,
     [](Ledger& l) {
       l.state.load(Ledger::address(l.users[0]), {*Amount::from(1), 1});
       return included(l, {.nonce = 0});
     }},
    {Errc::nonce_pending, [](Ledger& l) { return waiting(l, {}, 0, {.amount = 2}); }},
    {Errc::insufficient_balance, [](Ledger& l) { return included(l, {.amount = 1'000}); }},
    {Errc::bad_receipt, [](Ledger&) { return code(read_receipt("{}")); }},
    {Errc::receipt_claimed,
     [](Ledger& l) {
       l.state.load(marker_of("r"), {{}, 1});
       Mint mint;
       mint.marker = marker_of("r");
       return code(check_claim(l.state, mint));
     }},
    {Errc::refused,
     [](Ledger&) {
       SealedSeed sealed{};
       sealed.operations = 1;
       sealed.memory_bytes = 8'192;
       return code(open_seed(sealed, ""));
     }},
    {Errc::nonce_gap, [](Ledger& l) { return included(l, {.nonce = 1}); }},
    {Errc::unknown_parent,
     [](Ledger& l) { return applied(l, [](Header& h) { h.parent = BlockId{}; }); }},
    {Errc::duplicate, [](Ledger& l) { return waiting(l, {}, 0, {}); }},
    {Errc::mempool_full, [](Ledger& l) { return waiting(l, {.txs_max = 1}, 1, {}); }},
    {Errc::bad_config, [](Ledger&) { return code(check_genesis(Genesis{})); }},
    {Errc::corrupt, [](Ledger&) { return code(open_seed(SealedSeed{}, "")); }},
};

}  // namespace

TEST_CASE("each error of the core can be provoked and explains itself") {
  for (const auto& [expected, provoke] : provocations) {
    Ledger ledger;
    INFO(name(expected));
    CHECK(provoke(ledger) == expected);
  }
}
