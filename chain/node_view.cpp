#include "chain/node_view.hpp"

#include "chain/core/limits.hpp"

namespace aitbc {

Result<NodeView::Look> ChainView::look() {
  return Look{chain_.params().genesis_hash, chain_.head(), chain_.final(), chain_.state().root(),
              chain_.mempool().size()};
}

Result<std::vector<Block>> ChainView::blocks(Height from, std::size_t limit) {
  AITBC_TRY_ASSIGN(const auto snapshot, chain_.reader().snapshot());
  return snapshot->blocks(from, limit, limits::range_bytes_max);
}

Result<std::optional<Certificate>> ChainView::certificate(Height height) {
  AITBC_TRY_ASSIGN(const auto snapshot, chain_.reader().snapshot());
  return snapshot->finality_of(height);
}

Result<NodeView::Fate> ChainView::fate(const TxId& id) {
  AITBC_TRY_ASSIGN(const auto snapshot, chain_.reader().snapshot());
  AITBC_TRY_ASSIGN(const auto located, snapshot->tx(id));
  if (located) return Fate{Fate::Kind::included, located->height};
  if (chain_.mempool().find(id) != nullptr) return Fate{Fate::Kind::pending, 0};
  AITBC_TRY_ASSIGN(const auto replaced, snapshot->replaced(id));
  return Fate{replaced ? Fate::Kind::replaced : Fate::Kind::unknown, 0};
}

}  // namespace aitbc
