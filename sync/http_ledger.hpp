#pragma once
// The agent's ledger when the chain is another process: everything goes through that node's HTTP
// interface. Calls block, each with the client's deadline; used by the daemon's thread alone.

#include <unordered_set>

#include "rpc/client.hpp"
#include "sync/ledger.hpp"

namespace aitbc::sync {

class HttpLedger final : public Ledger {
 public:
  // `request_bytes_max`: what that node's server takes at once.
  static Result<std::unique_ptr<HttpLedger>> open(
      const std::string& url, rpc::Credentials credentials = {},
      std::size_t request_bytes_max = limits::http_body_bytes_max);

  // Asks the node for its head; to be called before the agent acts.
  Status refresh();
  void cancel() { client_.cancel(); }

  const Params& params() const override { return params_; }
  Tip head() const override { return head_; }
  Tip justified() const override { return justified_; }
  Hash authorities_hash() const override { return authorities_hash_; }
  // Votes and keys are that node's affair.
  bool may_vote(const PublicKey&) const override { return false; }
  Result<std::optional<Checkpoint>> committed_elsewhere() override {
    return std::optional<Checkpoint>();
  }
  Result<std::optional<BlockId>> id_at(Height) override;
  Result<Imported> import(std::span<const CheckedBlock> branch, Time now) override;
  bool wants(const TxId& id) override { return !passed_on_.contains(id); }
  Result<std::vector<TxId>> submit(std::span<const CheckedTx> txs) override;
  Status add_votes(std::span<const SignedVote> votes) override { return client_.add_votes(votes); }
  Status add_evidence(std::span<const Evidence> evidence) override {
    return client_.add_evidence(evidence);
  }

 private:
  HttpLedger(rpc::Client client, Params params, std::size_t request_bytes_max)
      : client_(std::move(client)),
        params_(std::move(params)),
        request_bytes_max_(request_bytes_max) {}

  rpc::Client client_;
  Params params_;
  std::size_t request_bytes_max_;
  Tip head_, justified_;
  Hash authorities_hash_;
  std::unordered_set<TxId> passed_on_;  // and decided: what two peers name goes once
};

}  // namespace aitbc::sync
