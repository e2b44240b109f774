#include "chain/verifier.hpp"

#include "chain/core/limits.hpp"

namespace aitbc {

Result<CheckedTx> Verifier::tx(const SignedTx& tx) {
  const TxId id = id_of(params_.genesis_hash, tx.body);
  if (auto known = find(id, tx)) return *std::move(known);
  auto checked = CheckedTx::check(params_, tx, id);
  if (checked) {
    remember(*checked);
  } else if (checked.error().code == Errc::bad_signature) {
    remember_bad(id, tx, checked.error());
  }
  return checked;
}

Result<CheckedBlock> Verifier::block(const Block& block) {
  return CheckedBlock::check(params_, block, [this](const SignedTx& each) { return tx(each); });
}

Result<std::vector<CheckedBlock>> Verifier::blocks(std::span<const Block> blocks) {
  return check_blocks(params_, blocks, [this](const SignedTx& each) { return tx(each); });
}

std::optional<Result<CheckedTx>> Verifier::find(const TxId& id, const SignedTx& tx) {
  const MutexLock lock(mutex_);
  if (const auto found = good_.find(id); found != good_.end()) {
    const auto known = found->second.find();
    // The id does not cover the witness.
    if (known && known->signed_tx() == tx) return Result<CheckedTx>(*known);
  }
  const auto found = bad_.find(id);
  if (found != bad_.end() && found->second.tx == tx) return Result<CheckedTx>(found->second.why);
  return std::nullopt;
}

// What nobody holds any more is forgotten whenever it may be half of all.
void Verifier::remember(const CheckedTx& tx) {
  const MutexLock lock(mutex_);
  good_.insert_or_assign(tx.id(), CheckedTx::Trace(tx));
  if (good_.size() >= purge_at_) purge();
}

std::size_t Verifier::forget_gone() {
  const MutexLock lock(mutex_);
  purge();
  good_.rehash(0);  // room for as many as there are now
  return good_.size();
}

void Verifier::purge() {
  std::erase_if(good_, [](const auto& entry) { return entry.second.is_gone(); });
  purge_at_ = std::max(2 * good_.size(), limits::verified_txs_min);
}

void Verifier::remember_bad(const TxId& id, const SignedTx& tx, const Error& why) {
  const MutexLock lock(mutex_);
  if (!bad_.insert_or_assign(id, Bad{tx, why}).second) return;
  bad_order_.push_back(id);
  if (bad_order_.size() <= limits::refused_signatures_max) return;
  bad_.erase(bad_order_.front());
  bad_order_.pop_front();
}

}  // namespace aitbc
