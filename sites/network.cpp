#include "sites/network.hpp"

#include <algorithm>
#include <system_error>

#include "chain/core/limits.hpp"
#include "rpc/native.hpp"
#include "sites/lock.hpp"
#include "sites/parallel.hpp"
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

Result<std::vector<Network::Member>> Network::members_of(const Manifest::Site& site) {
  std::vector<Member> members;
  if (site.nodes.empty()) return members;
  AITBC_TRY_ASSIGN(const Provider provider, providers_.provider_for(site));
  const Layout layout = provider.home.empty() ? layout_ : layout_.below(provider.home);
  for (const Manifest::Node& node : site.nodes) members.push_back({site, node, provider, layout});
  return members;
}

Result<std::vector<Network::Member>> Network::members() {
  std::vector<Result<std::vector<Member>>> of_sites(manifest_.sites.size(), std::vector<Member>());
  at_once(of_sites.size(), [&](std::size_t i) { of_sites[i] = members_of(manifest_.sites[i]); });
  std::vector<Member> members;
  for (auto& found : of_sites) {
    if (!found) return found.error();
    for (const Member& member : *found) members.push_back(member);
  }
  return members;
}

Result<Network::Place> Network::place_of(const std::string& node) {
  const Manifest::Site* site = manifest_.site_of(node);
  if (site == nullptr) {
    return error(Errc::not_found, "network " + manifest_.network + " has no node " + node);
  }
  AITBC_TRY_ASSIGN(const auto found, members_of(*site));
  return Place{found.front().provider, found.front().layout};
}

std::vector<const Network::Member*> Network::machines(const std::vector<Member>& members) {
  std::vector<const Member*> machines;
  for (const Member& member : members) {
    const bool known = std::any_of(machines.begin(), machines.end(), [&](const Member* other) {
      return &other->provider.transport == &member.provider.transport;
    });
    if (!known) machines.push_back(&member);
  }
  return machines;
}

NodeSpec Network::spec_of(const Provider& provider, const Layout& layout, const std::string& node) {
  return {layout.node(node), provider.program, node_arguments(layout.config(node))};
}

// ---- plan ---------------------------------------------------------------------------------------

// Also on machines that only the last network file had.
Result<std::vector<Network::Left>> Network::left_behind(const std::vector<Member>& members) {
  std::vector<std::pair<Provider, Layout>> places{{providers_.here(), layout_}};
  const auto add = [&](const Provider& provider, const Layout& layout) {
    const bool known = std::any_of(places.begin(), places.end(), [&](const auto& place) {
      return &place.first.transport == &provider.transport;
    });
    if (!known) places.emplace_back(provider, layout);
  };
  for (const Member* machine : machines(members)) add(machine->provider, machine->layout);
  const auto text = providers_.here().transport.get(layout_.manifest(), limits::manifest_bytes_max);
  const auto last =
      text ? parse_manifest(*text, layout_.manifest().string()) : Result<Manifest>(text.error());
  if (last) {
    for (const Manifest::Site& site : last->sites) {
      AITBC_TRY_ASSIGN(const auto found, members_of(site));
      if (!found.empty()) add(found.front().provider, found.front().layout);
    }
  }
  std::vector<Left> left;
  for (const auto& place : places) {
    const Provider& provider = place.first;
    AITBC_TRY_ASSIGN(const auto names, provider.transport.list(place.second.nodes()));
    for (const std::string& id : names) {
      const bool wanted = std::any_of(members.begin(), members.end(), [&](const Member& member) {
        return member.node.id == id && &member.provider.transport == &provider.transport;
      });
      if (!wanted) left.push_back({provider, place.second, id});
    }
  }
  return left;
}

Status Network::check_genesis_fits(const std::vector<Member>& members,
                                   const Genesis& genesis) const {
  std::vector<PublicKey> keys;
  std::vector<std::string> without_key;
  for (const Member& member : members) {
    if (!member.node.authority) continue;
    const auto key =
        member.provider.transport.public_key(member.layout.authority_key(member.node.id));
    if (key) {
      keys.push_back(*key);
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
  const auto on_disk = member.provider.transport.get(member.layout.config(member.node.id),
                                                     limits::network_file_bytes_max);
  if (!on_disk && on_disk.error().code == Errc::not_found) {
    return act(Step::Action::create, "new");
  }
  if (!on_disk) return on_disk.error();
  const std::string drift =
      config_drift(*on_disk, config_text(manifest_, member.layout, member.node));
  AITBC_TRY_ASSIGN(const RunState state, member.provider.supervisor.state(spec_of(member)));
  if (state == RunState::stopped) {
    return act(Step::Action::start, drift.empty() ? "not running" : "not running; " + drift);
  }
  if (!drift.empty()) return act(Step::Action::restart, drift);
  AITBC_TRY_ASSIGN(const auto facts, member.provider.supervisor.facts(spec_of(member)));
  if (facts && facts->program != member.provider.program) {
    return act(Step::Action::restart,
               "program " + facts->program + " -> " + member.provider.program);
  }
  if (state == RunState::paused) return act(Step::Action::start, "paused");
  return step;
}

Result<Network::Intent> Network::plan_for(const std::vector<Member>& members) {
  Intent intent;
  const auto genesis = read_genesis(layout_, providers_.here().transport);
  if (!genesis && genesis.error().code != Errc::not_found) return genesis.error();
  intent.plan.new_genesis = !genesis.has_value();
  if (genesis) AITBC_TRY(check_genesis_fits(members, *genesis));
  for (const Member& member : members) {
    const fs::path data = member.layout.data(member.node.id);
    AITBC_TRY_ASSIGN(const bool has_chain, member.provider.transport.exists(data));
    if (intent.plan.new_genesis && has_chain) {
      return error(Errc::bad_config, layout_.genesis().string() + " is missing, but " +
                                         data.string() +
                                         " holds a chain: put the file back, or "
                                         "'down --purge' to begin a new one");
    }
    AITBC_TRY_ASSIGN(Step step, step_for(member));
    intent.plan.steps.push_back(std::move(step));
  }
  AITBC_TRY_ASSIGN(intent.left, left_behind(members));
  for (const Left& left : intent.left) {
    intent.plan.steps.push_back({Step::Action::remove, "", left.node, "not in the network file"});
  }
  return intent;
}

Result<Plan> Network::plan() {
  AITBC_TRY_ASSIGN(const auto everyone, members());
  AITBC_TRY_ASSIGN(Intent intent, plan_for(everyone));
  return std::move(intent.plan);
}

// ---- purge --------------------------------------------------------------------------------------

namespace {

Status purge_on(const Provider& provider, const Layout& layout) {
  AITBC_TRY(provider.supervisor.kill_all_in(layout.root()));
  AITBC_TRY(provider.transport.remove_tree(layout.purged()));
  AITBC_TRY_ASSIGN(const bool there, provider.transport.exists(layout.root()));
  if (!there) return ok();
  // Renamed first: what a killed purge leaves can never be taken for a network.
  AITBC_TRY(provider.transport.rename(layout.root(), layout.purged()));
  return provider.transport.remove_tree(layout.purged());
}

}  // namespace

// The machine of the caller comes last: as long as another one may have something left, the network
// file says so.
Status purge(const fs::path& home, const std::string& network, Providers& providers) {
  AITBC_TRY_ASSIGN(const Layout layout, Layout::make(home, network));
  const Provider here = providers.here();
  std::error_code failed;
  if (!fs::exists(layout.root().parent_path(), failed)) return ok();
  AITBC_TRY_ASSIGN(NetworkLock lock, NetworkLock::take(layout));
  const auto text = here.transport.get(layout.manifest(), limits::manifest_bytes_max);
  const auto manifest =
      text ? parse_manifest(*text, layout.manifest().string()) : Result<Manifest>(text.error());
  if (manifest) {
    for (const Manifest::Site& site : manifest->sites) {
      if (site.provider == ProviderKind::process || site.nodes.empty()) continue;
      AITBC_TRY_ASSIGN(const Provider there, providers.provider_for(site));
      AITBC_TRY(purge_on(there, layout.below(there.home)));
    }
  }
  AITBC_TRY(purge_on(here, layout));
  std::move(lock).remove();
  return ok();
}

}  // namespace aitbc::sites
