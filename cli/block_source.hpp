#pragma once
// Where a chain's blocks come from, in order from block 1: a node, a database file, an exported
// file. What comes out of a source follows on from what came before; whether it is valid is for
// Replay to say. One thread per object.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/core/genesis.hpp"
#include "cli/block_file.hpp"
#include "cli/outcome.hpp"
#include "rpc/client.hpp"

namespace aitbc::cli {

class BlockSource {
 public:
  virtual ~BlockSource() = default;
  // What the last block must be; nullopt where only the blocks themselves know.
  virtual std::optional<Tip> head() const = 0;
  // Up to which height the chain is said to be final: what its certificates must prove.
  virtual Height final() const { return 0; }
  // The next blocks; none at the end.
  virtual Outcome<std::vector<CertifiedBlock>> next() = 0;
};

using Source = std::unique_ptr<BlockSource>;

// Whether to ask for the certificates too; a file gives what it has.
enum class Certificates { leave, take };

// The chain up to the node's head as it is now. broken_branch if the node leaves that chain.
Outcome<Source> node_source(rpc::Client client, const GenesisHash& genesis, Certificates);
// Reads beside a running node, or without one; changes nothing.
Outcome<Source> database_source(const std::string& path, const Genesis& genesis, Certificates);
// wrong_genesis for a file of another chain, bad_height for one that does not begin at block 1.
Outcome<Source> file_source(const std::string& path, const GenesisHash& genesis);

}  // namespace aitbc::cli
