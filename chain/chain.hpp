#pragma once
// The ledger of one node: state, mempool and store, and the decisions that change them. Every
// decision is one durable commit before anybody can see it. Not thread-safe: one thread owns it.
//
// A call that returns an error has changed nothing, in memory or on disk. After an error of
// category `internal` the disk can no longer be trusted, so the owner must stop.

#include <map>

#include "chain/protocol.hpp"
#include "chain/sign_guard.hpp"
#include "chain/store.hpp"

namespace aitbc {

class Chain {
 public:
  // Initialises an empty store with the genesis; refuses one of another chain.
  static Result<Chain> open(const Genesis&, std::unique_ptr<Store>, Mempool::Limits = {});

  const Params& params() const { return params_; }
  const Tip& head() const { return parent_.tip; }
  // Nothing at or below it is ever rewound: a quorum has committed it or a block above it.
  const Tip& final() const { return final_; }
  // The highest block of this chain that a quorum has prepared; at or above the final one. Only a
  // branch with a higher one can replace it.
  const Tip& justified() const { return justified_; }
  const Finality& finality() const { return finality_; }
  const State& state() const { return state_; }
  // The authorities of the block at a height above the final one, up to the head's and one more.
  std::span<const PublicKey> authorities_at(Height) const;
  const Mempool& mempool() const { return mempool_; }
  Reader& reader() const { return store_->reader(); }
  // The canonical block's id, also of the genesis; nullopt above the head.
  Result<std::optional<BlockId>> id_at(Height) const;

  // Takes blocks that follow one another. Known ones at the front are skipped; the rest extends the
  // head, or replaces what is above their common ancestor if that is better, or is kept beside the
  // chain. The importer sees the whole branch before it rewinds anything. Blocks of slots ahead of
  // `now` wait for a later call: from_future if none is left. unknown_parent if the first block
  // does not stand on the canonical chain; below_final if another block is final at its height.
  Result<Imported> import(std::span<const CheckedBlock> branch, Time now);

  // Seals a block if it is the authority's turn, it sealed none in this slot, and a pending
  // transaction can be included or the head waits for finality too long; nullopt otherwise.
  Result<std::optional<CheckedBlock>> propose(Authority&, Time now);
  // When propose() could next seal something, as things stand; nullopt while there is nothing to.
  std::optional<Time> next_proposal(const Authority&, Time now) const;

  // Counts votes whose signatures hold; those of whoever is no authority, nor about to be one, are
  // ignored. What they prove is one durable commit.
  Status add_votes(std::span<const SignedVote>);
  // See next_vote() in finality.hpp.
  Result<std::optional<Vote>> next_vote(const Authority&, bool impatient) const;

  // One commit for all; the answers are in the order of the transactions. A transaction that is
  // pending or included already is answered with its id.
  Result<std::vector<Result<TxId>>> submit(std::span<const CheckedTx> txs);

 private:
  Chain(Params, std::unique_ptr<Store>, Loaded, Parent, Mempool::Limits);

  Result<std::optional<Tip>> tip_at(Height) const;
  Result<Parent> parent_at(const Tip&) const;
  Result<std::size_t> count_known(std::span<const CheckedBlock> branch) const;
  // After the canonical block at `height`.
  const Governance& governance_at(Height height) const;
  bool may_vote(const PublicKey&) const;
  Result<std::optional<Certificate>> handover() const;
  Result<Imported> adopt(const Parent& ancestor, std::span<const CheckedBlock> branch);
  Result<Imported> keep_beside(const Parent& ancestor, std::span<const CheckedBlock> branch);
  Status commit_blocks(std::vector<Applied> rewound, std::vector<Applied> appended, Parent head);
  Result<TxId> known(const CheckedTx&, const Error& refusal) const;

  // Votes (chain_finality.cpp).
  Finality::Electorate electorate() const;
  Finality::Voters voters(std::span<const PublicKey> authorities) const;
  Result<Finality::Branch> named_on(const Tip& ancestor,
                                    std::span<const CheckedBlock> branch) const;
  Result<bool> is_better(const Tip& ancestor, std::span<const CheckedBlock> branch) const;
  Status restore(const std::vector<Certificate>&);
  Status settle();

  Params params_;
  std::unique_ptr<Store> store_;
  State state_;
  // As it was after the blocks that changed it: those that are not final, and the one below.
  std::map<Height, Governance> governance_;
  Mempool mempool_;
  Parent parent_;  // of the next block
  Finality finality_;
  Tip final_, justified_;
  // mempool_.has_includable(state_), which looks through the whole pool when there is none. The
  // owner asks in each of its rounds; the answer changes only with a block or a newcomer.
  bool includable_;
};

}  // namespace aitbc
