#pragma once
// The agent's local side: the chain in this process, or another node over HTTP (the daemon). Used
// by the agent's thread alone.

#include <memory>
#include <optional>
#include <span>

#include "chain/core/apply.hpp"
#include "chain/protocol.hpp"

namespace aitbc::sync {

class Ledger {
 public:
  virtual ~Ledger() = default;

  virtual const Params& params() const = 0;
  virtual Tip head() const = 0;
  // The canonical block's id; nullopt above the head.
  virtual Result<std::optional<BlockId>> id_at(Height) = 0;
  virtual Result<Imported> import(std::span<const CheckedBlock> branch, Time now) = 0;
  // Whether a transaction that a peer names is worth fetching.
  virtual bool wants(const TxId&) = 0;
  virtual Status submit(std::span<const CheckedTx> txs) = 0;
};

}  // namespace aitbc::sync
