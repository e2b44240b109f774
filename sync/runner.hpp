#pragma once
// A node at work: the core thread that owns the Replica, with the real clock; the threads that
// carry its requests to peers; and the rpc::Node that the HTTP edge asks. The only place below cli/
// where the time of day is read.

#include <functional>
#include <memory>

#include "chain/log.hpp"
#include "chain/sign_guard.hpp"
#include "rpc/credentials.hpp"
#include "rpc/node.hpp"

namespace aitbc::sync {

class Runner final : public rpc::Node {
 public:
  struct Options {
    std::string node_id;
    std::string site;      // where it runs, for people
    bool forced = false;   // sign with the key whoever else is heard to
    std::string instance;  // random, new at every start
    std::optional<Authority> authority;
    std::vector<std::string> peers;     // base URLs
    rpc::Credentials credentials = {};  // for the peers
    bool sync = true;                   // run the sync agent inside the node
    bool poll_only = false;  // ask peers every poll_interval instead of holding a long poll
    Duration poll_interval = limits::poll_interval;
    std::vector<Fault> faults;  // of an earlier run; see FaultRegistry
    std::function<Status(std::span<const Fault>)> keep_faults;
  };

  // `on_failure` is called once, from the core thread, when the store failed and the node must
  // stop.
  static Result<std::unique_ptr<Runner>> start(const Genesis&, std::unique_ptr<Store>, Options,
                                               Log&, std::function<void(const Error&)> on_failure);
  ~Runner() override;
  // Refuses new work, cancels waiting polls and peer requests, finishes the commit under way.
  void stop();
  // At rest, from time to time: what a burst needed and nobody needs any more.
  void shrink(rpc::Tell<Done>);

  const Genesis& genesis() const override;
  const Params& params() const override;
  std::shared_ptr<const NodeStatus> status() const override;
  Reader& reader() override;
  Verifier& verifier() override;
  void submit_all(std::vector<CheckedTx>, rpc::Tell<rpc::TxAnswers>) override;
  void import(std::vector<CheckedBlock>, rpc::Tell<Imported>) override;
  void add_votes(std::vector<SignedVote>, rpc::Tell<Done>) override;
  void add_evidence(std::vector<Evidence>, rpc::Tell<Done>) override;
  void unlock_authority(rpc::Tell<std::vector<EvidenceId>>) override;
  void set_peers(std::vector<std::string> urls, rpc::Tell<Done>) override;
  void sync(SyncQuery, rpc::Tell<SyncAnswer>) override;
  const Journal& journal() const override;
  void prove(const Address&, rpc::Tell<rpc::ProvenAccount>) override;
  void next_nonce(const Address&, rpc::Tell<Nonce>) override;
  std::vector<Fault> faults() const override;
  Result<Fault> add_fault(Fault, Duration lasts) override;
  Result<std::size_t> heal(const std::optional<std::string>& id) override;
  void distort(std::vector<SealedHeader>&) const override;
  void distort(std::vector<Block>&) const override;
  void distort(std::vector<SignedTx>&) const override;

 private:
  class Core;
  explicit Runner(std::unique_ptr<Core>);
  std::unique_ptr<Core> core_;
};

}  // namespace aitbc::sync
