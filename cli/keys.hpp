#pragma once
// Secrets in files of their own, readable by their owner alone: a key file holds the 32 bytes of a
// seed as 64 hexadecimal digits, a phrase file the words of a phrase. They never pass through a
// flag, an environment variable or a log. Main thread only.

#include <string>
#include <vector>

#include "cli/phrase.hpp"

namespace aitbc::cli {

// bad_config if others than its owner may read it; `what` names the file in the error.
Status check_secret_file(const std::string& what, const std::string& path);

// The key of an HTTP interface: one line, likewise its owner's alone.
Result<std::string> read_api_key(const std::string& path);

// bad_config unless the file holds one seed and nobody but its owner may read it.
Result<KeyPair> read_key_file(const std::string& path);
Status write_key_file(const std::string& path, const Seed& seed);

// Likewise, and as Phrase::parse() says.
Result<Phrase> read_phrase_file(const std::string& path);
Status write_phrase_file(const std::string& path, const Phrase& phrase);

// 64 lower-case hexadecimal digits that are a valid key.
Result<PublicKey> parse_public_key(std::string_view text);
Result<std::vector<PublicKey>> parse_public_keys(const std::vector<std::string>& texts);

}  // namespace aitbc::cli
