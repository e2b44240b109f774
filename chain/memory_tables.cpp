#include "chain/memory_tables.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"
#include "chain/core/parties.hpp"

namespace aitbc {

Tip MemoryTables::head() const {
  if (blocks.empty()) return {0, 0, BlockId{genesis.value().data}};
  return tip_of(blocks.back()->block.header());
}

const Applied* MemoryTables::block(Height height) const {
  return height == 0 || height > blocks.size() ? nullptr : blocks[height - 1].get();
}

std::optional<SealedHeader> MemoryTables::header(Height height) const {
  const Applied* found = block(height);
  return found == nullptr ? std::optional<SealedHeader>() : std::optional(found->block.sealed);
}

std::optional<Certificate> MemoryTables::finality_of(Height height) const {
  const auto found = final.lower_bound(height);
  return found == final.end() ? std::nullopt : std::optional(found->second);
}

void MemoryTables::apply(const Batch& batch) {
  if (batch.rewind_to) rewind(*batch.rewind_to);
  for (const Applied& applied : batch.append) append(applied);
  for (const TxId& id : batch.pool_remove) {
    const auto found = pool_ids.find(id);
    if (found == pool_ids.end()) continue;
    pool.erase(found->second);
    pool_ids.erase(found);
  }
  for (const Mempool::Entry& entry : batch.pool_add) {
    AITBC_CHECK(pool_ids.emplace(entry.tx.id(), entry.sequence).second);
    AITBC_CHECK(pool.emplace(entry.sequence, entry.tx).second);
  }
  for (const Replaced& verdict : batch.replaced) add_replaced(verdict);
  for (const Certificate& certificate : batch.certificates) add_certificate(certificate);
  for (const CheckedBlock& block_beside : batch.side) add_side(block_beside.sealed);
  while (side.size() > limits::side_blocks_max) side.pop_front();
  evidence.insert(evidence.end(), batch.evidence.begin(), batch.evidence.end());
  if (batch.finality_conflict) finality_conflict = batch.finality_conflict;
}

void MemoryTables::rewind(Height to) {
  AITBC_CHECK(to <= blocks.size());
  for (std::size_t i = to; i < blocks.size(); ++i) add_side(blocks[i]->block.sealed);
  while (blocks.size() > to) {
    const Applied& last = *blocks.back();
    for (const Change& change : last.effects.changes) {
      Account& account = accounts[change.address].account;
      AITBC_CHECK(account == change.after);
      account = change.before;
    }
    for (const std::uint32_t position : last.effects.claims) {
      const Mint& mint = last.block.txs[position].mint().value();
      claims.erase(mint.marker);
      claims_in_order.pop_back();
      minted = minted.minus(mint.total).value();
    }
    for (const CheckedTx& tx : last.block.txs) {
      txs.erase(tx.id());
      for (const Address& address : Parties(tx.body())) accounts[address].txs.pop_back();
    }
    heights.erase(id_of(last.block.header()));
    blocks.pop_back();
  }
  governance.erase(governance.upper_bound(to), governance.end());
}

void MemoryTables::append(const Applied& applied) {
  const Header& header = applied.block.header();
  AITBC_CHECK(header.height == blocks.size() + 1);
  const BlockId id = id_of(header);
  heights.emplace(id, header.height);
  std::erase_if(side, [&](const SideBlock& lost) { return lost.id == id; });
  for (const Change& change : applied.effects.changes) {
    Account& account = accounts[change.address].account;
    AITBC_CHECK(account == change.before);
    account = change.after;
  }
  Place place{header.height, 0};
  for (const CheckedTx& tx : applied.block.txs) {
    txs.emplace(tx.id(), place);
    remove_replaced(tx.id());
    for (const Address& address : Parties(tx.body())) accounts[address].txs.push_back(place);
    ++place.index;
  }
  for (const std::uint32_t position : applied.effects.claims) {
    const Mint& mint = applied.block.txs[position].mint().value();
    const Place claim{header.height, position};
    AITBC_CHECK(claims.emplace(mint.marker, claim).second);
    claims_in_order.push_back(claim);
    minted = minted.plus(mint.total).value();
  }
  if (const auto& change = applied.effects.governance) {
    governance.emplace(header.height, change->after);
  }
  blocks.push_back(std::make_shared<const Applied>(applied));
}

void MemoryTables::add_side(const SealedHeader& sealed) {
  const BlockId id = id_of(sealed.header);
  const bool known =
      std::any_of(side.begin(), side.end(), [&](const SideBlock& lost) { return lost.id == id; });
  if (!known) side.push_back({id, sealed});
}

void MemoryTables::remove_replaced(const TxId& id) {
  if (replaced_ids.erase(id) == 0) return;
  std::erase_if(replaced, [&](const Replaced& old) { return old.id == id; });
}

void MemoryTables::add_certificate(const Certificate& certificate) {
  const Height height = certificate.block.height;
  if (certificate.kind == Vote::Kind::prepare) {
    justified.insert_or_assign(height, certificate);
  } else {
    final.insert_or_assign(height, certificate);
    justified.erase(justified.begin(), justified.upper_bound(height));
  }
}

void MemoryTables::add_replaced(const Replaced& verdict) {
  remove_replaced(verdict.id);
  replaced.push_back(verdict);
  replaced_ids.insert_or_assign(verdict.id, verdict);
  if (replaced.size() <= limits::replaced_txs_max) return;
  replaced_ids.erase(replaced.front().id);
  replaced.pop_front();
}

}  // namespace aitbc
