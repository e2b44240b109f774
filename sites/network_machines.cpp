// The machines of a network: which of them may have something of it, who may change it there, and
// how it leaves them.

#include <algorithm>
#include <map>
#include <system_error>

#include "chain/core/text.hpp"
#include "sites/network.hpp"
#include "sites/parallel.hpp"
#include "sites/way.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

namespace {

// Of the machine itself, whatever folder of it is used.
std::string way_of(const Manifest::Site& site) {
  const auto way = site.provider == ProviderKind::process ? Way() : Way::parse(site);
  return way ? way->text() : site.access;
}

}  // namespace

Result<std::vector<MachineState>> Network::machine_states() {
  std::vector<MachineState> states(manifest_.sites.size());
  AITBC_TRY(all_at_once(states.size(), [&](std::size_t i) -> Status {
    if (manifest_.sites[i].nodes.empty()) return ok();
    AITBC_TRY_ASSIGN(states[i], machine_state(manifest_.sites[i]));
    return ok();
  }));
  return states;
}

Result<std::vector<Network::Member>> Network::members_that_run(
    const std::vector<MachineState>& states) {
  std::vector<const Manifest::Site*> asked;
  for (std::size_t i = 0; i < states.size(); ++i) {
    if (states[i].runs) asked.push_back(&manifest_.sites[i]);
  }
  return members(asked);
}

// ---- who may change it --------------------------------------------------------------------------

Status Network::lock_members(Locks& locks, const std::vector<Member>& members) {
  const std::vector<const Member*> each = machines(members);
  return all_at_once(each.size(), [&](std::size_t i) {
    return locks.take(each[i]->provider.transport, each[i]->layout);
  });
}

Result<std::vector<Network::Member>> Network::lock_members(Locks& locks) {
  AITBC_TRY(locks.take(providers_.here().transport, layout_));
  AITBC_TRY_ASSIGN(auto everyone, members());
  AITBC_TRY(lock_members(locks, everyone));
  return everyone;
}

Result<Network::Grounds> Network::lock_grounds(Locks& locks, const std::vector<Member>& members,
                                               std::vector<GivenUp> given_up) {
  AITBC_TRY_ASSIGN(Grounds grounds, grounds_of(members, std::move(given_up)));
  AITBC_TRY(all_at_once(grounds.places.size(), [&](std::size_t i) {
    return locks.take(grounds.places[i].provider.transport, grounds.places[i].layout);
  }));
  return grounds;
}

// One that was made anew, or will be, may be in the file again.
Result<std::vector<GivenUp>> Network::giving_up(const GiveUp& wanted) {
  if (wanted.sites.empty()) return std::vector<GivenUp>();
  AITBC_TRY_ASSIGN(Manifest last, read_manifest(layout_, providers_.here().transport));
  last.network = manifest_.network;  // it may have been given another name than its file says
  AITBC_TRY(check_quorum_stays(wanted));
  AITBC_TRY_ASSIGN(auto given_up, give_up(last, wanted, providers_));
  for (const Manifest::Site& had : last.sites) {
    const auto is_it = [&](const GivenUp& given) { return given.site == had.name; };
    if (std::none_of(given_up.begin(), given_up.end(), is_it)) continue;
    const auto& now = manifest_.sites;
    if (std::none_of(now.begin(), now.end(), [&](const Manifest::Site& site) {
          return !site.nodes.empty() && way_of(site) == way_of(had);
        })) {
      continue;
    }
    AITBC_TRY_ASSIGN(const MachineState state, machine_state(had));
    if (!state.is_there || providers_.provider_for(had)) continue;
    return error(Errc::bad_config, "the network file still has nodes on the machine of site " +
                                       had.name +
                                       ", which does not answer; take them out of it, then it can "
                                       "be given up");
  }
  return given_up;
}

// By the genesis and the file: who was voted out meanwhile is not known here.
Status Network::check_quorum_stays(const GiveUp& wanted) const {
  const auto genesis = read_genesis(layout_, providers_.here().transport);
  if (!genesis && genesis.error().code == Errc::not_found) return ok();
  if (!genesis) return genesis.error();
  const std::size_t had = genesis->authorities.size(), stay = manifest_.authority_count();
  const std::size_t needed = quorum_of(genesis->quorum, had);
  if (wanted.force || stay >= needed) return ok();
  return error(Errc::refused,
               "without " + joined(wanted.sites) + " the network file has " + std::to_string(stay) +
                   " of the " + std::to_string(had) + " authorities of the genesis, and " +
                   std::to_string(needed) +
                   " must agree until the set was changed ('aitbc authority ls'). If it "
                   "was, or the chain may stand still, give up with --force");
}

// A machine that both files have is taken as this one has it, be it off.
Result<Network::Grounds> Network::grounds_of(const std::vector<Member>& members,
                                             std::vector<GivenUp> given_up) {
  Grounds grounds{{{providers_.here(), layout_}}, {}, std::move(given_up)};
  const auto add = [&](const Provider& provider, const Layout& layout) {
    const bool known = std::any_of(
        grounds.places.begin(), grounds.places.end(),
        [&](const Place& place) { return &place.provider.transport == &provider.transport; });
    if (!known) grounds.places.push_back({provider, layout});
  };
  for (const Member* machine : machines(members)) add(machine->provider, machine->layout);
  const auto last = read_manifest(layout_, providers_.here().transport);
  if (!last && last.error().code != Errc::not_found) return last.error();
  for (std::size_t i = 0; last && i < last->sites.size(); ++i) {
    const Manifest::Site& site = last->sites[i];
    if (site.nodes.empty()) continue;
    bool stays = false, is_known = false;
    for (const Manifest::Site& now : manifest_.sites) {
      if (now.nodes.empty() || way_of(now) != way_of(site)) continue;
      stays = true;
      is_known = is_known || now.home == site.home;
    }
    const bool lost = std::any_of(grounds.given_up.begin(), grounds.given_up.end(),
                                  [&](const GivenUp& given) { return given.site == site.name; });
    if (is_known || lost) continue;
    if (!stays) grounds.gone.push_back(site);
    AITBC_TRY_ASSIGN(const MachineState state, machine_state(site));
    if (!state.is_there || (state.ours && !state.runs)) continue;
    AITBC_TRY_ASSIGN(const auto found, members_of(site));
    add(found.front().provider, found.front().layout);
  }
  return grounds;
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

Status leave_site(const Layout& layout, const Manifest::Site& site, Providers& providers,
                  Locks& locks) {
  if (site.provider == ProviderKind::process || site.nodes.empty()) return ok();
  const std::string network = layout.root().filename().string();
  AITBC_TRY_ASSIGN(const MachineState state, providers.machine_state(site, network));
  if (!state.is_there) return ok();
  bool shared = false;
  if (state.runs || !state.ours) {
    AITBC_TRY_ASSIGN(const Provider there, providers.provider_for(site));
    const Layout far = layout.below(there.home);
    AITBC_TRY(locks.take(there.transport, far));
    AITBC_TRY(purge_on(there, far));
    AITBC_TRY_ASSIGN(const auto names, there.transport.list(far.root().parent_path()));
    shared = std::any_of(names.begin(), names.end(),
                         [](const std::string& each) { return each.front() != '.'; });
  }
  return providers.leave_machine(site, network, shared);
}

}  // namespace

Status on_sites(const std::vector<Manifest::Site>& sites,
                const std::function<Status(const Manifest::Site&)>& action) {
  std::map<std::string, std::vector<const Manifest::Site*>> machines;
  for (const Manifest::Site& site : sites) machines[way_of(site)].push_back(&site);
  std::vector<std::vector<const Manifest::Site*>> groups;
  for (auto& [way, group] : machines) groups.push_back(std::move(group));
  return all_at_once(groups.size(), [&](std::size_t i) -> Status {
    for (const Manifest::Site* site : groups[i]) AITBC_TRY(action(*site));
    return ok();
  });
}

Status leave_sites(const Layout& layout, const std::vector<Manifest::Site>& sites,
                   Providers& providers, Locks& locks) {
  return on_sites(sites, [&](const Manifest::Site& site) {
    return leave_site(layout, site, providers, locks);
  });
}

// The machine of the caller comes last: as long as another one may have something left, the network
// file says so.
Result<std::vector<GivenUp>> purge(const fs::path& home, const std::string& network,
                                   Providers& providers, const GiveUp& wanted) {
  AITBC_TRY_ASSIGN(const Layout layout, Layout::make(home, network));
  const Provider here = providers.here();
  std::error_code failed;
  std::vector<GivenUp> given_up;
  if (!fs::exists(layout.root().parent_path(), failed)) return given_up;
  Locks locks;
  AITBC_TRY(locks.take(here.transport, layout));
  auto manifest = read_manifest(layout, here.transport);
  if (manifest) {
    manifest->network = network;
    AITBC_TRY_ASSIGN(given_up, give_up(*manifest, wanted, providers));
    std::erase_if(manifest->sites, [&](const Manifest::Site& site) {
      const auto& names = wanted.sites;
      return std::find(names.begin(), names.end(), site.name) != names.end();
    });
    AITBC_TRY(leave_sites(layout, manifest->sites, providers, locks));
  }
  AITBC_TRY(purge_on(here, layout));
  return given_up;
}

}  // namespace aitbc::sites
