#include "sites/manifest.hpp"

#include <algorithm>
#include <map>

#include "chain/core/limits.hpp"
#include "chain/core/receipt.hpp"
#include "sites/document.hpp"
#include "sites/yaml.hpp"

namespace aitbc::sites {

namespace {

auto integer_in(IntegerRange range) {
  return [range](const Value& at) { return as_integer(at, range); };
}

Result<Duration> as_seconds(const Value& at, std::uint64_t max) {
  AITBC_TRY_ASSIGN(const std::uint64_t seconds, as_integer(at, {1, max}));
  return Duration{static_cast<Duration::rep>(seconds * 1'000)};
}

Result<Amount> as_amount(const Value& at) {
  AITBC_TRY_ASSIGN(const std::uint64_t units, as_integer(at, {}));
  return Amount::from(units).value_or(Amount{});
}

// 0 to 1 with at most six decimals.
Result<std::uint32_t> as_millionths(const Value& at) {
  constexpr std::uint64_t million = limits::coordinator_ppm_max;
  const auto expected = [&] { return wrong(at, "a number from 0 to 1 of at most six decimals"); };
  if (!at.is_scalar()) return expected();
  if (at.text() == "0") return std::uint32_t{0};
  const auto value = parse_decimal(at.text());
  if (!value || value->exponent < -6) return expected();
  const auto ppm = floor_of(*value, million);
  if (!ppm || ppm->units() > million) return expected();
  return static_cast<std::uint32_t>(ppm->units());
}

constexpr std::size_t container_proxies_max = 64;

// One word that incus takes for no option: what it means is incus's to judge.
Result<std::string> as_container_word(const Value& at) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./:,%[]").find(c) != std::string_view::npos;
  };
  const bool word = at.is_scalar() && !at.text().empty() && at.text().front() != '-' &&
                    at.text().size() <= limits::manifest_text_bytes_max &&
                    std::all_of(at.text().begin(), at.text().end(), allowed);
  if (!word) return wrong(at, "one word of letters, digits and _-./:,%[]");
  return at.text();
}

// Fills one Manifest, and remembers what must be unique.
class Parser {
 public:
  explicit Parser(Manifest& manifest) : manifest_(manifest) {}

  Status parse(const Value& document);

 private:
  Status parse_site(const std::string& name, const Value& at);
  static Status parse_service(const Mapping& map, Manifest::Site& site);
  static Status parse_container(const Mapping& map, Manifest::Site& site);
  Status parse_node(const Value& at, const std::optional<std::string>& site_bind,
                    Manifest::Site& site);
  Status place_node(const Value& at, const Value& port, const Manifest::Site& site,
                    const Manifest::Node& node);
  Status parse_features(const Value& at);
  Status parse_chain(const Value& at);
  Status parse_accounts(const Value& at);
  Status parse_receipts(const Value& at);
  Status check_supply(const Value& at) const;
  void note_unused(const Mapping& mapping, std::initializer_list<const char*> keys);

  Manifest& manifest_;
  std::map<std::string, int> ids_;  // with their lines
  struct Endpoint {
    std::string host, owner;
    std::uint16_t port;
    bool any;  // listens on all addresses of its machine
  };
  std::vector<Endpoint> endpoints_;
};

void Parser::note_unused(const Mapping& mapping, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    auto& unused = manifest_.unused;
    if (mapping.find(key) && std::find(unused.begin(), unused.end(), key) == unused.end()) {
      unused.emplace_back(key);
    }
  }
}

Status Parser::parse(const Value& document) {
  AITBC_TRY_ASSIGN(const Mapping top,
                   Mapping::open(document, {"network", "environments", "shared_features", "genesis",
                                            "deployment"}));
  AITBC_TRY(top.optional("network", manifest_.network, [](const Value& at) -> Result<std::string> {
    if (!at.is_scalar() || !is_network_name(at.text())) {
      return wrong(at, "1 to 64 of a-z 0-9 - . _ that begin with a letter or digit");
    }
    return at.text();
  }));
  manifest_.chain.faucet_balance = *Amount::from(1'000'000'000'000);
  manifest_.chain.minting = {*Amount::from(1'000), 50'000, *Amount::from(1'000'000'000'000), {}};
  if (const Value* at = top.find("shared_features")) AITBC_TRY(parse_features(*at));
  if (const Value* at = top.find("genesis")) AITBC_TRY(parse_chain(*at));
  note_unused(top, {"deployment"});

  AITBC_TRY_ASSIGN(const Value* environments, top.need("environments"));
  AITBC_TRY_ASSIGN(const Mapping sites, Mapping::open(*environments));
  if (sites.keys().size() > limits::network_sites_max) return wrong(*environments, "fewer sites");
  for (const std::string& key : sites.keys()) AITBC_TRY(parse_site(key, *sites.find(key)));
  if (manifest_.node_count() > limits::network_nodes_max) {
    return bad(*environments, "expected at most " + std::to_string(limits::network_nodes_max) +
                                  " nodes, got " + std::to_string(manifest_.node_count()));
  }
  if (manifest_.authority_count() == 0) {
    return bad(*environments, "expected at least one active node that is an authority, got none");
  }
  return ok();
}

Status Parser::parse_features(const Value& at) {
  AITBC_TRY_ASSIGN(
      const Mapping map,
      Mapping::open(at, {"consensus", "block_interval_seconds", "tail_guard_ms",
                         "transaction_dependent_blocks", "rpc_mempool_polling", "cross_site_sync",
                         "cross_site_sync_interval", "poll_only", "p2p_connected", "log_level"}));
  Manifest::Features& features = manifest_.features;
  std::string consensus;
  AITBC_TRY(map.optional("consensus", consensus,
                         [](const Value& value) { return as_word(value, {"PoA"}); }));
  AITBC_TRY(map.optional("block_interval_seconds", features.block_interval,
                         [](const Value& value) { return as_seconds(value, 600); }));
  // A quarter of a slot: 500 ms of the usual two seconds.
  features.tail_guard = features.block_interval / 4;
  std::uint64_t guard_ms = static_cast<std::uint64_t>(features.tail_guard.count());
  const auto guard_max = static_cast<std::uint64_t>(features.block_interval.count()) - 1;
  AITBC_TRY(map.optional("tail_guard_ms", guard_ms, integer_in({0, guard_max})));
  features.tail_guard = Duration{static_cast<Duration::rep>(guard_ms)};
  bool on_demand = true;
  AITBC_TRY(map.optional("transaction_dependent_blocks", on_demand, as_boolean));
  if (!on_demand) {
    return bad(*map.find("transaction_dependent_blocks"),
               "expected true, got false: blocks without transactions are not supported, an idle "
               "network seals nothing");
  }
  AITBC_TRY(map.optional("cross_site_sync", features.sync, as_boolean));
  AITBC_TRY(map.optional("cross_site_sync_interval", features.sync_interval,
                         [](const Value& value) { return as_seconds(value, 3'600); }));
  AITBC_TRY(map.optional("poll_only", features.poll_only, as_boolean));
  AITBC_TRY(map.optional("log_level", features.log_level, [](const Value& value) {
    return as_word(value, {"debug", "info", "warn", "error"});
  }));
  bool ignored = false;
  AITBC_TRY(map.optional("rpc_mempool_polling", ignored, as_boolean));
  AITBC_TRY(map.optional("p2p_connected", ignored, as_boolean));
  note_unused(map, {"rpc_mempool_polling", "p2p_connected"});
  return ok();
}

Status Parser::parse_chain(const Value& at) {
  AITBC_TRY_ASSIGN(const Mapping map,
                   Mapping::open(at, {"chain_id", "devnet", "fee_min", "quorum", "depth_max",
                                      "faucet_balance", "accounts", "receipts"}));
  Manifest::Chain& chain = manifest_.chain;
  AITBC_TRY(map.optional("chain_id", chain.id, [](const Value& value) -> Result<std::string> {
    if (!value.is_scalar() || !is_network_name(value.text())) {
      return wrong(value, "1 to 64 of a-z 0-9 - . _ that begin with a letter or digit");
    }
    return value.text();
  }));
  AITBC_TRY(map.optional("devnet", chain.devnet, as_boolean));
  AITBC_TRY(map.optional("fee_min", chain.fee_min, as_amount));
  std::string quorum(name(chain.quorum));
  AITBC_TRY(map.optional("quorum", quorum, [](const Value& value) {
    return as_word(value, {"majority", "bft"});
  }));
  chain.quorum = parse_quorum(quorum).value();
  AITBC_TRY(map.optional("depth_max", chain.depth_max, [](const Value& value) {
    return as_integer(value, {1, limits::depth_max_max});
  }));
  if (!chain.devnet) chain.faucet_balance = chain.minting.reserve = Amount{};
  AITBC_TRY(map.optional("faucet_balance", chain.faucet_balance, as_amount));
  if (!chain.devnet && chain.faucet_balance != Amount{}) {
    return wrong(*map.find("faucet_balance"), "0: only a devnet has a faucet");
  }
  if (const Value* receipts = map.find("receipts")) AITBC_TRY(parse_receipts(*receipts));
  if (const Value* accounts = map.find("accounts")) AITBC_TRY(parse_accounts(*accounts));
  return check_supply(at);
}

Status Parser::parse_receipts(const Value& at) {
  AITBC_TRY_ASSIGN(const Mapping map, Mapping::open(at, {"mint_per_unit", "coordinator_ratio",
                                                         "reserve", "coordinators"}));
  Minting& minting = manifest_.chain.minting;
  AITBC_TRY(map.optional("mint_per_unit", minting.mint_per_unit, as_amount));
  AITBC_TRY(map.optional("coordinator_ratio", minting.coordinator_ppm, as_millionths));
  AITBC_TRY(map.optional("reserve", minting.reserve, as_amount));
  if (const Value* keys = map.find("coordinators")) {
    AITBC_TRY_ASSIGN(const auto items, as_list(*keys, limits::coordinators_max));
    for (const Value& item : items) {
      const auto key = item.is_scalar() ? PublicKey::parse(item.text()) : std::nullopt;
      if (!key) return wrong(item, "a key of 64 hexadecimal digits");
      minting.coordinators.push_back(*key);
    }
  }
  if (minting.reserve == Amount{} && !minting.coordinators.empty()) {
    return bad(at, "expected a reserve of 1 or more, out of which receipts are paid");
  }
  if (minting.reserve != Amount{} && minting.coordinators.empty() && !manifest_.chain.devnet) {
    return bad(at, "expected coordinators: only a devnet is given one");
  }
  if (minting.reserve != Amount{} && minting.mint_per_unit == Amount{}) {
    return wrong(*map.find("mint_per_unit"), "1 or more");
  }
  return ok();
}

Status Parser::parse_accounts(const Value& at) {
  AITBC_TRY_ASSIGN(const std::vector<Value> items, as_list(at, limits::genesis_accounts_max));
  std::map<Address, Amount> accounts;
  for (const Value& item : items) {
    AITBC_TRY_ASSIGN(const Mapping map, Mapping::open(item, {"address", "balance"}));
    AITBC_TRY_ASSIGN(const Value* where, map.need("address"));
    AITBC_TRY_ASSIGN(const std::string text, as_text(*where));
    const auto address = parse_address(text);
    if (!address) return bad(*where, address.error().detail);
    AITBC_TRY_ASSIGN(const Value* how_much, map.need("balance"));
    AITBC_TRY_ASSIGN(const std::uint64_t units, as_integer(*how_much, {1, limits::supply_max}));
    if (!accounts.try_emplace(*address, Amount::from(units).value_or(Amount{})).second) {
      return bad(*where, "this address is given twice");
    }
  }
  for (const auto& [address, balance] : accounts) {
    manifest_.chain.accounts.push_back({address, balance});
  }
  return ok();
}

Status Parser::check_supply(const Value& at) const {
  auto supply = manifest_.chain.faucet_balance.plus(manifest_.chain.minting.reserve);
  for (const auto& account : manifest_.chain.accounts) {
    if (supply) supply = supply->plus(account.balance);
  }
  if (!supply) {
    return bad(at, "expected balances that add up to at most " +
                       std::to_string(limits::supply_max) + " with the faucet's and the reserve");
  }
  return ok();
}

Result<std::string> as_absolute_path(const Value& value) {
  AITBC_TRY_ASSIGN(std::string text, as_text(value));
  if (text.starts_with("/") && text.find("/../") == std::string::npos) return text;
  return bad(value, "expected an absolute path, got '" + text + "'");
}

// From what the predecessor's files say of a site.
ProviderKind derive_provider(const Manifest::Site& site) {
  if (site.access.find("incus") != std::string::npos) return ProviderKind::incus;
  if (site.access.starts_with("ssh")) return ProviderKind::ssh;
  return site.container.empty() ? ProviderKind::process : ProviderKind::incus;
}

Status Parser::parse_site(const std::string& name, const Value& at) {
  AITBC_TRY_ASSIGN(const Mapping map,
                   Mapping::open(at, {"ip", "domain", "container", "container_ip", "access",
                                      "bridge", "provider", "service", "home", "bind", "image",
                                      "limits", "proxies", "blockchain_nodes"}));
  Manifest::Site site;
  site.name = name;
  AITBC_TRY(map.optional("ip", site.address, as_address));
  AITBC_TRY(map.optional("container_ip", site.address, as_address));
  AITBC_TRY(map.optional("domain", site.domain, as_text));
  AITBC_TRY(map.optional("container", site.container, as_text));
  AITBC_TRY(map.optional("access", site.access, as_text));
  AITBC_TRY(map.optional("home", site.home, as_absolute_path));
  std::string bridge;
  AITBC_TRY(map.optional("bridge", bridge, as_text));
  note_unused(map, {"bridge"});
  site.provider = derive_provider(site);
  AITBC_TRY(map.optional("provider", site.provider, [](const Value& value) -> Result<ProviderKind> {
    AITBC_TRY_ASSIGN(const std::string word, as_word(value, {"process", "ssh", "incus"}));
    return word == "process" ? ProviderKind::process
           : word == "ssh"   ? ProviderKind::ssh
                             : ProviderKind::incus;
  }));
  AITBC_TRY(parse_service(map, site));
  AITBC_TRY(parse_container(map, site));
  std::optional<std::string> bind;
  AITBC_TRY(map.optional("bind", bind, as_address));
  if (const Value* nodes = map.find("blockchain_nodes")) {
    AITBC_TRY_ASSIGN(const std::vector<Value> items, as_list(*nodes, limits::network_nodes_max));
    for (const Value& item : items) AITBC_TRY(parse_node(item, bind, site));
  }
  manifest_.sites.push_back(std::move(site));
  return ok();
}

Status Parser::parse_service(const Mapping& map, Manifest::Site& site) {
  const Value* given = map.find("service");
  if (given == nullptr) return ok();
  if (site.provider == ProviderKind::process) {
    return bad(*given, "expected provider ssh or incus: nodes of this machine are processes of " +
                           std::string("their own; 'aitbc export systemd' writes units for them"));
  }
  AITBC_TRY_ASSIGN(const std::string word, as_word(*given, {"systemd", "none"}));
  site.service = word == "systemd" ? Manifest::Service::systemd : Manifest::Service::none;
  return ok();
}

// What only an incus site can be given.
Status Parser::parse_container(const Mapping& map, Manifest::Site& site) {
  for (const char* key : {"image", "limits", "proxies"}) {
    const Value* given = map.find(key);
    if (given != nullptr && site.provider != ProviderKind::incus) {
      return bad(*given, "expected provider incus, whose containers have it; site " + site.name +
                             " has " + std::string(name(site.provider)));
    }
  }
  AITBC_TRY(map.optional("image", site.image, as_container_word));
  if (const Value* given = map.find("limits")) {
    AITBC_TRY_ASSIGN(const Mapping limits,
                     Mapping::open(*given, {"cpu", "memory", "processes", "disk"}));
    for (const std::string& what : limits.keys()) {
      AITBC_TRY_ASSIGN(site.limits[what], as_container_word(*limits.find(what)));
    }
  }
  if (const Value* given = map.find("proxies")) {
    AITBC_TRY_ASSIGN(const std::vector<Value> items, as_list(*given, container_proxies_max));
    for (const Value& item : items) {
      AITBC_TRY_ASSIGN(const Mapping proxy, Mapping::open(item, {"listen", "connect"}));
      AITBC_TRY_ASSIGN(const Value* listen, proxy.need("listen"));
      AITBC_TRY_ASSIGN(const Value* connect, proxy.need("connect"));
      Manifest::Proxy wanted;
      AITBC_TRY_ASSIGN(wanted.listen, as_container_word(*listen));
      AITBC_TRY_ASSIGN(wanted.connect, as_container_word(*connect));
      site.proxies.push_back(std::move(wanted));
    }
  }
  return ok();
}

bool is_any(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

Status Parser::parse_node(const Value& at, const std::optional<std::string>& site_bind,
                          Manifest::Site& site) {
  AITBC_TRY_ASSIGN(const Mapping map, Mapping::open(at, {"id", "rpc_port", "p2p_port", "status",
                                                         "authority", "bind"}));
  Manifest::Node node;
  AITBC_TRY_ASSIGN(const Value* id, map.need("id"));
  if (!id->is_scalar() || !is_node_id(id->text())) {
    return wrong(*id,
                 "1 to 32 of a-z A-Z 0-9 - . _ that begin with a letter or digit, and "
                 "neither 'all' nor 'any'");
  }
  node.id = id->text();
  const auto [other, is_new] = ids_.try_emplace(node.id, id->node->line);
  if (!is_new) {
    return bad(*id, "expected an id that no other node has, got '" + node.id +
                        "', the node of line " + std::to_string(other->second));
  }
  AITBC_TRY_ASSIGN(const Value* port, map.need("rpc_port"));
  AITBC_TRY_ASSIGN(const std::uint64_t number, as_integer(*port, {1, 65'535}));
  node.port = static_cast<std::uint16_t>(number);
  std::uint64_t p2p_port = 0;
  AITBC_TRY(map.optional("p2p_port", p2p_port, integer_in({1, 65'535})));
  note_unused(map, {"p2p_port"});
  if (const Value* authority = map.find("authority");
      authority != nullptr && authority->is_scalar() && authority->text() == "candidate") {
    node.authority = false;
    node.candidate = true;
  } else {
    AITBC_TRY(map.optional("authority", node.authority, as_boolean));
  }
  std::string status = "active";
  AITBC_TRY(map.optional("status", status, [](const Value& value) {
    return as_word(value, {"active", "inactive"});
  }));

  const bool here = site.provider == ProviderKind::process;
  node.bind = site_bind.value_or(here ? "127.0.0.1" : "0.0.0.0");
  AITBC_TRY(map.optional("bind", node.bind, as_address));
  node.host = node.near_host();
  if (!here && !site.address.empty()) node.host = site.address;
  if (status == "inactive") {
    manifest_.inactive.push_back(node.id);
    return ok();
  }
  AITBC_TRY(place_node(at, *port, site, node));
  site.nodes.push_back(std::move(node));
  return ok();
}

Status Parser::place_node(const Value& at, const Value& port, const Manifest::Site& site,
                          const Manifest::Node& node) {
  if (site.provider != ProviderKind::process && site.address.empty()) {
    return bad(at, "expected an ip or container_ip of site " + site.name +
                       ", at which other sites reach its nodes; it has none");
  }
  // Two sites on this machine share its addresses.
  const std::string machine = site.provider == ProviderKind::process ? "" : site.name;
  const bool any = is_any(node.bind);
  for (const Endpoint& other : endpoints_) {
    if (other.port != node.port) continue;
    const bool same_machine = other.any || any ? other.owner.starts_with(machine + "\n") : false;
    if (other.host == node.host || same_machine) {
      return bad(port, "expected an address that no other node has, got " + node.host + " port " +
                           std::to_string(node.port) + " again, that of node " +
                           other.owner.substr(other.owner.find('\n') + 1));
    }
  }
  endpoints_.push_back({node.host, machine + "\n" + node.id, node.port, any});
  return ok();
}

}  // namespace

Result<Manifest> parse_manifest(std::string_view yaml, std::string_view source_name) {
  Manifest manifest;
  manifest.text = yaml;
  AITBC_TRY_ASSIGN(const Document document, read_yaml(manifest.text, source_name));
  AITBC_TRY(Parser(manifest).parse({&document, "", source_name}));
  return manifest;
}

}  // namespace aitbc::sites
