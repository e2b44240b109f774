#pragma once
// The network file, parsed: which sites there are, which nodes they run, and the rules of their
// chain. A Manifest that exists is consistent: every node has an id and an address of its own, at
// least one node is an authority, every number is within its range. A plain value; the parser and
// its templates may be used from any thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/genesis.hpp"

namespace aitbc::sites {

// How a site's machine is reached and how processes are run on it.
enum class ProviderKind { process, ssh, incus };
std::string_view name(ProviderKind);

struct Manifest {
  struct Node {
    std::string id;    // also the name of its folder
    std::string bind;  // the numeric address it listens on
    std::string host;  // the address at which other nodes reach it
    std::uint16_t port = 0;
    bool authority = true;   // has a key that seals blocks from the genesis on
    bool candidate = false;  // has a key that the authorities may add later

    std::string url() const;        // http://host:port, an IPv6 host in brackets
    bool is_reachable() const;      // from elsewhere than its own machine
    std::string near_host() const;  // the address at which programs of its own machine reach it
  };

  // Whether nodes are units of systemd: where there is one, always, or never.
  enum class Service { any, systemd, none };

  struct Proxy {
    std::string listen, connect;  // "tcp:ADDRESS:PORT", as incus takes them
  };

  struct Site {
    std::string name;
    ProviderKind provider = ProviderKind::process;
    std::string address;  // ip or container_ip
    std::string domain;
    std::string container;
    // Of an incus container: what to make it of if there is none, and what it may use: cpu, memory,
    // processes, disk, in incus's words.
    std::string image;
    std::map<std::string, std::string> limits;
    std::vector<Proxy> proxies;
    std::string access;
    std::string home;         // of the networks there; empty: ~/.aitbc of the user there
    Service service = Service::any;
    std::vector<Node> nodes;  // may be empty: a host that only carries another site

    // A proxy of its machine is in front of its nodes, under its domain.
    bool is_published() const { return !domain.empty() && !nodes.empty(); }
  };

  struct Features {
    Duration block_interval{2'000};
    Duration tail_guard{500};
    bool sync = true;
    bool poll_only = false;  // no long polls: peers are asked every sync_interval
    Duration sync_interval{10'000};
    std::string log_level = "info";
  };

  struct Chain {
    std::string id;  // empty: the network's name, see chain_id()
    bool devnet = true;
    Amount fee_min;
    Quorum quorum = Quorum::majority;
    std::uint64_t depth_max = Genesis{}.depth_max;
    Amount faucet_balance;  // zero where the chain is no devnet: it has no faucet
    std::vector<Genesis::Allocation> accounts;  // ascending by address
    Minting minting;                            // without the coordinator that `up` makes

    // A devnet that names no coordinator is given one, as it is given a faucet.
    bool makes_coordinator() const {
      return minting.coordinators.empty() && minting.reserve != Amount{};
    }
  };

  std::string network = "ait-devnet";
  std::vector<Site> sites;
  Features features;
  Chain chain;
  std::vector<std::string> unused;    // keys that do nothing any more, each once
  std::vector<std::string> inactive;  // ids of nodes that the file switches off
  std::string text;                   // the file as it was read

  const Node* find(std::string_view node) const;
  const Site* site_of(std::string_view node) const;
  std::size_t node_count() const;
  std::size_t authority_count() const;
  bool is_reachable() const;  // any of its nodes, if by a proxy; then they ask for a key
  const std::string& chain_id() const { return chain.id.empty() ? network : chain.id; }
};

// bad_manifest with "FILE:LINE:COLUMN: path.to.the.key: expected ..., got ...". Unknown keys, keys
// given twice and values of another type are errors.
Result<Manifest> parse_manifest(std::string_view yaml, std::string_view source_name);

// Whether a text can name a network or a node: it becomes a folder's name and part of URLs.
bool is_network_name(std::string_view text);
bool is_node_id(std::string_view text);

// The network files that are built in, by name: "default" is what `up` takes when no file is named.
std::vector<std::string_view> network_templates();
std::optional<std::string_view> network_template(std::string_view name);

// "10.0.0.1:8082", "[::1]:8082".
std::string endpoint_text(const std::string& host, std::uint16_t port);

struct Note {
  enum class Kind { note, warning };
  Kind kind = Kind::note;
  std::string text;
};
// What a correct file may still be told: keys without effect, and what the network survives.
std::vector<Note> lint(const Manifest&);

}  // namespace aitbc::sites
