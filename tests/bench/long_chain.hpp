#pragma once
// A chain without end, for benches of what depends on its length: payments whose signatures nobody
// checks are executed and handed to a store as an importer would, final as far as they go. One
// thread.

#include "chain/core/finality.hpp"
#include "chain/store.hpp"
#include "tests/support/ledger.hpp"

namespace aitbc::bench {

class LongChain {
 public:
  // Payments go to so many accounts in turn.
  explicit LongChain(std::size_t accounts)
      : ledger_({.users = senders, .balance = limits::supply_max / senders}), accounts_(accounts) {}

  const Genesis& genesis() const { return ledger_.genesis; }

  // The next blocks as one commit, with the votes that make the last of them final.
  Batch next(std::size_t blocks, std::size_t txs_per_block) {
    Batch batch;
    while (batch.append.size() < blocks) batch.append.push_back(next_block(txs_per_block));
    batch.certificates.push_back(certificate());
    return batch;
  }

 private:
  static constexpr std::size_t senders = 500;

  Applied next_block(std::size_t txs) {
    std::vector<CheckedTx> candidates;
    std::vector<Nonce> used(senders, 0);
    for (std::size_t i = 0; i < txs; ++i, ++paid_) {
      const std::size_t sender = paid_ % senders;
      const KeyPair& key = ledger_.users[sender];
      const Policy policy = Policy::single(key.public_key());
      Tx body;
      body.from = address_of(policy);
      body.nonce = ledger_.account(key).nonce + used[sender]++;
      body.fee = *Amount::from(1);
      const Hash to = hash("bench/account", {big_endian(std::uint64_t{paid_ % accounts_})});
      body.payload = Transfer{Address{to.data}, *Amount::from(1'000)};
      auto tx = CheckedTx::stored(ledger_.params, {body, {policy, {{0, Signature{}}}}});
      AITBC_CHECK(tx.has_value());
      candidates.push_back(*std::move(tx));
    }
    const Slot slot = ledger_.next_slot();
    auto built = build_block(ledger_.params, ledger_.parent, ledger_.state, ledger_.proposer(slot),
                             slot, candidates);
    AITBC_CHECK(built.has_value() && built->block.txs.size() == txs);
    ledger_.parent.advance(built->block.header(), ledger_.authorities.size());
    return {std::move(built->block), std::move(built->effects)};
  }

  Certificate certificate() const {
    const GenesisHash& chain = ledger_.params.genesis_hash;
    Certificate made{Vote::Kind::commit, checkpoint_of(ledger_.parent.tip), {}};
    for (const KeyPair& key : ledger_.authorities) {
      made.votes.push_back(sign(chain, Vote::commit(made.block), key));
    }
    std::sort(made.votes.begin(), made.votes.end(),
              [](const SignedVote& a, const SignedVote& b) { return a.voter < b.voter; });
    return made;
  }

  test::Ledger ledger_;
  const std::size_t accounts_;
  std::size_t paid_ = 0;
};

}  // namespace aitbc::bench
