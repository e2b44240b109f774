#pragma once
// A node asked by a test, which waits for what it tells. Any thread.

#include "rpc/node.hpp"

namespace aitbc::test {

class Asking {
 public:
  explicit Asking(rpc::Node& node) : node_(node) {}

  Result<TxId> submit(const CheckedTx& tx) const {
    AITBC_TRY_ASSIGN(auto answers, rpc::wait_for<rpc::TxAnswers>([&](auto tell) {
                       node_.submit_all({tx}, std::move(tell));
                     }));
    return std::move(answers.front());
  }
  Result<Imported> import(const std::vector<CheckedBlock>& branch) const {
    return rpc::wait_for<Imported>([&](auto tell) { node_.import(branch, std::move(tell)); });
  }
  Status add_votes(const std::vector<SignedVote>& votes) const {
    return rpc::wait_for<Done>([&](auto tell) { node_.add_votes(votes, std::move(tell)); });
  }
  Status set_peers(const std::vector<std::string>& urls) const {
    return rpc::wait_for<Done>([&](auto tell) { node_.set_peers(urls, std::move(tell)); });
  }
  Result<SyncAnswer> sync(const SyncQuery& query) const {
    return rpc::wait_for<SyncAnswer>([&](auto tell) { node_.sync(query, std::move(tell)); },
                                     query.wait + limits::submit_time_max);
  }
  Result<rpc::ProvenAccount> prove(const Address& address) const {
    return rpc::wait_for<rpc::ProvenAccount>(
        [&](auto tell) { node_.prove(address, std::move(tell)); });
  }
  Result<Nonce> next_nonce(const Address& address) const {
    return rpc::wait_for<Nonce>([&](auto tell) { node_.next_nonce(address, std::move(tell)); });
  }

 private:
  rpc::Node& node_;
};

}  // namespace aitbc::test
