#pragma once
// Key files: the 32 bytes of a seed as 64 hexadecimal digits, readable by their owner alone. The
// secret never passes through a flag, an environment variable or a log. Main thread only.

#include <string>

#include "chain/core/crypto.hpp"

namespace aitbc::cli {

// bad_config if others than its owner may read it.
Status check_secret_file(const std::string& path);
// The one line of a file that nobody but its owner may read; bad_config otherwise.
Result<std::string> read_secret_line(const std::string& path);

// bad_config unless the file holds one seed and nobody but its owner may read it.
Result<KeyPair> read_key_file(const std::string& path);
Status write_key_file(const std::string& path, const Seed& seed);

// 64 lower-case hexadecimal digits that are a valid key.
Result<PublicKey> parse_public_key(std::string_view text);

}  // namespace aitbc::cli
