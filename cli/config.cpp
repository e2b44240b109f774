#include "cli/config.hpp"

#include <cstdlib>

#include "cli/file.hpp"
#include "cli/log.hpp"
#include "cli/number.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t config_bytes_max = 256 * 1024;
constexpr std::size_t path_bytes_max = 4'096;
constexpr std::size_t word_bytes_max = 256;
constexpr std::uint64_t interval_s_max = 3'600;

Error at(const std::string& source, const Error& failure) {
  return error(Errc::bad_config, source + ": " + failure.detail);
}

Duration seconds(std::uint64_t count) {
  return std::chrono::seconds{static_cast<std::int64_t>(count)};
}

// A path in the file is seen from the file's folder; an empty one stays empty.
Result<std::string> path_field(rpc::ObjectReader& reader, std::string_view name,
                               const std::string& folder) {
  AITBC_TRY_ASSIGN(const std::string path, reader.text(name, path_bytes_max));
  if (path.empty()) return error(Errc::bad_json, reader.path_of(name) + ": is empty");
  return path_from(folder, path);
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
  AITBC_TRY_ASSIGN(const auto interval, reader.optional_integer("interval_s", {1, interval_s_max}));
  config.sync = enabled.value_or(config.sync);
  config.poll_only = poll_only.value_or(config.poll_only);
  if (interval) config.poll_interval = seconds(*interval);
  return reader.finish();
}

Status read_log(rpc::ObjectReader reader, NodeConfig& config) {
  AITBC_TRY_ASSIGN(const auto level, reader.optional_text("level", word_bytes_max));
  if (level) {
    auto parsed = parse_log_level(*level);
    if (!parsed) return at(reader.path_of("level"), parsed.error());
    config.log_level = *parsed;
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
  if (reader.has("authority_key")) {
    AITBC_TRY_ASSIGN(config.authority_key, path_field(reader, "authority_key", folder));
  }
  if (reader.has("faucet_key")) {
    AITBC_TRY_ASSIGN(config.faucet_key, path_field(reader, "faucet_key", folder));
  }
  if (reader.has("peers")) {
    AITBC_TRY_ASSIGN(config.peers, reader.texts("peers", limits::peers_max, path_bytes_max));
  }
  AITBC_TRY_ASSIGN(auto sync, reader.optional_object("sync"));
  if (sync) AITBC_TRY(read_sync(std::move(*sync), config));
  AITBC_TRY_ASSIGN(auto log, reader.optional_object("log"));
  if (log) AITBC_TRY(read_log(std::move(*log), config));
  AITBC_TRY(reader.finish());
  return config;
}

Result<bool> parse_switch(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return error(Errc::bad_config, "expected true or false, got '" + text + "'");
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

Status set_listen(const std::string& text, NodeConfig& config) {
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return error(Errc::bad_config, "expected ADDRESS:PORT, got '" + text + "'");
  }
  AITBC_TRY_ASSIGN(const std::uint64_t port,
                   parse_number(std::string_view(text).substr(colon + 1), "port", {0, 65'535}));
  config.address = text.substr(0, colon);
  config.port = static_cast<std::uint16_t>(port);
  return ok();
}

// The names under which a source knows the settings, for its errors.
struct SourceNames {
  std::string listen, interval, log_level;
};

Status merge(NodeConfig& config, const NodeSettings& given, const SourceNames& names) {
  if (given.node_id) config.node_id = *given.node_id;
  if (given.data) config.data = *given.data;
  if (given.genesis) config.genesis = *given.genesis;
  if (given.authority_key) config.authority_key = given.authority_key;
  if (given.faucet_key) config.faucet_key = given.faucet_key;
  if (given.peers) config.peers = *given.peers;
  config.sync = given.sync.value_or(config.sync);
  config.poll_only = given.poll_only.value_or(config.poll_only);
  if (given.listen) {
    const Status done = set_listen(*given.listen, config);
    if (!done) return at(names.listen, done.error());
  }
  if (given.interval_s) {
    AITBC_TRY_ASSIGN(const std::uint64_t count,
                     parse_number(*given.interval_s, names.interval, {1, interval_s_max}));
    config.poll_interval = seconds(count);
  }
  if (given.log_level) {
    const auto level = parse_log_level(*given.log_level);
    if (!level) return at(names.log_level, level.error());
    config.log_level = *level;
  }
  return ok();
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
    if (config.peers[i].rfind("http://", 0) != 0) {
      return error(Errc::bad_config, "peers[" + std::to_string(i) +
                                         "]: expected http://HOST[:PORT], got '" + config.peers[i] +
                                         "'");
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

Result<NodeSettings> settings_from(const Environment& environment) {
  NodeSettings given;
  given.node_id = environment("AITBC_NODE_ID");
  given.listen = environment("AITBC_LISTEN");
  given.data = environment("AITBC_DATA");
  given.genesis = environment("AITBC_GENESIS");
  given.authority_key = environment("AITBC_AUTHORITY_KEY");
  given.faucet_key = environment("AITBC_FAUCET_KEY");
  given.interval_s = environment("AITBC_SYNC_INTERVAL_S");
  given.log_level = environment("AITBC_LOG_LEVEL");
  if (const auto peers = environment("AITBC_PEERS")) given.peers = split_at_commas(*peers);
  for (const auto& [name, setting] :
       {std::pair<std::string, std::optional<bool>*>{"AITBC_SYNC", &given.sync},
        {"AITBC_POLL_ONLY", &given.poll_only}}) {
    const auto text = environment(name);
    if (!text) continue;
    const auto on = parse_switch(*text);
    if (!on) return at(name, on.error());
    *setting = *on;
  }
  return given;
}

Result<NodeConfig> parse_config(std::string_view text, const std::string& folder) {
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(auto reader, rpc::ObjectReader::open(json));
  return read_config(std::move(reader), folder);
}

Result<NodeConfig> load_config(const std::optional<std::string>& path,
                               const Environment& environment, const NodeSettings& flags) {
  NodeConfig config;
  if (path) {
    AITBC_TRY_ASSIGN(const std::string text, read_file(*path, config_bytes_max));
    auto parsed = parse_config(text, folder_of(*path));
    if (!parsed) return at(*path, parsed.error());
    config = std::move(parsed).value();
  }
  AITBC_TRY_ASSIGN(const NodeSettings from_environment, settings_from(environment));
  AITBC_TRY(merge(config, from_environment,
                  {"AITBC_LISTEN", "AITBC_SYNC_INTERVAL_S", "AITBC_LOG_LEVEL"}));
  AITBC_TRY(merge(config, flags, {"--listen", "--interval", "--log-level"}));
  AITBC_TRY(check_complete(config));
  return config;
}

}  // namespace aitbc::cli
