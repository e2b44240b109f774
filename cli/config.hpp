#pragma once
// The configuration of one node: defaults, then the file, then the environment, then flags; each
// replaces what stands before it. Strict: an unknown key or a wrong type is an error
// that names the key and where it came from. Immutable once it is loaded.

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"
#include "chain/log.hpp"
#include "cli/credentials.hpp"
#include "rpc/access.hpp"

namespace aitbc::cli {

struct NodeConfig {
  std::string node_id;
  std::string site;    // where it runs, for people; may be empty
  bool force = false;  // sign with the authority key whoever else is heard to; never in a file
  std::string address = "127.0.0.1";
  std::uint16_t port = 8082;
  std::string data;                          // the database file
  std::string genesis;                       // the genesis file
  std::optional<std::string> chain_id;       // what the genesis must name
  std::optional<std::string> authority_key;  // a key file; without one the node seals nothing
  std::optional<std::string> faucet_key;     // likewise, of a devnet's faucet
  std::vector<std::string> peers;            // base URLs
  bool sync = true;
  bool poll_only = false;
  Duration poll_interval = limits::poll_interval;
  Log::Level log_level = Log::Level::info;

  std::optional<std::string> api_keys;   // the file of those that callers from elsewhere may have
  std::optional<std::string> everybody;  // the scope of callers without one
  std::vector<std::string> origins = rpc::AccessRules().origins;
  std::vector<std::string> proxies;  // whose word about a caller's address counts
  std::uint32_t rate_per_minute = limits::rate_per_minute;
  std::optional<std::string> audit;  // the file of privileged acts; without one beside the data
  std::optional<std::string> tls_certificate, tls_key;
  CredentialSources peer_access;

  std::string audit_file() const { return audit.value_or(data + ".audit"); }
};

// One setting in all its spellings. Tables of these are what flags, environment, file and
// `node config` have in common.
struct NodeSetting {
  std::string_view key;          // in the file, e.g. "sync.interval_s"
  std::string_view variable;     // of the environment; empty: none
  std::string_view predecessor;  // the name that oib/AITBC had for it; empty: none
  Status (*set)(NodeConfig&, const std::string& text);
  std::string (*shown)(const NodeConfig&);
};
std::span<const NodeSetting> node_settings();

// What was given outside of the file, by the keys of the file; the source is a flag or a variable.
struct GivenSetting {
  std::string text;
  std::string source;
};
using NodeSettings = std::map<std::string, GivenSetting, std::less<>>;
// ADDRESS:PORT sets two keys. bad_config, naming the source.
Status add_listen(NodeSettings& settings, const GivenSetting& given);

using Environment = std::function<std::optional<std::string>(const std::string& name)>;
Environment process_environment();

// AITBC_* and, where that is not given, the predecessor's name.
Result<NodeSettings> settings_from(const Environment& environment);

// A variable of the predecessor's that is set, but means nothing here.
struct IgnoredVariable {
  std::string_view name;
  std::string_view why;
};

struct NodeSetup {
  NodeConfig config;
  std::map<std::string_view, std::string> sources;  // of each key: a flag, a variable, the file
  std::vector<IgnoredVariable> ignored;
};

// `folder` is that of the file: relative paths in it begin there.
Result<NodeConfig> parse_config(std::string_view text, const std::string& folder);

// `path` may be absent: then everything comes from the other sources.
Result<NodeSetup> load_config(const std::optional<std::string>& path,
                              const Environment& environment, const NodeSettings& flags);

}  // namespace aitbc::cli
