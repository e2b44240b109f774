#include "cli/credentials.hpp"

#include "cli/keys.hpp"

namespace aitbc::cli {

Result<rpc::Credentials> read_credentials(const CredentialSources& sources) {
  rpc::Credentials credentials;
  if (sources.api_key_file) {
    AITBC_TRY_ASSIGN(credentials.api_key, read_api_key(*sources.api_key_file));
  }
  credentials.trust.ca_file = sources.ca_file;
  for (const std::string& pin : sources.pins) {
    AITBC_TRY_ASSIGN(const Hash parsed, rpc::parse_pin(pin));
    credentials.trust.pins.push_back(parsed);
  }
  return credentials;
}

}  // namespace aitbc::cli
