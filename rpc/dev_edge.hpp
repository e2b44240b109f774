#pragma once
// What a devnet does for people without keys: a name is an account (chain/core/dev_account.hpp),
// and the edge signs for it, so that the unsigned requests of old tools become transactions like
// all others. Behind the edge nothing is unsigned. Any number of threads; calls have deadlines.

#include <deque>
#include <optional>
#include <unordered_map>

#include "chain/core/crypto.hpp"
#include "chain/mutex.hpp"
#include "rpc/node.hpp"

namespace aitbc::rpc {

class DevEdge {
 public:
  // The node must outlive it. Without the faucet's key nothing is given away.
  DevEdge(Node& node, std::optional<KeyPair> faucet);

  struct Payment {
    std::string sender;  // a name
    Nonce nonce = 0;     // as it was asked for: it only tells this request from another one
    Amount fee;
    Payload payload;
  };
  // Signs with the sender's next nonce; a sender who cannot pay is given what it lacks first. The
  // same request again is the same transaction. not_devnet, bad_address for a sender that is no
  // name, and what the node refuses.
  Result<TxId> pay(const Payment&);

  // Returns when the gift is in a block. not_devnet; refused without a faucet's key.
  Result<TxId> give(const Address& recipient, Amount amount);

  std::optional<Address> faucet() const;

 private:
  Result<TxId> submit(CheckedTx);
  Result<TxId> sign_and_submit(const KeyPair&, const Payload&, Amount fee);
  Result<Amount> gift_for(const Payment&);
  // timeout if it is in no block by then; nonce_used if another transaction took its nonce.
  Status await(const TxId&);
  std::optional<TxId> known(const Hash& request);
  void remember(const Hash& request, const TxId&);

  Node& node_;
  const std::optional<KeyPair> faucet_;
  Mutex signing_;  // from asking for a nonce until it is used
  Mutex memory_;
  std::unordered_map<Hash, TxId> requests_ AITBC_GUARDED_BY(memory_);
  std::deque<Hash> order_ AITBC_GUARDED_BY(memory_);  // in which the oldest is forgotten
};

}  // namespace aitbc::rpc
