#pragma once
// What a client shows of itself and whom it believes, from where people put it: files, and for the
// fingerprints of certificates the words themselves. Main thread only.

#include <optional>
#include <string>
#include <vector>

#include "rpc/credentials.hpp"

namespace aitbc::cli {

struct CredentialSources {
  std::optional<std::string> api_key_file;  // one line, for its owner's eyes alone
  std::optional<std::string> ca_file;       // PEM
  std::vector<std::string> pins;
};

// bad_config, naming the file or the pin.
Result<rpc::Credentials> read_credentials(const CredentialSources&);

}  // namespace aitbc::cli
