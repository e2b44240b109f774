#pragma once
// What the HTTP edge may ask of the running node behind it, beside reading from its store. All
// calls are thread-safe, and tell only when what they promise is durable.

#include <memory>

#include "chain/journal.hpp"
#include "chain/protocol.hpp"
#include "chain/store.hpp"
#include "chain/verifier.hpp"
#include "rpc/later.hpp"

namespace aitbc::rpc {

struct ProvenAccount {
  Tip head;  // the block whose state root the proof leads to
  Hash state_root;
  Hash accounts_root;
  Hash authorities_hash;
  AccountProof proof;
};

using TxAnswers = std::vector<Result<TxId>>;

class Node {
 public:
  virtual ~Node() = default;

  virtual const Genesis& genesis() const = 0;
  virtual const Params& params() const = 0;
  // Published after each decision; cheap.
  virtual std::shared_ptr<const NodeStatus> status() const = 0;
  virtual Reader& reader() = 0;
  // What comes from outside is checked by it, and known again when it comes another way.
  virtual Verifier& verifier() = 0;

  // One answer for each, in their order; one durable commit for all that are taken.
  virtual void submit_all(std::vector<CheckedTx>, Tell<TxAnswers>) = 0;
  virtual void import(std::vector<CheckedBlock>, Tell<Imported>) = 0;
  virtual void add_votes(std::vector<SignedVote>, Tell<Done>) = 0;   // whose signatures hold
  virtual void add_evidence(std::vector<Evidence>, Tell<Done>) = 0;  // that holds
  // Lets the node's authority sign again: the ids of what was set aside. not_an_authority.
  virtual void unlock_authority(Tell<std::vector<EvidenceId>>) = 0;
  // Follows these from now on, until it ends: they are not kept. Base URLs; bad_config for one that
  // is none. A node that runs without an agent goes on following nobody.
  virtual void set_peers(std::vector<std::string> urls, Tell<Done>) = 0;
  virtual void sync(SyncQuery, Tell<SyncAnswer>) = 0;  // holds the answer back for query.wait
  // What happened here, for those who listen.
  virtual const Journal& journal() const = 0;
  virtual void prove(const Address&, Tell<ProvenAccount>) = 0;
  // The next nonce to use, counting pending transactions.
  virtual void next_nonce(const Address&, Tell<Nonce>) = 0;

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
