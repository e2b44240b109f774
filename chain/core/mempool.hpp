#pragma once
// Transactions that wait for a block: bounded, at most one for each nonce of a sender, and such
// that a sender's balance covers all of its own. Pure and deterministic; owned by Chain, which
// keeps it durable.

#include <map>
#include <unordered_map>

#include "chain/core/apply.hpp"
#include "chain/core/limits.hpp"

namespace aitbc {

class Mempool {
 public:
  // Rises with every addition, and with every other event that advance() marks (a new head), so
  // that one number answers "what is new since?".
  using Sequence = std::uint64_t;

  struct Limits {
    std::size_t txs_max = limits::mempool_txs_max;
    std::size_t gap_txs_max = limits::mempool_gap_txs_max;
    std::uint64_t nonce_gap_max = limits::nonce_gap_max;
  };

  struct Entry {
    CheckedTx tx;
    Sequence sequence;
  };

  Mempool() = default;
  explicit Mempool(Limits limits) : limits_(limits) {}

  // Whether a newcomer may wait: duplicate, nonce_used, nonce_pending, nonce_gap (too far ahead, or
  // ahead at all while gap_txs_max or more wait), insufficient_balance (counting what the sender
  // already has pending) or mempool_full otherwise.
  Status check(const Accounts&, const CheckedTx&) const;
  // The newcomer was checked, or comes back from a rewound block and may exceed the limits.
  Sequence add(CheckedTx);
  // An entry from the store, with the sequence it had.
  void restore(CheckedTx, Sequence);
  void remove(const TxId&);
  void advance() { ++last_; }
  // At rest: room for as many as there are now. Returns for how many that is, in all its tables.
  std::size_t shrink();

  const Entry* find(const TxId&) const;
  // The sender's pending transaction of this nonce.
  const Entry* find(const Address& sender, Nonce nonce) const;
  std::size_t size() const { return by_id_.size(); }
  Sequence last_sequence() const { return last_; }
  // The next nonce that the sender should use, counting an unbroken run of pending ones.
  Nonce next_nonce(const Accounts&, const Address& sender) const;

  // Those that can be included now, one after another: highest fee first, older first among equals,
  // each sender's in the order of its nonces.
  std::vector<CheckedTx> select(const Accounts&, std::size_t txs_max) const;
  // Whether select() would find one.
  bool has_includable(const Accounts&) const;
  // Those whose nonce is already used: they can never be included.
  std::vector<CheckedTx> stale(const Accounts&, std::span<const Address> senders) const;
  // Ids in the order of their addition.
  std::vector<Entry> since(Sequence after, std::size_t limit) const;

 private:
  struct Sender {
    std::map<Nonce, TxId> queue;
    std::uint64_t cost = 0;  // of all of the queue; each is below 2^53 and the queue is bounded
  };

  void insert(CheckedTx, Sequence);

  Limits limits_;
  Sequence last_ = 0;
  std::unordered_map<TxId, Entry> by_id_;
  std::unordered_map<Address, Sender> by_sender_;
  std::map<Sequence, TxId> by_sequence_;
};

}  // namespace aitbc
