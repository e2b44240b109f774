#include "chain/sqlite_lookup.hpp"

#include "chain/sqlite_rows.hpp"

namespace aitbc {

Result<std::optional<SealedHeader>> ChainLookup::header(Height height) {
  Query query(header_, height);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return std::optional<SealedHeader>();
  AITBC_TRY_ASSIGN(const SealedHeader sealed, read_header(query.blob(0)));
  return std::optional(sealed);
}

Result<std::optional<ChainLookup::Found>> ChainLookup::tx(const GenesisHash& genesis,
                                                          const TxId& id) {
  Query query(txs_by_key_, key_of(id));
  for (;;) {
    AITBC_TRY_ASSIGN(const bool row, query.next());
    if (!row) return std::optional<Found>();
    AITBC_TRY_ASSIGN(SignedTx tx, read_tx(query.blob(1)));
    if (id_of(genesis, tx.body) != id) continue;
    return std::optional(Found{query.count(0), std::move(tx)});
  }
}

Result<std::optional<Certificate>> ChainLookup::finality_of(Height height) {
  Query query(final_, height);
  AITBC_TRY_ASSIGN(const bool row, query.next());
  if (!row) return std::optional<Certificate>();
  AITBC_TRY_ASSIGN(Certificate certificate, read_certificate(query.blob(0)));
  return std::optional(std::move(certificate));
}

}  // namespace aitbc
