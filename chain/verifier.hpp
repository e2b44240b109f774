#pragma once
// Checks what comes from outside, each transaction's signatures once: one that is in the mempool,
// or in any other hands, is known again by its id, and is good if it is the same to the last byte.
// A block of what was pending costs its seal alone. What was found bad lately is known too. It
// holds nothing alive by itself. Any thread.

#include <deque>
#include <unordered_map>

#include "chain/core/apply.hpp"
#include "chain/mutex.hpp"

namespace aitbc {

class Verifier {
 public:
  explicit Verifier(const Params& params) : params_(params) {}

  const Params& params() const { return params_; }

  // As CheckedTx::check, CheckedBlock::check and check_blocks.
  Result<CheckedTx> tx(const SignedTx&);
  Result<CheckedBlock> block(const Block&);
  Result<std::vector<CheckedBlock>> blocks(std::span<const Block>);

  // What nobody holds any more, which it otherwise does only while newcomers are checked: from time
  // to time. Returns how many are left.
  std::size_t forget_gone();

 private:
  struct Bad {
    SignedTx tx;
    Error why;
  };
  // nullopt: it has to be checked.
  std::optional<Result<CheckedTx>> find(const TxId&, const SignedTx&);
  void remember(const CheckedTx&);
  void purge() AITBC_REQUIRES(mutex_);
  void remember_bad(const TxId&, const SignedTx&, const Error&);

  const Params params_;
  Mutex mutex_;
  std::unordered_map<TxId, CheckedTx::Trace> good_ AITBC_GUARDED_BY(mutex_);
  std::size_t purge_at_ AITBC_GUARDED_BY(mutex_) = limits::verified_txs_min;
  std::unordered_map<TxId, Bad> bad_ AITBC_GUARDED_BY(mutex_);
  std::deque<TxId> bad_order_ AITBC_GUARDED_BY(mutex_);
};

}  // namespace aitbc
