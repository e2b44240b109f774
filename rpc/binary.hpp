#pragma once
// What routes of the type application/vnd.aitbc carry, in the canonical encoding: of lists a u32
// count, then the items. Blocks have theirs in chain/core/block.hpp. Pure functions; any thread.

#include "chain/protocol.hpp"

namespace aitbc::rpc {

Buffer encode_headers(std::span<const SealedHeader>);
Result<std::vector<SealedHeader>> decode_headers(ByteView, std::size_t headers_max);

Buffer encode_txs(std::span<const SignedTx>);
Result<std::vector<SignedTx>> decode_txs(ByteView, std::size_t txs_max);

Buffer encode_ids(std::span<const TxId>);
Result<std::vector<TxId>> decode_ids(ByteView, std::size_t ids_max);

// The answer to a poll, whose first byte says in which form it is.
Buffer encode_sync_answer(const SyncAnswer&);
Result<SyncAnswer> decode_sync_answer(ByteView);

}  // namespace aitbc::rpc
