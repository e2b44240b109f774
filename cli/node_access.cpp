#include "cli/node_access.hpp"

#include "cli/file.hpp"
#include "cli/keys.hpp"

namespace aitbc::cli {

namespace {

constexpr std::size_t keys_file_bytes_max = 1024 * 1024;

Error bad_setting(const std::string& setting, const Error& failure) {
  return error(Errc::bad_config, setting + ": " + failure.detail);
}

bool is_for_this_machine(const std::string& address) {
  const auto numeric = rpc::IpAddress::parse(address);
  return numeric ? numeric->is_loopback() : address == "localhost";
}

}  // namespace

Result<std::vector<rpc::ApiKey>> read_api_keys(const std::string& file) {
  AITBC_TRY_ASSIGN(const std::string text, read_file(file, keys_file_bytes_max));
  auto keys = rpc::parse_api_keys(text);
  if (!keys) return bad_setting(file, keys.error());
  return keys;
}

Result<rpc::AccessRules> access_rules(const NodeConfig& config) {
  rpc::AccessRules rules;
  if (config.api_keys) {
    auto keys = read_api_keys(*config.api_keys);
    if (!keys) return bad_setting("access.keys", keys.error());
    rules.keys = *std::move(keys);
  }
  if (!is_for_this_machine(config.address) && rules.keys.empty()) {
    return error(Errc::bad_config,
                 "access.keys is missing: " + config.address +
                     " can be reached from elsewhere, so say who may ask: make a file of keys "
                     "with aitbc key create and name it here or in AITBC_API_KEYS, or listen on "
                     "127.0.0.1");
  }
  if (config.everybody) {
    rules.everybody = rpc::parse_scope(*config.everybody);
    if (!rules.everybody) {
      return error(Errc::bad_config, "access.everybody: expected read, submit or admin, got '" +
                                         *config.everybody + "'");
    }
  }
  rules.origins = config.origins;
  for (const std::string& proxy : config.proxies) {
    auto range = rpc::IpRange::parse(proxy);
    if (!range) return bad_setting("access.proxies", range.error());
    rules.proxies.push_back(*range);
  }
  rules.rate_per_minute = config.rate_per_minute;
  return rules;
}

Result<std::shared_ptr<const rpc::TlsServer>> tls_server(const NodeConfig& config) {
  if (!config.tls_certificate && !config.tls_key) return std::shared_ptr<const rpc::TlsServer>();
  if (!config.tls_certificate || !config.tls_key) {
    return error(Errc::bad_config, "tls: expected certificate and key, " +
                                       std::string(config.tls_key ? "certificate" : "key") +
                                       " is missing");
  }
  AITBC_TRY(check_secret_file("key file", *config.tls_key));
  return rpc::TlsServer::load(*config.tls_certificate, *config.tls_key);
}

}  // namespace aitbc::cli
