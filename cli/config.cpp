#include "cli/config.hpp"

#include <algorithm>
#include <cstdlib>

#include "cli/file.hpp"
#include "cli/log.hpp"
#include "cli/number.hpp"
#include "cli/output.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t config_bytes_max = 256 * 1024;

Error at(const std::string& source, const Error& failure) {
  return error(Errc::bad_config, source + ": " + failure.detail);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  });
  return text;
}

Result<bool> parse_switch(const std::string& text) {
  const std::string word = lower(text);
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return error(Errc::bad_config, "expected true or false, got '" + text + "'");
}

// The predecessor's endpoints may end in /rpc, which is ours to add.
std::string without_rpc(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  constexpr std::string_view end = "/rpc";
  if (url.ends_with(end)) url.resize(url.size() - end.size());
  return url;
}

Status set_peers(NodeConfig& config, const std::string& text) {
  config.peers.clear();
  for (std::string& url : split_at_commas(text))
    config.peers.push_back(without_rpc(std::move(url)));
  return ok();
}

template <bool NodeConfig::*member>
Status set_switch(NodeConfig& config, const std::string& text) {
  AITBC_TRY_ASSIGN(config.*member, parse_switch(text));
  return ok();
}

template <auto member>
Status set_text(NodeConfig& config, const std::string& text) {
  config.*member = text;
  return ok();
}

template <auto member>
std::string show_text(const NodeConfig& config) {
  return config.*member;
}

template <auto member>
std::string show_optional(const NodeConfig& config) {
  return (config.*member).value_or("");
}

template <std::vector<std::string> NodeConfig::*member>
Status set_list(NodeConfig& config, const std::string& text) {
  config.*member = split_at_commas(text);
  return ok();
}

template <std::vector<std::string> NodeConfig::*member>
std::string show_list(const NodeConfig& config) {
  return joined(config.*member, ",");
}

template <auto member>
Status set_source(NodeConfig& config, const std::string& text) {
  config.peer_access.*member = text;
  return ok();
}

template <auto member>
std::string show_source(const NodeConfig& config) {
  return (config.peer_access.*member).value_or("");
}

template <bool NodeConfig::*member>
std::string show_switch(const NodeConfig& config) {
  return config.*member ? "true" : "false";
}

std::string audit_file(const NodeConfig& config) { return config.audit_file(); }

constexpr std::int64_t ms_in_s = 1'000;

constexpr NodeSetting settings[] = {
    {"node_id", "AITBC_NODE_ID", "PROPOSER_ID", set_text<&NodeConfig::node_id>,
     show_text<&NodeConfig::node_id>},
    {"listen.address", "", "RPC_BIND_HOST", set_text<&NodeConfig::address>,
     show_text<&NodeConfig::address>},
    {"listen.port", "", "RPC_BIND_PORT",
     [](NodeConfig& config, const std::string& text) -> Status {
       AITBC_TRY_ASSIGN(const std::uint64_t port, parse_number(text, "port", {0, 65'535}));
       config.port = static_cast<std::uint16_t>(port);
       return ok();
     },
     [](const NodeConfig& config) { return std::to_string(config.port); }},
    {"data", "AITBC_DATA", "DB_PATH", set_text<&NodeConfig::data>, show_text<&NodeConfig::data>},
    {"genesis", "AITBC_GENESIS", "", set_text<&NodeConfig::genesis>,
     show_text<&NodeConfig::genesis>},
    {"chain_id", "AITBC_CHAIN_ID", "CHAIN_ID", set_text<&NodeConfig::chain_id>,
     show_optional<&NodeConfig::chain_id>},
    {"authority_key", "AITBC_AUTHORITY_KEY", "", set_text<&NodeConfig::authority_key>,
     show_optional<&NodeConfig::authority_key>},
    {"faucet_key", "AITBC_FAUCET_KEY", "", set_text<&NodeConfig::faucet_key>,
     show_optional<&NodeConfig::faucet_key>},
    {"peers", "AITBC_PEERS", "CROSS_SITE_REMOTE_ENDPOINTS", set_peers,
     show_list<&NodeConfig::peers>},
    {"sync.enabled", "AITBC_SYNC", "CROSS_SITE_SYNC_ENABLED", set_switch<&NodeConfig::sync>,
     show_switch<&NodeConfig::sync>},
    {"sync.poll_only", "AITBC_POLL_ONLY", "", set_switch<&NodeConfig::poll_only>,
     show_switch<&NodeConfig::poll_only>},
    {"sync.interval_s", "AITBC_SYNC_INTERVAL_S", "CROSS_SITE_POLL_INTERVAL",
     [](NodeConfig& config, const std::string& text) -> Status {
       AITBC_TRY_ASSIGN(const std::uint64_t count,
                        parse_number(text, "seconds", {1, limits::sync_interval_s_max}));
       config.poll_interval = std::chrono::seconds(static_cast<std::int64_t>(count));
       return ok();
     },
     [](const NodeConfig& config) {
       return std::to_string(config.poll_interval.count() / ms_in_s);
     }},
    {"log.level", "AITBC_LOG_LEVEL", "",
     [](NodeConfig& config, const std::string& text) -> Status {
       AITBC_TRY_ASSIGN(config.log_level, parse_log_level(text));
       return ok();
     },
     [](const NodeConfig& config) { return std::string(name(config.log_level)); }},
    {"access.keys", "AITBC_API_KEYS", "", set_text<&NodeConfig::api_keys>,
     show_optional<&NodeConfig::api_keys>},
    {"access.everybody", "AITBC_EVERYBODY", "", set_text<&NodeConfig::everybody>,
     show_optional<&NodeConfig::everybody>},
    {"access.origins", "AITBC_ORIGINS", "ALLOW_ORIGINS", set_list<&NodeConfig::origins>,
     show_list<&NodeConfig::origins>},
    {"access.proxies", "AITBC_PROXIES", "", set_list<&NodeConfig::proxies>,
     show_list<&NodeConfig::proxies>},
    {"access.rate_per_minute", "AITBC_RATE_PER_MINUTE", "",
     [](NodeConfig& config, const std::string& text) -> Status {
       AITBC_TRY_ASSIGN(const std::uint64_t rate,
                        parse_number(text, "requests", {0, limits::rate_per_minute_max}));
       config.rate_per_minute = static_cast<std::uint32_t>(rate);
       return ok();
     },
     [](const NodeConfig& config) { return std::to_string(config.rate_per_minute); }},
    {"access.audit", "AITBC_AUDIT", "", set_text<&NodeConfig::audit>, &audit_file},
    {"tls.certificate", "AITBC_TLS_CERTIFICATE", "", set_text<&NodeConfig::tls_certificate>,
     show_optional<&NodeConfig::tls_certificate>},
    {"tls.key", "AITBC_TLS_KEY", "", set_text<&NodeConfig::tls_key>,
     show_optional<&NodeConfig::tls_key>},
    {"peer_access.api_key", "AITBC_PEER_API_KEY_FILE", "",
     set_source<&CredentialSources::api_key_file>, show_source<&CredentialSources::api_key_file>},
    {"peer_access.ca", "AITBC_PEER_CA", "", set_source<&CredentialSources::ca_file>,
     show_source<&CredentialSources::ca_file>},
    {"peer_access.pins", "AITBC_PEER_PINS", "",
     [](NodeConfig& config, const std::string& text) -> Status {
       config.peer_access.pins = split_at_commas(text);
       return ok();
     },
     [](const NodeConfig& config) { return joined(config.peer_access.pins, ","); }},
};

constexpr std::string_view in_genesis = "the genesis says it, for all nodes alike";
constexpr std::string_view always = "seals and signatures are always checked";
constexpr std::string_view no_such_part = "there is no such part";

constexpr IgnoredVariable meaningless[] = {
    {"PROPOSER_KEY", "keys are files: AITBC_AUTHORITY_KEY names one"},
    {"BLOCK_TIME_SECONDS", in_genesis},
    {"MIN_FEE", in_genesis},
    {"MINT_PER_UNIT", in_genesis},
    {"COORDINATOR_RATIO", in_genesis},
    {"MAX_REORG_DEPTH", in_genesis},
    {"MAX_BLOCK_SIZE_BYTES", "a rule of the chain"},
    {"MAX_TXS_PER_BLOCK", "a rule of the chain"},
    {"TRUSTED_PROPOSERS", "the authorities of the chain are trusted, and nobody else"},
    {"SYNC_VALIDATE_SIGNATURES", always},
    {"MEMPOOL_BACKEND", "the mempool is in the database"},
    {"MEMPOOL_MAX_SIZE", "a full mempool refuses, it never drops what it acknowledged"},
    {"MEMPOOL_EVICTION_INTERVAL", "a full mempool refuses, it never drops what it acknowledged"},
    {"CIRCUIT_BREAKER_THRESHOLD", no_such_part},
    {"CIRCUIT_BREAKER_TIMEOUT", no_such_part},
    {"P2P_BIND_HOST", "nodes talk over the one HTTP port"},
    {"P2P_BIND_PORT", "nodes talk over the one HTTP port"},
    {"GOSSIP_BACKEND", "nodes talk over the one HTTP port"},
    {"GOSSIP_BROADCAST_URL", "nodes talk over the one HTTP port"},
};

const NodeSetting* setting_of(std::string_view key) {
  for (const NodeSetting& setting : settings) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

Status merge(NodeSetup& setup, const NodeSettings& given) {
  for (const auto& [key, value] : given) {
    const NodeSetting* setting = setting_of(key);
    AITBC_CHECK(setting != nullptr);
    const Status done = setting->set(setup.config, value.text);
    if (!done) return at(value.source, done.error());
    setup.sources[setting->key] = value.source;
  }
  return ok();
}

// Whether the file has it; the key of an object's field has a point.
bool has_key(const rpc::Json& json, std::string_view key) {
  const std::size_t point = key.find('.');
  const auto found = json.find(std::string(key.substr(0, point)));
  if (found == json.end()) return false;
  return point == std::string_view::npos || has_key(*found, key.substr(point + 1));
}

Status check_complete(const NodeConfig& config) {
  const auto missing = [](const std::string& key, const std::string& flag, const std::string& env) {
    return error(Errc::bad_config, key + " is missing: set it in the configuration file, by " +
                                       env + " or by " + flag);
  };
  if (config.node_id.empty()) return missing("node_id", "--node-id", "AITBC_NODE_ID");
  if (config.data.empty()) return missing("data", "--data", "AITBC_DATA");
  if (config.genesis.empty()) return missing("genesis", "--genesis", "AITBC_GENESIS");
  if (config.peers.size() > limits::peers_max) {
    return error(Errc::bad_config, "peers: at most " + std::to_string(limits::peers_max));
  }
  for (std::size_t i = 0; i < config.peers.size(); ++i) {
    const std::string& peer = config.peers[i];
    if (!peer.starts_with("http://") && !peer.starts_with("https://")) {
      return error(Errc::bad_config, "peers[" + std::to_string(i) +
                                         "]: expected http[s]://HOST[:PORT], got '" + peer + "'");
    }
  }
  return ok();
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::span<const NodeSetting> node_settings() { return settings; }

Status add_listen(NodeSettings& settings, const GivenSetting& given) {
  const auto colon = given.text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return error(Errc::bad_config,
                 given.source + ": expected ADDRESS:PORT, got '" + given.text + "'");
  }
  settings.insert_or_assign("listen.address",
                            GivenSetting{given.text.substr(0, colon), given.source});
  settings.insert_or_assign("listen.port",
                            GivenSetting{given.text.substr(colon + 1), given.source});
  return ok();
}

Result<NodeSettings> settings_from(const Environment& environment) {
  NodeSettings given;
  for (const NodeSetting& setting : settings) {
    for (const std::string_view variable : {setting.predecessor, setting.variable}) {
      if (variable.empty()) continue;
      auto text = environment(std::string(variable));
      if (!text) continue;
      given.insert_or_assign(std::string(setting.key),
                             GivenSetting{*std::move(text), std::string(variable)});
    }
  }
  if (auto listen = environment("AITBC_LISTEN")) {
    AITBC_TRY(add_listen(given, {*std::move(listen), "AITBC_LISTEN"}));
  }
  return given;
}

Result<NodeSetup> load_config(const std::optional<std::string>& path,
                              const Environment& environment, const NodeSettings& flags) {
  NodeSetup setup;
  if (path) {
    AITBC_TRY_ASSIGN(const std::string text, read_file(*path, config_bytes_max));
    auto parsed = parse_config(text, folder_of(*path));
    if (!parsed) return at(*path, parsed.error());
    setup.config = std::move(parsed).value();
    AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
    for (const NodeSetting& setting : settings) {
      if (has_key(json, setting.key)) setup.sources[setting.key] = *path;
    }
  }
  AITBC_TRY_ASSIGN(const NodeSettings from_environment, settings_from(environment));
  AITBC_TRY(merge(setup, from_environment));
  AITBC_TRY(merge(setup, flags));
  for (const IgnoredVariable& variable : meaningless) {
    if (environment(std::string(variable.name))) setup.ignored.push_back(variable);
  }
  AITBC_TRY(check_complete(setup.config));
  return setup;
}

}  // namespace aitbc::cli
