#pragma once
// Whom a command asks: the nodes of the chosen network, or one that --node names by id or URL. And
// what it must know before it asks: addresses behind names, the genesis. Main thread only.

#include <string>
#include <vector>

#include "cli/invocation.hpp"
#include "cli/outcome.hpp"
#include "rpc/client.hpp"

namespace aitbc::cli {

struct NodeAddress {
  std::string id;
  std::string url;
  rpc::Credentials credentials = {};

  Result<rpc::Client> open(rpc::Client::Limits limits = {}) const {
    return rpc::Client::open(url, limits, credentials);
  }
};

// What --api-key-file, --ca-file and --pin say, else AITBC_API_KEY_FILE, AITBC_CA_FILE and
// AITBC_PINS; the key itself may be in AITBC_API_KEY.
Result<rpc::Credentials> credentials_of(const Invocation& invocation);

// All nodes of the network; with --node that one alone.
Outcome<std::vector<NodeAddress>> asked_nodes(Invocation& invocation);

// The node of --node, else the first that answers; unreachable names those that do not.
Outcome<rpc::Client> connect(Invocation& invocation);

// The genesis file of the chosen network.
Outcome<Genesis> local_genesis(Invocation& invocation);
// The node's genesis. wrong_genesis when the node belongs to the network on this machine and runs
// on another one: nothing may be signed for it.
Outcome<Genesis> node_genesis(Invocation& invocation, rpc::Client& client);

// An address, or the name of a wallet.
Result<Address> resolve_address(const Wallets& wallets, const std::string& text);

}  // namespace aitbc::cli
