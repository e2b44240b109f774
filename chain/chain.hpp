#pragma once
// The ledger of one node: state, mempool and store, and the decisions that change them. Every
// decision is one durable commit before anybody can see it. Not thread-safe: one thread owns it.
//
// A call that returns an error has changed nothing, in memory or on disk, but for evidence: what is
// refused may prove that a key signed twice. After an error of category `internal` the disk can no
// longer be trusted, so the owner must stop.

#include <functional>
#include <map>
#include <set>

#include "chain/core/signing_record.hpp"
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

  // Whether so many blocks wait for finality (depth_max of the genesis) that only one in 3n slots
  // is sealed: enough for votes that met on no block to meet on the next. Never with one authority.
  bool is_deep() const {
    return head().height - final_.height >= params_.depth_max && state_.authorities().size() > 1;
  }

  // Whether the key is of a set that is kept, or of a change that was decided.
  bool may_vote(const PublicKey&) const;
  // Counts votes whose signatures hold; those of whoever is no authority, nor about to be one, are
  // ignored. What they prove is one durable commit.
  Status add_votes(std::span<const SignedVote>);
  // Told of each vote that is counted from now on, before it is known what it proves.
  void on_vote(std::function<void(const SignedVote&)> told) { on_vote_ = std::move(told); }
  // After a disk that was full: makes final what is proven and could not be stored.
  Status settle_again() { return unsettled_ ? settle() : ok(); }
  // See next_vote() in finality.hpp.
  Result<std::optional<Vote>> next_vote(const Authority&, bool impatient) const;

  // Keys that are proven to have signed what excludes one another, in the order of arrival. None of
  // it bears on which blocks and votes are valid: nodes learn of it at different times.
  struct Proven {
    EvidenceId id;
    Evidence evidence;
    Mempool::Sequence sequence;  // of the news it was
  };
  std::span<const Proven> evidence() const { return evidence_; }
  // Takes what holds by itself (check_evidence); of strangers, or known, is ignored.
  Status add_evidence(std::span<const Evidence>);
  // Set for ever once another branch was seen final too. This one stays as it is.
  const std::optional<FinalityConflict>& finality_conflict() const { return conflict_; }
  Mempool::Sequence finality_conflict_sequence() const { return conflict_sequence_; }
  // The highest block above the final one that a quorum committed and that is not on this chain:
  // nullopt once a conflict is known. Only its branch tells whether it is to come, or contradicts.
  Result<std::optional<Checkpoint>> committed_elsewhere() const;

  // Of a client a ballot must make sense, and a claim of a receipt mint. One that another node has
  // acknowledged is taken as it is: it may have made sense there, and all its sender's others wait
  // for it.
  enum class Submitter { client, peer };
  // One commit for all; the answers are in the order of the transactions. One that is
  // pending or included already is a `duplicate`.
  Result<std::vector<Result<TxId>>> submit(std::span<const CheckedTx> txs,
                                           Submitter = Submitter::client);

  // At rest, from time to time: what a burst needed and nobody needs any more. Changes no answer.
  void shrink() {
    mempool_.shrink();
    store_->shrink();
  }

 private:
  Chain(Params, std::unique_ptr<Store>, Loaded&, Parent, Mempool::Limits);

  Result<std::optional<Tip>> tip_at(Height) const;
  Result<Parent> parent_at(const Tip&) const;
  Result<std::size_t> count_known(std::span<const CheckedBlock> branch) const;
  // After the canonical block at `height`; of what is final, the oldest that is kept.
  const Governance& governance_at(Height height) const;
  bool knows_authorities_at(Height height) const;
  Result<std::optional<Certificate>> handover() const;
  Result<Imported> adopt(const Parent& ancestor, std::span<const CheckedBlock> branch);
  Result<Imported> keep_beside(const Parent& ancestor, std::span<const CheckedBlock> branch);
  Status commit_blocks(std::vector<Applied> rewound, std::vector<Applied> appended, Parent head);
  Status check_use(const CheckedTx&) const;
  Error refusal_of(const CheckedTx&, Error refusal) const;

  // Votes (chain_finality.cpp).
  Finality::Electorate electorate() const;
  Finality::Voters voters(std::span<const PublicKey> authorities) const;
  Result<Finality::Branch> named_on(const Tip& ancestor,
                                    std::span<const CheckedBlock> branch) const;
  Result<bool> is_better(const Tip& ancestor, std::span<const CheckedBlock> branch) const;
  Status restore(const std::vector<Certificate>&);
  Status settle();

  // What keys signed (chain_evidence.cpp).
  void restore_evidence(const Loaded&);
  Status compare_seals(std::span<const CheckedBlock>, Time now);
  Result<std::optional<SealedHeader>> canonical_in(Slot) const;
  void accuse(const std::optional<Evidence>&);
  Status store_offences();
  Status doubt(const Vote&);
  Status compare_finality();
  Status compare_finality(std::span<const CheckedBlock> refused);
  Status note_conflict(const Certificate& theirs);

  Params params_;
  std::unique_ptr<Store> store_;
  State state_;
  // As it was after the blocks that changed it, from some way below the final block on.
  std::map<Height, Governance> governance_;
  Mempool mempool_;
  Parent parent_;  // of the next block
  Finality finality_;
  Tip final_, justified_;
  SigningRecord signed_;
  std::function<void(const SignedVote&)> on_vote_ = [](const SignedVote&) {};
  bool unsettled_ = false;
  std::set<Checkpoint> doubtful_;  // that somebody committed, and that are not final here
  std::vector<Proven> evidence_;
  std::size_t stored_evidence_ = 0;  // of these; the rest waits for room on the disk
  std::optional<FinalityConflict> conflict_;
  Mempool::Sequence conflict_sequence_ = 0;  // of the news it was
  bool stored_conflict_ = false;
  // mempool_.has_includable(state_), which looks through the whole pool when there is none. The
  // owner asks in each of its rounds; the answer changes only with a block or a newcomer.
  bool includable_;
};

}  // namespace aitbc
