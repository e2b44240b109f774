#pragma once
// Finding a block's header or a transaction in the chain: the writer and each reader do it on a
// connection of their own. One thread, the connection's.

#include <optional>

#include "chain/core/block.hpp"
#include "chain/sqlite.hpp"

namespace aitbc {

class ChainLookup {
 public:
  explicit ChainLookup(Database& database)
      : header_(database, "SELECT header FROM blocks WHERE height = ?"),
        txs_by_key_(database, "SELECT pos, body FROM txs WHERE key = ?"),
        final_(database,
               "SELECT votes FROM certificates WHERE kind = 1 AND height >= ? "
               "ORDER BY height LIMIT 1") {}

  Result<std::optional<SealedHeader>> header(Height height);

  struct Found {
    std::uint64_t position;  // packed
    SignedTx tx;
  };
  Result<std::optional<Found>> tx(const GenesisHash& genesis, const TxId& id);
  Result<std::optional<Certificate>> finality_of(Height height);

 private:
  Statement header_;
  Statement txs_by_key_;
  Statement final_;
};

}  // namespace aitbc
