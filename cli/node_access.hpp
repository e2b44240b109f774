#pragma once
// Who may reach a node and what for, from its configuration. Main thread only.

#include <memory>

#include "cli/config.hpp"
#include "rpc/access.hpp"
#include "rpc/tls.hpp"

namespace aitbc::cli {

// bad_config names the file, io.
Result<std::vector<rpc::ApiKey>> read_api_keys(const std::string& file);

// Reads the file of keys. bad_config names the setting that is wrong or missing: a node that can be
// reached from elsewhere must know who may ask.
Result<rpc::AccessRules> access_rules(const NodeConfig&);

// nullptr without a certificate.
Result<std::shared_ptr<const rpc::TlsServer>> tls_server(const NodeConfig&);

}  // namespace aitbc::cli
