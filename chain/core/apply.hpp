#pragma once
// The state transition. Each step may assume the one before it, and its result type proves that it
// was taken: check_form needs no state and may run on any thread; check_tx needs a view and changes
// nothing; apply_block is the only way in which accounts change.

#include <memory>

#include "chain/core/crypto.hpp"
#include "chain/core/poa.hpp"
#include "chain/core/receipt.hpp"
#include "chain/core/state.hpp"

namespace aitbc {

// What holds of a transaction also before all have signed it: the policy is the sender's, and each
// signature that is there is of one of its keys and covers this body. bad_policy, bad_signature.
Status check_partly_signed(const GenesisHash& chain, const SignedTx& tx);

// A transaction whose form and signatures hold; immutable and cheap to copy, so that mempool, block
// and relay share one.
class CheckedTx {
 public:
  // Fee, amount, policy and signatures of a transaction that needs no state to be judged.
  static Result<CheckedTx> check(const Params&, SignedTx);
  static Result<CheckedTx> check(const Params&, SignedTx, const TxId& its);
  // For stores alone: it was checked before it was written, so an error means that it is damaged.
  static Result<CheckedTx> stored(const Params&, SignedTx);

  const SignedTx& signed_tx() const { return entry_->tx; }
  const Tx& body() const { return entry_->tx.body; }
  const TxId& id() const { return entry_->id; }
  // Of a claim of a receipt.
  const std::optional<Mint>& mint() const { return entry_->mint; }

  class Trace;

 private:
  struct Entry {
    SignedTx tx;
    TxId id;
    std::optional<Mint> mint;
  };
  static Result<CheckedTx> stored(const Params&, SignedTx, const TxId&);
  explicit CheckedTx(std::shared_ptr<const Entry> entry) : entry_(std::move(entry)) {}
  std::shared_ptr<const Entry> entry_;
};

// Finds a transaction again for as long as somebody has it.
class CheckedTx::Trace {
 public:
  explicit Trace(const CheckedTx& tx) : entry_(tx.entry_) {}
  std::optional<CheckedTx> find() const {
    auto entry = entry_.lock();
    return entry ? std::optional(CheckedTx(std::move(entry))) : std::nullopt;
  }
  bool is_gone() const { return entry_.expired(); }

 private:
  std::weak_ptr<const Entry> entry_;
};

using CheckTx = std::function<Result<CheckedTx>(const SignedTx&)>;

// A block whose limits, txs_root, seal and transactions hold; whether it was its proposer's turn,
// and all else of its place in the chain, is judged by apply_block.
struct CheckedBlock {
  SealedHeader sealed;
  std::vector<CheckedTx> txs;

  static Result<CheckedBlock> check(const Params&, const Block&);
  static Result<CheckedBlock> check(const Params&, const Block&, const CheckTx&);
  const Header& header() const { return sealed.header; }
  Block block() const;
};

Result<std::vector<CheckedBlock>> check_blocks(const Params&, std::span<const Block>);
Result<std::vector<CheckedBlock>> check_blocks(const Params&, std::span<const Block>,
                                               const CheckTx&);

// nonce_used, nonce_gap or insufficient_balance; ok means: it can be included now.
Status check_tx(const Accounts&, const Tx&);

// The block's effects, with the state advanced by them; on an error it is as it was. A
// transaction that cannot be included is invalid_block_tx: to its sender it may be early or late,
// but the block that holds it is invalid for ever.
Result<Effects> apply_block(const Params&, const Parent&, State&, const CheckedBlock&);
// What ballots of the block change, whether or not it can be applied.
void advance(Governance&, const CheckedBlock&);

struct Built {
  CheckedBlock block;
  Effects effects;
};
// A block of those candidates that can be included one after another, within the limits, sealed by
// `key`; `state` is advanced. Empty only where check_header() lets it be; nullopt, with `state` as
// it was, otherwise. A candidate that fails never costs another its place. The handover is there if
// needs_handover() says so.
std::optional<Built> build_block(const Params&, const Parent& parent, State& state,
                                 const KeyPair& key, Slot slot,
                                 std::span<const CheckedTx> candidates,
                                 std::optional<Certificate> handover = {});

}  // namespace aitbc
