#pragma once
// Payments at several nodes at once, of many accounts, each over some connections: what `aitbc
// bench` sends. A lane is one connection with accounts of its own, so that the order of its
// requests is that of their nonces. Threads of its own, one a lane; the functions are the owner's.

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <thread>

#include "chain/core/crypto.hpp"
#include "chain/core/genesis.hpp"
#include "chain/mutex.hpp"
#include "cli/ask.hpp"
#include "cli/load_figures.hpp"

namespace aitbc::cli {

// One that pays, with the nonce of its first payment in this run.
struct LoadAccount {
  explicit LoadAccount(KeyPair key);
  SignedTx pay(const Params& params, Nonce nonce, const Address& to, Amount amount) const;

  KeyPair key;
  Policy policy;
  Address address;
  Nonce first = 0;
};

struct LoadPlan {
  std::size_t connections = 0;    // to each node
  std::size_t batch = 0;          // payments of a request, at most
  std::uint64_t payments = 0;     // in all, at most
  std::uint64_t per_second = 0;   // in all; 0: as fast as they are taken
  Duration lasts{};               // after that nothing new is sent
  std::uint64_t waiting_max = 0;  // sent and not yet final everywhere
};

class Load {
 public:
  // Lane i talks to node i mod n and has the accounts of that number mod lanes.
  Load(const Params& params, std::vector<NodeAddress> nodes, std::vector<LoadAccount> accounts,
       const LoadPlan& plan);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Signs on all cores what will be sent, as far as it fits in memory; lanes sign the rest.
  void sign_ahead();
  void start();
  // How many are final everywhere by now, for the lanes that wait for it.
  void tell_final(std::uint64_t payments);
  bool is_over() const { return running_ == 0; }
  std::uint64_t taken() const { return taken_; }

  // Once it is over. What ended it early: a refusal that does not pass by waiting.
  Status outcome() const;
  // How often a node put one off; it was sent again.
  std::map<Errc, std::uint64_t> put_off() const;
  // Each that was taken, with the block that holds it as far as it was found by settle().
  std::vector<PaymentTimes> payments(std::span<const NodeSight> nodes) const;
  // Takes from a final block what it knows of; says how many.
  std::size_t settle(const Block& block);

 private:
  struct Sent {
    LoadTime sent, answered;  // answered: none while nobody has taken it
    std::uint32_t block = 0;  // in blocks_, from 1 on
  };
  struct Lane {
    NodeAddress node;
    std::vector<std::size_t> accounts;  // in accounts_
    std::uint64_t quota = 0;
    std::uint64_t made = 0;      // signed
    std::deque<SignedTx> ahead;  // signed and not sent
    std::vector<Sent> sent;      // payment k is of account k mod n, its nonce that of round k / n
    std::map<Errc, std::uint64_t> put_off;
    Status outcome = ok();
  };
  struct Batch {
    std::vector<SignedTx> txs;
    std::vector<std::size_t> places;  // in Lane::sent
  };
  struct Place {
    std::size_t lane, position;  // in Lane::accounts
  };

  std::size_t batch_max() const;
  SignedTx make(Lane& lane);
  LoadTime due(std::size_t lane, std::uint64_t sent) const;
  void drive(std::size_t number);
  Status exchange(Lane& lane, rpc::Client& client, Batch& batch);
  void fill(Lane& lane, Batch& batch, std::size_t count, LoadTime sent);
  std::size_t wait_for_turn(std::size_t count, LoadTime due);
  bool pause();

  const Params params_;
  const LoadPlan plan_;
  std::vector<LoadAccount> accounts_;
  std::vector<Lane> lanes_;
  std::map<Address, Place> places_;
  std::vector<Tip> blocks_;
  LoadTime begun_, end_, patience_end_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  bool ending_ AITBC_GUARDED_BY(mutex_) = false;
  std::uint64_t sent_ AITBC_GUARDED_BY(mutex_) = 0;
  std::uint64_t final_ AITBC_GUARDED_BY(mutex_) = 0;
  std::atomic<std::uint64_t> taken_ = 0;
  std::atomic<std::size_t> running_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace aitbc::cli
