#include "sites/network.hpp"

#include <algorithm>
#include <system_error>

#include "chain/core/limits.hpp"
#include "rpc/native.hpp"
#include "sites/lock.hpp"
#include "sites/prepare.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

std::string_view name(Step::Action action) {
  switch (action) {
    case Step::Action::create:
      return "create";
    case Step::Action::start:
      return "start";
    case Step::Action::restart:
      return "restart";
    case Step::Action::remove:
      return "remove";
    case Step::Action::keep:
      return "keep";
  }
  AITBC_CHECK(false && "an Action outside its enumerators");
}

std::size_t Plan::changes() const {
  return static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), [](const Step& step) {
    return step.action != Step::Action::keep;
  }));
}

Result<Network> Network::make(const fs::path& home, Manifest manifest, Providers& providers,
                              Clock& clock) {
  AITBC_TRY_ASSIGN(Layout layout, Layout::make(home, manifest.network));
  return Network(std::move(layout), std::move(manifest), providers, clock);
}

Result<Network> Network::load(const fs::path& home, const std::string& network,
                              Providers& providers, Clock& clock) {
  AITBC_TRY_ASSIGN(Layout layout, Layout::make(home, network));
  Transport& files = providers.here().transport;
  const auto text = files.get(layout.manifest(), limits::manifest_bytes_max);
  if (!text && text.error().code == Errc::not_found) {
    return error(Errc::not_found, "there is no network " + network + " in " + home.string() +
                                      "; 'aitbc up' makes one");
  }
  if (!text) return text.error();
  AITBC_TRY_ASSIGN(Manifest manifest, parse_manifest(*text, layout.manifest().string()));
  manifest.network = network;  // it may have been given another name than its file says
  return Network(std::move(layout), std::move(manifest), providers, clock);
}

Result<rpc::Credentials> Network::credentials() const {
  if (!manifest_.is_reachable()) return rpc::Credentials();
  Transport& files = providers_.here().transport;
  auto key = files.get(layout_.api_key(), limits::api_key_bytes_max);
  if (!key && key.error().code == Errc::not_found) return rpc::Credentials();  // made by up()
  if (!key) return key.error();
  return rpc::Credentials{key->substr(0, key->find('\n')), {}};
}

Result<rpc::Client> Network::client_of(const std::string& url, Duration patience) const {
  AITBC_TRY_ASSIGN(rpc::Credentials own, credentials());
  return rpc::Client::open(url, {patience, patience}, std::move(own));
}

Result<Genesis> read_genesis(const Layout& layout, Transport& files) {
  AITBC_TRY_ASSIGN(const std::string text, files.get(layout.genesis(), limits::genesis_bytes_max));
  auto genesis = rpc::parse_genesis(text);
  if (genesis) return genesis;
  return error(Errc::bad_config, layout.genesis().string() + ": " + genesis.error().detail);
}

Result<std::vector<Network::Member>> Network::members() {
  std::vector<Member> members;
  for (const Manifest::Site& site : manifest_.sites) {
    if (site.nodes.empty()) continue;
    AITBC_TRY_ASSIGN(const Provider provider, providers_.provider_for(site));
    for (const Manifest::Node& node : site.nodes) members.push_back({site, node, provider});
  }
  return members;
}

NodeSpec Network::spec_of(const std::string& node, const std::string& program) const {
  return {layout_.node(node), program, node_arguments(layout_.config(node))};
}

// ---- plan ---------------------------------------------------------------------------------------

std::vector<std::string> Network::removed_nodes() const {
  std::vector<std::string> removed;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(layout_.nodes(), failed)) {
    const std::string id = entry.path().filename().string();
    if (manifest_.find(id) == nullptr) removed.push_back(id);
  }
  std::sort(removed.begin(), removed.end());
  return removed;
}

Status Network::check_genesis_fits(const std::vector<Member>& members,
                                   const Genesis& genesis) const {
  std::vector<PublicKey> keys;
  std::vector<std::string> without_key;
  for (const Member& member : members) {
    if (!member.node.authority) continue;
    const auto key = read_key(member.provider.transport, layout_.authority_key(member.node.id));
    if (key) {
      keys.push_back(key->public_key());
    } else if (key.error().code == Errc::not_found) {
      without_key.push_back(member.node.id);
    } else {
      return key.error();
    }
  }
  const auto changes = genesis_changes(genesis, manifest_, keys, without_key);
  if (changes.empty()) return ok();
  std::string list;
  for (const std::string& change : changes) list += (list.empty() ? "" : "; ") + change;
  return error(Errc::bad_manifest, "the network file asks for another genesis than chain " +
                                       genesis.chain_id + " began with (" + list +
                                       "). A genesis never changes: take the change back, or "
                                       "'down --purge' first to begin a new chain");
}

Result<Step> Network::step_for(const Member& member) {
  Step step{Step::Action::keep, member.site.name, member.node.id, "unchanged"};
  const auto act = [&](Step::Action action, std::string why) {
    step.action = action;
    step.why = std::move(why);
    return step;
  };
  const auto on_disk =
      member.provider.transport.get(layout_.config(member.node.id), limits::network_file_bytes_max);
  if (!on_disk && on_disk.error().code == Errc::not_found) {
    return act(Step::Action::create, "new");
  }
  if (!on_disk) return on_disk.error();
  const std::string drift = config_drift(*on_disk, config_text(manifest_, layout_, member.node));
  AITBC_TRY_ASSIGN(const RunState state, member.provider.supervisor.state(spec_of(member.node.id)));
  if (state == RunState::stopped) {
    return act(Step::Action::start, drift.empty() ? "not running" : "not running; " + drift);
  }
  if (!drift.empty()) return act(Step::Action::restart, drift);
  if (state == RunState::paused) return act(Step::Action::start, "paused");
  return step;
}

Result<Plan> Network::plan_for(const std::vector<Member>& members) {
  Plan plan;
  const auto genesis = read_genesis(layout_, providers_.here().transport);
  if (!genesis && genesis.error().code != Errc::not_found) return genesis.error();
  plan.new_genesis = !genesis.has_value();
  if (genesis) AITBC_TRY(check_genesis_fits(members, *genesis));
  std::error_code ignored;
  for (const Member& member : members) {
    const fs::path data = layout_.data(member.node.id);
    if (plan.new_genesis && fs::exists(data, ignored)) {
      return error(Errc::bad_config, layout_.genesis().string() + " is missing, but " +
                                         data.string() +
                                         " holds a chain: put the file back, or "
                                         "'down --purge' to begin a new one");
    }
    AITBC_TRY_ASSIGN(Step step, step_for(member));
    plan.steps.push_back(std::move(step));
  }
  for (const std::string& id : removed_nodes()) {
    plan.steps.push_back({Step::Action::remove, "", id, "not in the network file"});
  }
  return plan;
}

Result<Plan> Network::plan() {
  AITBC_TRY_ASSIGN(const auto everyone, members());
  return plan_for(everyone);
}

// ---- purge --------------------------------------------------------------------------------------

Status purge(const fs::path& home, const std::string& network, Providers& providers) {
  AITBC_TRY_ASSIGN(const Layout layout, Layout::make(home, network));
  const Provider here = providers.here();
  std::error_code failed;
  if (!fs::exists(layout.root().parent_path(), failed)) return ok();
  AITBC_TRY_ASSIGN(NetworkLock lock, NetworkLock::take(layout));
  AITBC_TRY(here.supervisor.kill_all_in(layout.root()));
  AITBC_TRY(here.transport.remove_tree(layout.purged()));
  // Renamed first: what a killed purge leaves can never be taken for a network.
  if (fs::exists(layout.root(), failed)) {
    AITBC_TRY(here.transport.rename(layout.root(), layout.purged()));
    AITBC_TRY(here.transport.remove_tree(layout.purged()));
  }
  std::move(lock).remove();
  return ok();
}

}  // namespace aitbc::sites
