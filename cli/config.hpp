#pragma once
// The configuration of one node: defaults, then the file, then AITBC_* of the environment, then
// flags; each replaces what stands before it. Strict: an unknown key or a wrong type is an error
// that names the key and where it came from. Immutable once it is loaded.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"
#include "chain/log.hpp"

namespace aitbc::cli {

struct NodeConfig {
  std::string node_id;
  std::string site;    // where it runs, for people; may be empty
  bool force = false;  // sign with the authority key whoever else is heard to; never in a file
  std::string address = "127.0.0.1";
  std::uint16_t port = 8082;
  std::string data;                          // the database file
  std::string genesis;                       // the genesis file
  std::optional<std::string> authority_key;  // a key file; without one the node seals nothing
  std::optional<std::string> faucet_key;     // likewise, of a devnet's faucet
  std::vector<std::string> peers;            // base URLs
  bool sync = true;
  bool poll_only = false;
  Duration poll_interval = limits::poll_interval;
  Log::Level log_level = Log::Level::info;
};

// What was given on the command line; the same settings can come from the environment.
struct NodeSettings {
  std::optional<std::string> node_id, listen, data, genesis, authority_key, faucet_key;
  std::optional<std::vector<std::string>> peers;
  std::optional<bool> sync, poll_only;
  std::optional<std::string> interval_s, log_level;
};

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// AITBC_NODE_ID, _LISTEN, _DATA, _GENESIS, _AUTHORITY_KEY, _FAUCET_KEY, _PEERS (separated by
// commas), _SYNC, _POLL_ONLY, _SYNC_INTERVAL_S and _LOG_LEVEL.
Result<NodeSettings> settings_from(const Environment& environment);

// `folder` is that of the file: relative paths in it begin there.
Result<NodeConfig> parse_config(std::string_view text, const std::string& folder);

// `path` may be absent: then everything comes from the other sources.
Result<NodeConfig> load_config(const std::optional<std::string>& path,
                               const Environment& environment, const NodeSettings& flags);

}  // namespace aitbc::cli
