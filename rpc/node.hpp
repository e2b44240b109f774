#pragma once
// What the HTTP edge may ask of the running node behind it, beside reading from its store. All
// calls are thread-safe, have deadlines, and answer only when what they promise is durable.

#include <memory>

#include "chain/journal.hpp"
#include "chain/protocol.hpp"
#include "chain/store.hpp"

namespace aitbc::rpc {

struct ProvenAccount {
  Tip head;  // the block whose state root the proof leads to
  Hash state_root;
  Hash accounts_root;
  Hash authorities_hash;
  AccountProof proof;
};

class Node {
 public:
  virtual ~Node() = default;

  virtual const Genesis& genesis() const = 0;
  virtual const Params& params() const = 0;
  // Published after each decision; cheap.
  virtual std::shared_ptr<const NodeStatus> status() const = 0;
  virtual Reader& reader() = 0;

  // One answer for each, in their order; one durable commit for all that are taken.
  virtual Result<std::vector<Result<TxId>>> submit_all(std::vector<CheckedTx>) = 0;
  Result<TxId> submit(CheckedTx tx) {
    AITBC_TRY_ASSIGN(auto answers, submit_all({std::move(tx)}));
    return std::move(answers.front());
  }
  virtual Result<Imported> import(std::vector<CheckedBlock>) = 0;
  virtual Status add_votes(std::vector<SignedVote>) = 0;   // whose signatures hold
  virtual Status add_evidence(std::vector<Evidence>) = 0;  // that holds
  // Lets the node's authority sign again: the ids of what was set aside. not_an_authority.
  virtual Result<std::vector<EvidenceId>> unlock_authority() = 0;
  // Follows these from now on, until it ends: they are not kept. Base URLs; bad_config for one that
  // is none. A node that runs without an agent goes on following nobody.
  virtual Status set_peers(std::vector<std::string> urls) = 0;
  virtual Result<SyncAnswer> sync(const SyncQuery&) = 0;  // holds the answer back for query.wait
  // What happened here, for those who listen.
  virtual const Journal& journal() const = 0;
  virtual Result<ProvenAccount> prove(const Address&) = 0;
  // The next nonce to use, counting pending transactions.
  virtual Result<Nonce> next_nonce(const Address&) = 0;

  // Faults on purpose. One begins for so long from now, in place of the one of its id.
  virtual std::vector<Fault> faults() const = 0;
  virtual Result<Fault> add_fault(Fault, Duration lasts) = 0;
  // The fault of that id, or all; not_found for an id that none has.
  virtual Result<std::size_t> heal(const std::optional<std::string>& id) = 0;
  // What a node that is told to lie makes of what it is about to serve to a peer.
  virtual void distort(std::vector<SealedHeader>&) const {}
  virtual void distort(std::vector<Block>&) const {}
  virtual void distort(std::vector<SignedTx>&) const {}
};

}  // namespace aitbc::rpc
