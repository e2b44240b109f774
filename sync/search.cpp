#include "sync/search.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc::sync {

std::optional<GetHeaders> AncestorSearch::next() const {
  if (ancestor()) return std::nullopt;
  // A look covers a short run of headers: near the tip, where forks are, one look suffices.
  const Height top = found_ ? low_ + (high_ - low_) / 2 : high_ - 1 - std::min(step_, high_ - 2);
  const Height run = std::min<Height>(limits::probe_headers, top - low_);
  return GetHeaders{top - run + 1, static_cast<std::size_t>(run)};
}

Status AncestorSearch::on_headers(
    std::span<const SealedHeader> headers,
    const std::function<Result<bool>(Height, const BlockId&)>& is_ours) {
  const auto asked = next();
  AITBC_CHECK(asked.has_value());
  if (headers.size() != asked->limit || headers.front().header.height != asked->from) {
    return error(Errc::broken_branch, "headers: expected " + std::to_string(asked->limit) +
                                          " from height " + std::to_string(asked->from));
  }
  for (const SealedHeader& sealed : headers) {
    AITBC_TRY_ASSIGN(const bool ours, is_ours(sealed.header.height, id_of(sealed.header)));
    if (ours && sealed.header.height < high_) {
      low_ = std::max(low_, sealed.header.height);
      found_ = true;
    } else {
      high_ = std::min(high_, sealed.header.height);
    }
  }
  if (low_ >= high_) {
    return error(Errc::broken_branch, "headers: the peer's chain changed during the search");
  }
  step_ = step_ == 0 ? limits::probe_headers : 2 * step_;
  return ok();
}

}  // namespace aitbc::sync
