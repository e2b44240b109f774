#include "cli/http_view.hpp"

namespace aitbc::cli {

Result<NodeView::Look> HttpView::look() {
  if (!genesis_) {
    AITBC_TRY_ASSIGN(const SyncAnswer answer, client_.sync({}));
    genesis_ = answer.genesis_hash;
  }
  AITBC_TRY_ASSIGN(const NodeStatus status, client_.network());
  return Look{*genesis_, status.head, status.final, status.state_root, status.mempool_txs};
}

Result<std::vector<Block>> HttpView::blocks(Height from, std::size_t limit) {
  return client_.blocks(from, limit);
}

Result<std::optional<Certificate>> HttpView::certificate(Height height) {
  return client_.certificate(height);
}

Result<NodeView::Fate> HttpView::fate(const TxId& id) {
  const auto view = client_.tx(id);
  if (!view) {
    if (view.error().code == Errc::not_found) return Fate{};
    return view.error();
  }
  switch (view->where) {
    case rpc::Client::TxView::Where::pending:
      return Fate{Fate::Kind::pending, 0};
    case rpc::Client::TxView::Where::included:
      return Fate{Fate::Kind::included, view->height};
    case rpc::Client::TxView::Where::replaced:
      return Fate{Fate::Kind::replaced, view->height};
  }
  return Fate{};
}

}  // namespace aitbc::cli
