#include "chain/journaled_store.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc {

Result<std::optional<Loaded>> JournaledStore::load(const Params& params) {
  AITBC_TRY_ASSIGN(auto loaded, WrappedStore::load(params));
  if (!loaded) return loaded;
  head_ = loaded->head;
  Height final = 0;
  for (const Certificate& each : loaded->certificates) {
    if (each.kind == Vote::Kind::commit) final = std::max(final, each.block.height);
  }
  for (const Mempool::Entry& entry : loaded->mempool) pending_.emplace(entry.tx.id(), entry.tx);
  // A chain that never was final would be read whole.
  final = std::max(final, head_.height - std::min<Height>(head_.height, limits::depth_max_max));
  AITBC_TRY_ASSIGN(const std::vector<Applied> blocks, WrappedStore::applied_above(final));
  for (const Applied& each : blocks) remember(each.block);
  return loaded;
}

Status JournaledStore::commit(const Batch& batch) {
  AITBC_TRY(WrappedStore::commit(batch));
  const Txs rewound = rewind(batch);
  append(batch, rewound);
  note_pool(batch, rewound);
  for (const Certificate& each : batch.certificates) {
    if (each.kind == Vote::Kind::commit) finalise(each.block);
  }
  return ok();
}

void JournaledStore::shrink() {
  pending_.rehash(0);
  WrappedStore::shrink();
}

// What was in the blocks that the batch takes back.
JournaledStore::Txs JournaledStore::rewind(const Batch& batch) {
  Txs rewound;
  if (!batch.rewind_to) return rewound;
  const Height ancestor = *batch.rewind_to;
  const Tip to = batch.append.empty() ? Tip{} : tip_of(batch.append.back().block.header());
  journal_.note(ReorgEvent{head_, to, ancestor, head_.height - ancestor, batch.append.size()});
  while (!open_.empty() && open_.back().block->header.height > ancestor) {
    for (const CheckedTx& tx : open_.back().txs) rewound.emplace(tx.id(), tx);
    open_txs_ -= open_.back().txs.size();
    open_.pop_back();
  }
  return rewound;
}

void JournaledStore::append(const Batch& batch, const Txs& rewound) {
  for (const Applied& each : batch.append) {
    remember(each.block);
    const auto& block = open_.back().block;
    head_ = tip_of(block->header);
    journal_.note(HeadEvent{block});
    for (CheckedTx& tx : open_.back().txs) {
      const auto waited = pending_.find(tx.id());
      const bool first = waited == pending_.end() && !rewound.contains(tx.id());
      if (waited != pending_.end()) tx = waited->second;  // so that all events share one body
      journal_.note(TxEvent{TxEvent::Status::included, first, tx, block});
    }
  }
}

void JournaledStore::note_pool(const Batch& batch, const Txs& rewound) {
  for (const Replaced& verdict : batch.replaced) {
    const auto waited = pending_.find(verdict.id);
    const auto undone = rewound.find(verdict.id);
    if (waited == pending_.end() && undone == rewound.end()) continue;  // undone, and forgotten
    const CheckedTx& tx = waited != pending_.end() ? waited->second : undone->second;
    journal_.note(TxEvent{TxEvent::Status::replaced, false, tx, nullptr, verdict.by});
  }
  for (const TxId& id : batch.pool_remove) pending_.erase(id);
  for (const Mempool::Entry& entry : batch.pool_add) {
    journal_.note(TxEvent{TxEvent::Status::pending, !rewound.contains(entry.tx.id()), entry.tx});
    pending_.emplace(entry.tx.id(), entry.tx);
  }
}

void JournaledStore::finalise(const Checkpoint& final) {
  journal_.note(FinalEvent{final});
  while (!open_.empty() && open_.front().block->header.height <= final.height) {
    const Open& open = open_.front();
    for (const CheckedTx& tx : open.txs) {
      journal_.note(TxEvent{TxEvent::Status::final, false, tx, open.block});
    }
    open_txs_ -= open.txs.size();
    open_.pop_front();
  }
}

void JournaledStore::remember(const CheckedBlock& block) {
  const Header& header = block.header();
  open_.push_back(
      {std::make_shared<const PlacedBlock>(PlacedBlock{id_of(header), header}), block.txs});
  open_txs_ += block.txs.size();
  while (open_.size() > 1 &&
         (open_.size() > limits::depth_max_max || open_txs_ > limits::events_kept_max)) {
    open_txs_ -= open_.front().txs.size();
    open_.pop_front();
  }
}

}  // namespace aitbc
