#pragma once
// What the files of a network must hold: keys, the genesis, each node's config. Keys are made where
// they are kept and never leave; the genesis is made once. One thread; the caller has the lock.

#include <optional>
#include <string>
#include <vector>

#include "chain/core/crypto.hpp"
#include "chain/core/genesis.hpp"
#include "sites/layout.hpp"
#include "sites/manifest.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites {

// not_found, or bad_config if the file does not hold 64 hexadecimal digits.
Result<KeyPair> read_key(Transport&, const std::filesystem::path&);
// Makes a random one if there is none.
Result<KeyPair> read_or_make_key(Transport&, const std::filesystem::path&);
// The key that a network's nodes show each other, and the file of keys that they let in, if they
// are not there yet.
Status make_api_key(Transport&, const Layout&);

struct GenesisKeys {
  std::vector<PublicKey> authorities;  // in the order of the network file
  std::optional<PublicKey> faucet;
  std::optional<PublicKey> coordinator;  // where the network file names none
};
Result<Genesis> make_genesis(const Manifest&, const GenesisKeys&, Time);

// What the network file asks for and the genesis does not have, e.g. "block_interval_seconds: 2 ->
// 3". `authorities` are the keys that are there; a node without one is named by `without_key`, and
// of those of the genesis `given_up` are in no file any more.
std::vector<std::string> genesis_changes(const Genesis&, const Manifest&,
                                         const std::vector<PublicKey>& authorities,
                                         const std::vector<std::string>& without_key,
                                         std::size_t given_up = 0);

std::string config_text(const Manifest&, const Layout&, const Manifest::Node&);
// Whom the node follows, by base URL.
std::vector<std::string> peers_of(const Manifest&, const Manifest::Node&);

// In what a config on disk differs from the one that is wanted; empty where it does not. In which
// order the peers stand is no difference.
struct Drift {
  std::string peers;   // e.g. "peers +http://a:1 -http://b:2"; a running node can be told of these
  std::string others;  // e.g. "listen.port 8081 -> 8091"; of these only a new start makes use
  std::string text() const;
};
Drift config_drift(const std::string& on_disk, const std::string& wanted);

}  // namespace aitbc::sites
