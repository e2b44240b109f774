#include "cli/config.hpp"
#include "cli/file.hpp"
#include "cli/log.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t path_bytes_max = 4'096;
constexpr std::size_t word_bytes_max = 256;

// A path in the file is seen from the file's folder; an empty one stays empty.
Result<std::string> path_field(rpc::ObjectReader& reader, std::string_view name,
                               const std::string& folder) {
  AITBC_TRY_ASSIGN(const std::string path, reader.text(name, path_bytes_max));
  if (path.empty()) return error(Errc::bad_json, reader.path_of(name) + ": is empty");
  return path_from(folder, path);
}

Result<std::optional<std::string>> optional_path(rpc::ObjectReader& reader, std::string_view name,
                                                 const std::string& folder) {
  if (!reader.has(name)) return std::optional<std::string>();
  AITBC_TRY_ASSIGN(std::string path, path_field(reader, name, folder));
  return std::optional(std::move(path));
}

Status read_listen(rpc::ObjectReader reader, NodeConfig& config) {
  AITBC_TRY_ASSIGN(config.address, reader.text("address", word_bytes_max));
  AITBC_TRY_ASSIGN(const std::uint64_t port, reader.integer("port", {0, 65'535}));
  config.port = static_cast<std::uint16_t>(port);
  return reader.finish();
}

Status read_sync(rpc::ObjectReader reader, NodeConfig& config) {
  AITBC_TRY_ASSIGN(const auto enabled, reader.optional_boolean("enabled"));
  AITBC_TRY_ASSIGN(const auto poll_only, reader.optional_boolean("poll_only"));
  AITBC_TRY_ASSIGN(const auto interval,
                   reader.optional_integer("interval_s", {1, limits::sync_interval_s_max}));
  config.sync = enabled.value_or(config.sync);
  config.poll_only = poll_only.value_or(config.poll_only);
  if (interval) config.poll_interval = std::chrono::seconds(static_cast<std::int64_t>(*interval));
  return reader.finish();
}

Status read_log(rpc::ObjectReader reader, NodeConfig& config) {
  AITBC_TRY_ASSIGN(const auto level, reader.optional_text("level", word_bytes_max));
  if (level) {
    auto parsed = parse_log_level(*level);
    if (!parsed) {
      return error(Errc::bad_config, reader.path_of("level") + ": " + parsed.error().detail);
    }
    config.log_level = *parsed;
  }
  return reader.finish();
}

Status read_access(rpc::ObjectReader reader, const std::string& folder, NodeConfig& config) {
  AITBC_TRY_ASSIGN(config.api_keys, optional_path(reader, "keys", folder));
  AITBC_TRY_ASSIGN(config.everybody, reader.optional_text("everybody", word_bytes_max));
  if (reader.has("origins")) {
    AITBC_TRY_ASSIGN(config.origins, reader.texts("origins", limits::origins_max, path_bytes_max));
  }
  if (reader.has("proxies")) {
    AITBC_TRY_ASSIGN(config.proxies, reader.texts("proxies", limits::proxies_max, word_bytes_max));
  }
  AITBC_TRY_ASSIGN(const auto rate,
                   reader.optional_integer("rate_per_minute", {0, limits::rate_per_minute_max}));
  if (rate) config.rate_per_minute = static_cast<std::uint32_t>(*rate);
  AITBC_TRY_ASSIGN(config.audit, optional_path(reader, "audit", folder));
  return reader.finish();
}

Status read_tls(rpc::ObjectReader reader, const std::string& folder, NodeConfig& config) {
  AITBC_TRY_ASSIGN(config.tls_certificate, optional_path(reader, "certificate", folder));
  AITBC_TRY_ASSIGN(config.tls_key, optional_path(reader, "key", folder));
  return reader.finish();
}

Status read_peer_access(rpc::ObjectReader reader, const std::string& folder, NodeConfig& config) {
  CredentialSources& sources = config.peer_access;
  AITBC_TRY_ASSIGN(sources.api_key_file, optional_path(reader, "api_key", folder));
  AITBC_TRY_ASSIGN(sources.ca_file, optional_path(reader, "ca", folder));
  if (reader.has("pins")) {
    AITBC_TRY_ASSIGN(sources.pins, reader.texts("pins", limits::peers_max, word_bytes_max));
  }
  return reader.finish();
}

Result<NodeConfig> read_config(rpc::ObjectReader reader, const std::string& folder) {
  NodeConfig config;
  AITBC_TRY_ASSIGN(config.node_id, reader.text("node_id", word_bytes_max));
  AITBC_TRY_ASSIGN(const auto site, reader.optional_text("site", word_bytes_max));
  config.site = site.value_or("");
  AITBC_TRY_ASSIGN(auto listen, reader.object("listen"));
  AITBC_TRY(read_listen(std::move(listen), config));
  AITBC_TRY_ASSIGN(config.data, path_field(reader, "data", folder));
  AITBC_TRY_ASSIGN(config.genesis, path_field(reader, "genesis", folder));
  if (reader.has("chain_id")) {
    AITBC_TRY_ASSIGN(config.chain_id, reader.text("chain_id", limits::chain_id_bytes_max));
  }
  AITBC_TRY_ASSIGN(config.authority_key, optional_path(reader, "authority_key", folder));
  AITBC_TRY_ASSIGN(config.faucet_key, optional_path(reader, "faucet_key", folder));
  if (reader.has("peers")) {
    AITBC_TRY_ASSIGN(config.peers, reader.texts("peers", limits::peers_max, path_bytes_max));
  }
  AITBC_TRY_ASSIGN(auto sync, reader.optional_object("sync"));
  if (sync) AITBC_TRY(read_sync(std::move(*sync), config));
  AITBC_TRY_ASSIGN(auto log, reader.optional_object("log"));
  if (log) AITBC_TRY(read_log(std::move(*log), config));
  AITBC_TRY_ASSIGN(auto access, reader.optional_object("access"));
  if (access) AITBC_TRY(read_access(std::move(*access), folder, config));
  AITBC_TRY_ASSIGN(auto tls, reader.optional_object("tls"));
  if (tls) AITBC_TRY(read_tls(std::move(*tls), folder, config));
  AITBC_TRY_ASSIGN(auto peer_access, reader.optional_object("peer_access"));
  if (peer_access) AITBC_TRY(read_peer_access(std::move(*peer_access), folder, config));
  AITBC_TRY(reader.finish());
  return config;
}

}  // namespace

Result<NodeConfig> parse_config(std::string_view text, const std::string& folder) {
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(json));
  return read_config(std::move(reader), folder);
}

}  // namespace aitbc::cli
