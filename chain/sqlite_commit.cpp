#include "chain/sqlite_commit.hpp"

#include <algorithm>
#include <unordered_set>

#include "chain/core/limits.hpp"
#include "chain/core/parties.hpp"
#include "chain/sqlite_rows.hpp"

namespace aitbc {

Result<Height> BatchWriter::write(const Batch& batch, std::span<const PoolIndex::Place> gone) {
  if (batch.rewind_to) AITBC_TRY(rewind(*batch.rewind_to));
  for (const Applied& applied : batch.append) AITBC_TRY(append(applied));
  if (txs_added_ != 0) AITBC_TRY(Query(sql_.add_tx_count, txs_added_).run());
  AITBC_TRY(write_accounts());
  AITBC_TRY(write_pool(batch, gone));
  AITBC_TRY(write_replaced(batch.replaced));
  for (const Certificate& certificate : batch.certificates) {
    AITBC_TRY(add_certificate(certificate));
  }
  for (const CheckedBlock& block : batch.side) AITBC_TRY(add_side(block.sealed));
  if (batch.rewind_to || !batch.side.empty()) {
    AITBC_TRY(Query(sql_.trim_side, limits::side_blocks_max).run());
  }
  AITBC_TRY(add_evidence(batch));
  return head_;
}

// ---- rewinding ----------------------------------------------------------------------------------

Status BatchWriter::rewind(Height to) {
  AITBC_CHECK(to <= head_);
  {
    Query query(sql_.headers_above, to);
    for (;;) {
      AITBC_TRY_ASSIGN(const bool row, query.next());
      if (!row) break;
      AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(0)));
      txs_added_ -= sealed.header.tx_count;
      AITBC_TRY(add_side(sealed));
    }
  }
  for (Height height = head_; height > to; --height) AITBC_TRY(undo(height));
  AITBC_TRY(unlink_above(to));
  AITBC_TRY(Query(sql_.delete_txs, Position{to + 1, 0}.packed()).run());
  AITBC_TRY(Query(sql_.delete_receipts, Position{to + 1, 0}.packed()).run());
  AITBC_TRY(Query(sql_.delete_undo, to).run());
  AITBC_TRY(Query(sql_.delete_blocks, to).run());
  AITBC_TRY(Query(sql_.delete_governance, to).run());
  head_ = to;
  return ok();
}

Status BatchWriter::undo(Height height) {
  Query query(sql_.effects, height);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return damaged("what block " + std::to_string(height) + " changed is missing");
  AITBC_TRY_ASSIGN(const Effects effects, read_effects(query.blob(0)));
  for (const Change& change : effects.changes) {
    AITBC_TRY_ASSIGN(Row* const account, row_of(change.address));
    if (account->account != change.after) return damaged("an account is not as its block left it");
    account->account = change.before;
  }
  return ok();
}

// Newest first: each rewound transaction is then the last one of all its parties.
Status BatchWriter::unlink_above(Height height) {
  std::unordered_set<const Row*> named;
  {
    Query query(sql_.newest_txs, Position{height + 1, 0}.packed());
    for (;;) {
      AITBC_TRY_ASSIGN(const bool row, query.next());
      if (!row) break;
      AITBC_TRY_ASSIGN(const Links links, read_links(query.blob(0)));
      AITBC_TRY_ASSIGN(const SignedTx tx, read_tx(query.blob(1)));
      auto link = links.begin();
      for (const Address& address : Parties(tx.body)) {
        AITBC_TRY_ASSIGN(Row* const account, row_of(address));
        if (account->txs == 0 || link == links.end()) return damaged("an account's list is broken");
        --account->txs;
        account->newest = *link++;
        named.insert(account);
      }
    }
  }
  for (const Row* account : named) {
    AITBC_TRY(Query(sql_.delete_marks, account->id, account->txs).run());
  }
  return ok();
}

// ---- appending ----------------------------------------------------------------------------------

Status BatchWriter::append(const Applied& applied) {
  const Header& header = applied.block.header();
  AITBC_CHECK(header.height == head_ + 1);
  head_ = header.height;
  const BlockId id = id_of(header);
  Encoder sealed;
  encode(sealed, applied.block.sealed);
  AITBC_TRY(Query(sql_.insert_block, head_, key_of(id), ByteView(sealed.bytes())).run());
  AITBC_TRY(Query(sql_.delete_side, id.view()).run());

  Encoder effects;
  encode(effects, applied.effects);
  AITBC_TRY(Query(sql_.insert_undo, head_, ByteView(effects.bytes())).run());
  for (const Change& change : applied.effects.changes) {
    AITBC_TRY_ASSIGN(Row* const account, row_of(change.address));
    if (account->account != change.before) return damaged("an account is not as the node knows it");
    account->account = change.after;
  }

  if (const auto& change = applied.effects.governance) {
    Encoder governance;
    encode(governance, change->after);
    AITBC_TRY(Query(sql_.insert_governance, head_, ByteView(governance.bytes())).run());
  }

  txs_added_ += static_cast<std::int64_t>(applied.block.txs.size());
  Position position{head_, 0};
  for (const CheckedTx& tx : applied.block.txs) {
    AITBC_TRY(append_tx(tx, position.packed()));
    ++position.index;
  }
  return applied.effects.claims.empty() ? ok() : append_receipts(applied);
}

Status BatchWriter::append_receipts(const Applied& applied) {
  Minted total;
  {
    Query last(sql_.last_receipt);
    AITBC_TRY_ASSIGN(const bool row, last.next());
    if (row) {
      AITBC_TRY_ASSIGN(const Amount minted, read_amount(last.count(1)));
      total = {last.count(0), minted};
    }
  }
  for (const std::uint32_t index : applied.effects.claims) {
    const Mint& mint = applied.block.txs[index].mint().value();
    const auto minted = total.amount.plus(mint.total);
    if (!minted) return damaged("more was minted than there is");
    total = {total.receipts + 1, *minted};
    AITBC_TRY(Query(sql_.insert_receipt, Position{head_, index}.packed(), key_of(mint.marker),
                    total.receipts, total.amount.units())
                  .run());
  }
  return ok();
}

Status BatchWriter::append_tx(const CheckedTx& tx, std::uint64_t position) {
  Encoder links;
  for (const Address& address : Parties(tx.body())) {
    AITBC_TRY_ASSIGN(Row* const account, row_of(address));
    links.integer(account->newest);
    account->newest = position;
    if (++account->txs % mark_stride == 0) {
      AITBC_TRY(Query(sql_.insert_mark, account->id, account->txs, position).run());
    }
  }
  AITBC_TRY(Query(sql_.delete_replaced, tx.id().view()).run());
  const Buffer body = encode(tx.signed_tx());
  return Query(sql_.insert_tx, position, key_of(tx.id()), ByteView(links.bytes()), ByteView(body))
      .run();
}

Result<BatchWriter::Row*> BatchWriter::row_of(const Address& address) {
  const auto [found, is_new] = rows_.try_emplace(address);
  Row& row = found->second;
  if (!is_new) return &row;
  Query query(sql_.find_account, address.view());
  AITBC_TRY_ASSIGN(const bool stored, query.next());
  if (stored) {
    AITBC_TRY_ASSIGN(const Amount balance, read_amount(query.count(1)));
    row = {query.number(0), {balance, query.count(2)}, query.count(3), query.count(4)};
  } else {
    AITBC_TRY(Query(sql_.insert_account, address.view(), std::uint64_t{0}, std::uint64_t{0}).run());
    row.id = sql_.database.last_row();
  }
  return &row;
}

// In the order of their keys, so that each page is visited once.
Status BatchWriter::write_accounts() {
  std::vector<const Row*> rows;
  rows.reserve(rows_.size());
  for (const auto& [address, row] : rows_) rows.push_back(&row);
  std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) { return a->id < b->id; });
  for (const Row* row : rows) {
    AITBC_TRY(Query(sql_.update_account, row->account.balance.units(), row->account.nonce, row->txs,
                    row->newest, row->id)
                  .run());
  }
  return ok();
}

// ---- pending and lost ---------------------------------------------------------------------------

Status BatchWriter::write_pool(const Batch& batch, std::span<const PoolIndex::Place> gone) {
  for (const PoolIndex::Place& place : gone) {
    AITBC_TRY(Query(sql_.delete_pool, place.sequence).run());
  }
  for (const Mempool::Entry& entry : batch.pool_add) {
    const Buffer body = encode(entry.tx.signed_tx());
    AITBC_TRY(Query(sql_.insert_pool, entry.sequence, ByteView(body)).run());
  }
  return ok();
}

Status BatchWriter::write_replaced(const std::vector<Replaced>& replaced) {
  if (replaced.empty()) return ok();
  for (const auto& [id, by, height] : replaced) {
    AITBC_TRY(Query(sql_.insert_replaced, id.view(), by.view(), height).run());
  }
  return Query(sql_.trim_replaced, limits::replaced_txs_max).run();
}

Status BatchWriter::add_certificate(const Certificate& certificate) {
  const Height height = certificate.block.height;
  const bool makes_final = certificate.kind == Vote::Kind::commit;
  AITBC_TRY(Query(sql_.insert_certificate, std::uint64_t{makes_final}, height,
                  ByteView(encode(certificate)))
                .run());
  if (!makes_final) return ok();
  AITBC_TRY(Query(sql_.delete_justified, height).run());
  return Query(sql_.delete_final_undo, height).run();
}

Status BatchWriter::add_side(const SealedHeader& sealed) {
  Encoder header;
  encode(header, sealed);
  const BlockId id = id_of(sealed.header);
  return Query(sql_.insert_side, id.view(), sealed.header.height, ByteView(header.bytes())).run();
}

Status BatchWriter::add_evidence(const Batch& batch) {
  for (const Evidence& evidence : batch.evidence) {
    const Buffer body = encode(evidence);
    AITBC_TRY(Query(sql_.insert_evidence, id_of(evidence).view(), ByteView(body)).run());
  }
  if (!batch.finality_conflict) return ok();
  return Query(sql_.insert_conflict, ByteView(encode(*batch.finality_conflict))).run();
}

}  // namespace aitbc
