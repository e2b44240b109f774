#pragma once
// What a node asks of a peer, as values: a Request goes out as a Send, and its Reply (or an error)
// comes back exactly once. Who carries them is not this layer's business: sockets in production, a
// seeded scheduler in the simulator.

#include <variant>

#include "chain/core/apply.hpp"
#include "chain/protocol.hpp"
#include "chain/verifier.hpp"

namespace aitbc::sync {

using RequestId = std::uint64_t;

struct GetHeaders {
  Height from = 0;
  std::size_t limit = 0;
};
struct GetBlocks {
  Height from = 0;
  std::size_t limit = 0;
};
struct GetTxs {
  std::vector<TxId> ids;
};
using Request = std::variant<SyncQuery, GetHeaders, GetBlocks, GetTxs>;

// A poll's answer; what it brought whole is checked.
struct Heard {
  SyncAnswer answer;
  std::vector<CheckedTx> txs;
  std::vector<CheckedBlock> blocks;
};
Result<Heard> hear(Verifier&, SyncAnswer);

// In the order of the requests. Blocks and transactions come checked: their signatures were
// verified on the carrier's thread, and one that does not hold is an error of category `malformed`.
using Reply = std::variant<Heard, std::vector<SealedHeader>, std::vector<CheckedBlock>,
                           std::vector<CheckedTx>>;

struct Send {
  RequestId id = 0;
  std::string to;  // the peer's base URL
  Request request;
};

}  // namespace aitbc::sync
