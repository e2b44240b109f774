#include "sites/prepare.hpp"

#include <algorithm>
#include <set>

#include "rpc/access.hpp"
#include "rpc/ip.hpp"
#include "rpc/json.hpp"

namespace aitbc::sites {

namespace {

constexpr std::size_t key_file_bytes_max = 256;

Amount account_sum(const Manifest& manifest) {
  const auto& chain = manifest.chain;
  Amount sum = chain.faucet_balance.plus(chain.minting.reserve).value_or(chain.faucet_balance);
  for (const auto& account : manifest.chain.accounts) sum = sum.plus(account.balance).value_or(sum);
  return sum;
}

std::string seconds(Duration duration) {
  const std::string whole = std::to_string(duration.count() / 1'000);
  return duration.count() % 1'000 == 0 ? whole : std::to_string(duration.count()) + " ms";
}

bool has_accounts(const Genesis& genesis, const Manifest& manifest) {
  const auto& have = genesis.allocations;
  const auto& want = manifest.chain.accounts;
  const std::size_t faucets = manifest.chain.faucet_balance == Amount{} ? 0 : 1;
  return have.size() == want.size() + faucets &&
         std::all_of(want.begin(), want.end(), [&](const Genesis::Allocation& account) {
           return std::find(have.begin(), have.end(), account) != have.end();
         });
}

// Objects are compared field by field; the names of differing fields come out with their path.
void compare(const rpc::Json& have, const rpc::Json& want, const std::string& path,
             std::string& differences) {
  if (have == want) return;
  const auto add = [&](const std::string& text) {
    differences += (differences.empty() ? "" : ", ") + text;
  };
  if (!have.is_object() || !want.is_object()) {
    const bool plain = have.is_primitive() && want.is_primitive();
    return add(plain ? path + " " + rpc::dump(have) + " -> " + rpc::dump(want) : path + " changed");
  }
  for (const auto& [key, value] : want.items()) {
    const std::string inner = path.empty() ? key : path + "." + key;
    if (have.contains(key)) {
      compare(have.at(key), value, inner, differences);
    } else {
      add(inner + " is missing");
    }
  }
  for (const auto& [key, value] : have.items()) {
    if (!want.contains(key)) add((path.empty() ? key : path + "." + key) + " is unknown");
  }
}

// Left in place, for compare(), if they are not a list of texts.
std::optional<std::set<std::string>> take_peers(rpc::Json& config) {
  if (!config.is_object() || !config.contains("peers")) return std::nullopt;
  const rpc::Json list = config["peers"];
  const auto is_text = [](const rpc::Json& each) { return each.is_string(); };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_text)) return std::nullopt;
  config.erase("peers");
  std::set<std::string> urls;
  for (const rpc::Json& url : list) urls.insert(url.get<std::string>());
  return urls;
}

std::string peers_drift(const std::set<std::string>& have, const std::set<std::string>& want) {
  std::string text;
  for (const std::string& url : want) text += have.contains(url) ? "" : " +" + url;
  for (const std::string& url : have) text += want.contains(url) ? "" : " -" + url;
  return text.empty() ? "" : "peers" + text;
}

void compare_minting(const Minting& have, const Manifest::Chain& chain,
                     std::vector<std::string>& changes) {
  const Minting& want = chain.minting;
  const auto compare_numbers = [&](const std::string& key, std::uint64_t old, std::uint64_t now) {
    if (old == now) return;
    changes.push_back("receipts." + key + ": " + std::to_string(old) + " -> " +
                      std::to_string(now));
  };
  compare_numbers("mint_per_unit", have.mint_per_unit.units(), want.mint_per_unit.units());
  compare_numbers("coordinator_ratio in millionths", have.coordinator_ppm, want.coordinator_ppm);
  compare_numbers("reserve", have.reserve.units(), want.reserve.units());
  const bool same = chain.makes_coordinator() ? have.coordinators.size() == 1
                                              : have.coordinators == want.coordinators;
  if (!same) changes.emplace_back("receipts.coordinators: other keys");
}

// From where a proxy on the node's machine asks: from the address that it asks at, or over
// loopback.
rpc::Json proxies_of(const Manifest::Node& node) {
  const auto near = rpc::IpAddress::parse(node.near_host());
  if (near && near->is_loopback()) return rpc::Json::array({"127.0.0.0/8", "::1"});
  return rpc::Json::array({node.near_host()});
}

}  // namespace

Result<KeyPair> read_key(Transport& transport, const std::filesystem::path& path) {
  AITBC_TRY_ASSIGN(std::string text, transport.get(path, key_file_bytes_max));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::array<Byte, 32> bytes{};
  if (!from_hex(text, bytes)) {
    return error(Errc::bad_config,
                 "the key file " + path.string() + " does not hold 64 hexadecimal digits");
  }
  return KeyPair(Seed(bytes));
}

Result<KeyPair> read_or_make_key(Transport& transport, const std::filesystem::path& path) {
  auto key = read_key(transport, path);
  if (key || key.error().code != Errc::not_found) return key;
  const Seed seed = random_seed();
  AITBC_TRY(transport.put(path, to_hex(seed.bytes()) + "\n", Mode::secret_file));
  return read_key(transport, path);
}

Status make_api_key(Transport& transport, const Layout& layout) {
  auto there = transport.get(layout.api_key(), limits::api_key_bytes_max);
  if (!there && there.error().code != Errc::not_found) return there.error();
  if (!there) {
    std::array<Byte, 32> random{};
    fill_random(random);
    there = rpc::api_key_text(random) + "\n";
    AITBC_TRY(transport.put(layout.api_key(), *there, Mode::secret_file));
  }
  const std::string key = there->substr(0, there->find('\n'));
  const rpc::ApiKey admin{"network", rpc::Scope::admin, rpc::digest_of_key(key)};
  const std::string keys = rpc::api_keys_json({admin}) + "\n";
  const auto known = transport.get(layout.api_keys(), limits::network_file_bytes_max);
  if (known) return ok();  // others may have been added to it
  if (known.error().code != Errc::not_found) return known.error();
  return transport.put(layout.api_keys(), keys, Mode::secret_file);
}

Result<Genesis> make_genesis(const Manifest& manifest, const GenesisKeys& keys, Time time) {
  Genesis genesis;
  genesis.chain_id = manifest.chain_id();
  genesis.time = time;
  genesis.slot = manifest.features.block_interval;
  genesis.tail_guard = manifest.features.tail_guard;
  genesis.fee_min = manifest.chain.fee_min;
  genesis.quorum = manifest.chain.quorum;
  genesis.depth_max = manifest.chain.depth_max;
  genesis.devnet = manifest.chain.devnet;
  genesis.minting = manifest.chain.minting;
  if (keys.coordinator) genesis.minting.coordinators.push_back(*keys.coordinator);
  genesis.authorities = keys.authorities;
  genesis.allocations = manifest.chain.accounts;
  if (keys.faucet) {
    genesis.allocations.push_back(
        {address_of(Policy::single(*keys.faucet)), manifest.chain.faucet_balance});
  }
  std::sort(genesis.allocations.begin(), genesis.allocations.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  AITBC_TRY(check_genesis(genesis));
  return genesis;
}

std::vector<std::string> genesis_changes(const Genesis& genesis, const Manifest& manifest,
                                         const std::vector<PublicKey>& authorities,
                                         const std::vector<std::string>& without_key,
                                         std::size_t given_up) {
  std::vector<std::string> changes;
  const auto compare_texts = [&](const std::string& key, const std::string& have,
                                 const std::string& want) {
    if (have != want) changes.push_back(key + ": " + have + " -> " + want);
  };
  const auto& features = manifest.features;
  compare_texts("chain_id", genesis.chain_id, manifest.chain_id());
  compare_texts("block_interval_seconds", seconds(genesis.slot), seconds(features.block_interval));
  compare_texts("tail_guard_ms", std::to_string(genesis.tail_guard.count()),
                std::to_string(features.tail_guard.count()));
  compare_texts("fee_min", std::to_string(genesis.fee_min.units()),
                std::to_string(manifest.chain.fee_min.units()));
  compare_texts("quorum", std::string(name(genesis.quorum)),
                std::string(name(manifest.chain.quorum)));
  compare_texts("depth_max", std::to_string(genesis.depth_max),
                std::to_string(manifest.chain.depth_max));
  compare_texts("devnet", genesis.devnet ? "true" : "false",
                manifest.chain.devnet ? "true" : "false");
  compare_minting(genesis.minting, manifest.chain, changes);
  const Amount supply = account_sum(manifest);
  compare_texts("faucet_balance, reserve and accounts together",
                std::to_string(supply_of(genesis).units()), std::to_string(supply.units()));
  if (supply == supply_of(genesis) && !has_accounts(genesis, manifest)) {
    changes.emplace_back("accounts: other addresses or balances");
  }
  compare_texts("authorities", std::to_string(genesis.authorities.size()),
                std::to_string(manifest.authority_count() + given_up));
  for (const std::string& node : without_key) {
    changes.push_back("authorities: the genesis has no key for node " + node);
  }
  for (const PublicKey& key : authorities) {
    const auto& known = genesis.authorities;
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      changes.push_back("authorities: the genesis does not have the key " + key.hex());
    }
  }
  return changes;
}

std::vector<std::string> peers_of(const Manifest& manifest, const Manifest::Node& node) {
  std::vector<std::string> urls;
  for (const Manifest::Site& site : manifest.sites) {
    for (const Manifest::Node& other : site.nodes) {
      if (other.id != node.id) urls.push_back(other.url());
    }
  }
  return urls;
}

std::string config_text(const Manifest& manifest, const Layout& layout,
                        const Manifest::Node& node) {
  rpc::Json config;
  config["node_id"] = node.id;
  const Manifest::Site* site = manifest.site_of(node.id);
  AITBC_CHECK(site != nullptr);
  config["site"] = site->name;
  config["listen"]["address"] = node.bind;
  config["listen"]["port"] = node.port;
  config["data"] = layout.data(node.id).string();
  config["genesis"] = layout.genesis().string();
  if (node.authority || node.candidate)
    config["authority_key"] = layout.authority_key(node.id).string();
  if (manifest.chain.faucet_balance != Amount{}) {
    config["faucet_key"] = layout.faucet_key().string();
  }
  if (manifest.is_reachable()) {
    config["access"]["keys"] = layout.api_keys().string();
    config["peer_access"]["api_key"] = layout.api_key().string();
  }
  if (site->is_published()) config["access"]["proxies"] = proxies_of(node);
  config["peers"] = peers_of(manifest, node);
  config["sync"]["enabled"] = manifest.features.sync;
  config["sync"]["poll_only"] = manifest.features.poll_only;
  config["sync"]["interval_s"] = manifest.features.sync_interval.count() / 1'000;
  config["log"]["level"] = manifest.features.log_level;
  return rpc::dump(config) + "\n";
}

std::string Drift::text() const {
  return others + (others.empty() || peers.empty() ? "" : ", ") + peers;
}

Drift config_drift(const std::string& on_disk, const std::string& wanted) {
  auto have = rpc::parse_json(on_disk);
  auto want = rpc::parse_json(wanted);
  AITBC_CHECK(want.has_value());
  Drift drift;
  if (!have) {
    drift.others = "its config.json cannot be read";
    return drift;
  }
  const auto had = take_peers(*have);
  if (had) drift.peers = peers_drift(*had, *take_peers(*want));
  compare(*have, *want, "", drift.others);
  return drift;
}

}  // namespace aitbc::sites
