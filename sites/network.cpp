#include "sites/network.hpp"

#include <algorithm>
#include <system_error>

#include "chain/core/limits.hpp"
#include "chain/core/text.hpp"
#include "rpc/native.hpp"
#include "sites/parallel.hpp"
#include "sites/prepare.hpp"

namespace aitbc::sites {

namespace fs = std::filesystem;

Result<Manifest> read_manifest(const Layout& layout, Transport& files) {
  AITBC_TRY_ASSIGN(const std::string text,
                   files.get(layout.manifest(), limits::manifest_bytes_max));
  return parse_manifest(text, layout.manifest().string());
}

std::string_view name(Step::Action action) {
  switch (action) {
    case Step::Action::create:
      return "create";
    case Step::Action::move:
      return "move";
    case Step::Action::start:
      return "start";
    case Step::Action::restart:
      return "restart";
    case Step::Action::update:
      return "update";
    case Step::Action::remove:
      return "remove";
    case Step::Action::keep:
      return "keep";
  }
  AITBC_CHECK(false && "an Action outside its enumerators");
}

std::size_t Plan::changes() const {
  const auto acts = [](const Step& step) { return step.action != Step::Action::keep; };
  return given_up.size() + machines.size() +
         static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), acts));
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
  auto manifest = read_manifest(layout, files);
  if (!manifest && manifest.error().code == Errc::not_found) {
    return error(Errc::not_found, "there is no network " + network + " in " + home.string() +
                                      "; 'aitbc up' makes one");
  }
  if (!manifest) return manifest.error();
  manifest->network = network;  // it may have been given another name than its file says
  return Network(std::move(layout), std::move(*manifest), providers, clock);
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
  std::vector<const Manifest::Site*> all;
  for (const Manifest::Site& site : manifest_.sites) all.push_back(&site);
  return members(all);
}

Result<std::vector<Network::Member>> Network::members(
    const std::vector<const Manifest::Site*>& asked) {
  std::vector<Result<std::vector<Member>>> of_sites(asked.size(), std::vector<Member>());
  at_once(of_sites.size(), [&](std::size_t i) { of_sites[i] = members_of(*asked[i]); });
  std::vector<Member> members;
  for (auto& found : of_sites) {
    if (!found) return found.error();
    for (const Member& member : *found) members.push_back(member);
  }
  return members;
}

Result<const Manifest::Site*> Network::site_of(const std::string& node) const {
  if (const Manifest::Site* site = manifest_.site_of(node)) return site;
  return error(Errc::not_found, "network " + manifest_.network + " has no node " + node);
}

Result<Network::Place> Network::place_of(const std::string& node) {
  AITBC_TRY_ASSIGN(const Manifest::Site* site, site_of(node));
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

Status Network::on_machines(const std::vector<Member>& members,
                            const std::function<Status(std::size_t)>& action) {
  const std::vector<const Member*> firsts = machines(members);
  return all_at_once(firsts.size(), [&](std::size_t machine) -> Status {
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (&members[i].provider.transport != &firsts[machine]->provider.transport) continue;
      AITBC_TRY(action(i));
    }
    return ok();
  });
}

NodeSpec Network::spec_of(const Provider& provider, const Layout& layout, const std::string& node) {
  return {layout.node(node), provider.program, node_arguments(layout.config(node))};
}

// ---- plan ---------------------------------------------------------------------------------------

Result<std::vector<Network::Left>> Network::left_behind(const std::vector<Member>& members,
                                                        const Grounds& grounds) {
  std::vector<Left> left;
  for (const Place& place : grounds.places) {
    AITBC_TRY_ASSIGN(const auto names, place.provider.transport.list(place.layout.nodes()));
    for (const std::string& id : names) {
      const bool stays = std::any_of(members.begin(), members.end(), [&](const Member& member) {
        return member.node.id == id && &member.provider.transport == &place.provider.transport;
      });
      if (stays) continue;
      left.push_back({place.provider, place.layout, id, manifest_.find(id) != nullptr});
    }
  }
  return left;
}

// Where the node is now.
Result<PublicKey> Network::key_of(const Member& member, const std::vector<Left>& left) const {
  const std::string& id = member.node.id;
  auto key = member.provider.transport.public_key(member.layout.authority_key(id));
  if (key || key.error().code != Errc::not_found) return key;
  for (const Left& each : left) {
    if (each.node != id) continue;
    key = each.provider.transport.public_key(each.layout.authority_key(id));
    if (key || key.error().code != Errc::not_found) return key;
  }
  return providers_.here().transport.public_key(layout_.moving(id) /
                                                layout_.authority_key(id).filename());
}

Status Network::check_genesis_fits(const std::vector<Member>& members, const Intent& intent,
                                   const Genesis& genesis) const {
  std::vector<PublicKey> keys;
  std::vector<std::string> without_key;
  for (const Member& member : members) {
    if (!member.node.authority) continue;
    const auto key = key_of(member, intent.left);
    if (key) {
      keys.push_back(*key);
    } else if (key.error().code == Errc::not_found) {
      without_key.push_back(member.node.id);
    } else {
      return key.error();
    }
  }
  AITBC_TRY_ASSIGN(
      auto lost, given_up_authorities(layout_, intent.plan.given_up, providers_.here().transport));
  std::erase_if(lost, [&](const std::string& id) {
    const Manifest::Node* node = manifest_.find(id);
    return node != nullptr && node->authority;
  });
  const auto changes = genesis_changes(genesis, manifest_, keys, without_key, lost.size());
  if (changes.empty()) return ok();
  return error(Errc::bad_manifest, "the network file asks for another genesis than chain " +
                                       genesis.chain_id + " began with (" + joined(changes, "; ") +
                                       "). A genesis never changes: take the change back, or "
                                       "'down --purge' first to begin a new chain");
}

Result<Step> Network::step_for(const Member& member, bool new_genesis) const {
  AITBC_TRY(check_service(member));
  const NodeSpec spec = spec_of(member);
  // Also of a new node: its unit's name may be taken.
  AITBC_TRY_ASSIGN(const std::string unit_drift, member.provider.supervisor.drift(spec));
  const fs::path data = member.layout.data(member.node.id);
  AITBC_TRY_ASSIGN(const bool has_chain, member.provider.transport.exists(data));
  if (new_genesis && has_chain) {
    return error(Errc::bad_config, layout_.genesis().string() + " is missing, but " +
                                       data.string() +
                                       " holds a chain: put the file back, or "
                                       "'down --purge' to begin a new one");
  }
  Step step{Step::Action::keep, member.site.name, member.node.id, "unchanged"};
  const auto act = [&](Step::Action action, std::string why) {
    step.action = action;
    step.why = std::move(why);
    return step;
  };
  const auto on_disk = member.provider.transport.get(member.layout.config(member.node.id),
                                                     limits::network_file_bytes_max);
  if (!on_disk && on_disk.error().code == Errc::not_found) {
    AITBC_TRY_ASSIGN(const bool under_way, arrives(member));
    return under_way ? act(Step::Action::move, "on its way") : act(Step::Action::create, "new");
  }
  if (!on_disk) return on_disk.error();
  const Drift drift = config_drift(*on_disk, config_text(manifest_, member.layout, member.node));
  AITBC_TRY_ASSIGN(const auto facts, member.provider.supervisor.facts(spec));
  std::string stale = drift.others.empty() ? "" : drift.text();  // only a new start takes it in
  if (stale.empty() && facts && !member.provider.is_of_this_build(*facts)) {
    stale = "program " + facts->program + " -> " + member.provider.program;
  }
  if (stale.empty()) stale = unit_drift;
  AITBC_TRY_ASSIGN(const RunState state, member.provider.supervisor.state(spec));
  if (state == RunState::stopped) {
    const std::string& why = stale.empty() ? drift.peers : stale;
    return act(Step::Action::start, why.empty() ? "not running" : "not running; " + why);
  }
  if (!stale.empty()) return act(Step::Action::restart, stale);
  AITBC_TRY_ASSIGN(const bool half_told,
                   member.provider.transport.exists(member.layout.next_config(member.node.id)));
  const bool paused = state == RunState::paused;
  if (drift.peers.empty() && !half_told) return paused ? act(Step::Action::start, "paused") : step;
  return act(paused ? Step::Action::restart : Step::Action::update,
             drift.peers.empty() ? "its peers may be others than its file says" : drift.peers);
}

Result<Network::Intent> Network::plan_for(const std::vector<Member>& members,
                                          const Grounds& grounds) {
  Intent intent;
  intent.plan.given_up = grounds.given_up;
  AITBC_TRY_ASSIGN(intent.left, left_behind(members, grounds));
  const auto genesis = read_genesis(layout_, providers_.here().transport);
  if (!genesis && genesis.error().code != Errc::not_found) return genesis.error();
  intent.plan.new_genesis = !genesis.has_value();
  if (genesis) AITBC_TRY(check_genesis_fits(members, intent, *genesis));
  intent.plan.steps.resize(members.size());
  AITBC_TRY(on_machines(members, [&](std::size_t i) -> Status {
    AITBC_TRY_ASSIGN(intent.plan.steps[i], step_for(members[i], intent.plan.new_genesis));
    return ok();
  }));
  for (const Left& left : intent.left) {
    if (!left.moves) {
      intent.plan.steps.push_back({Step::Action::remove, "", left.node, "not in the network file"});
      continue;
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      Step& step = intent.plan.steps[i];
      if (step.node != left.node) continue;
      const std::string from = left.layout.node(left.node).string();
      if (step.action != Step::Action::create && step.action != Step::Action::move) {
        return error(Errc::in_use, "node " + left.node + " is on two machines: " + from + " and " +
                                       members[i].layout.node(left.node).string() +
                                       "; remove the folder that is not to go on");
      }
      step.action = Step::Action::move;
      step.why = "from " + from;
    }
  }
  return intent;
}

Result<Plan> Network::plan(const GiveUp& wanted) {
  AITBC_TRY_ASSIGN(auto given_up, giving_up(wanted));
  AITBC_TRY_ASSIGN(const auto states, machine_states());
  AITBC_TRY_ASSIGN(const auto running, members_that_run(states));
  AITBC_TRY_ASSIGN(const Grounds grounds, grounds_of(running, std::move(given_up)));
  AITBC_TRY_ASSIGN(const Intent intent, plan_for(running, grounds));
  return with_machines(intent, states);
}

// Nodes of a machine that cannot be asked yet are told from the file alone.
Result<Plan> Network::with_machines(const Intent& intent, const std::vector<MachineState>& states) {
  const Plan& of_running = intent.plan;
  const auto moves = [&](const std::string& node) {
    return std::any_of(intent.left.begin(), intent.left.end(),
                       [&](const Left& left) { return left.node == node; });
  };
  Plan plan;
  plan.given_up = of_running.given_up;
  plan.new_genesis = of_running.new_genesis;
  auto step = of_running.steps.begin();
  for (std::size_t i = 0; i < states.size(); ++i) {
    const Manifest::Site& site = manifest_.sites[i];
    if (site.nodes.empty()) continue;
    const auto& wanted = states[i].wanted;
    if (!wanted) return wanted.error();
    for (const std::string& what : *wanted) plan.machines.push_back({site.name, what});
    for (const Manifest::Node& node : site.nodes) {
      if (states[i].runs) {
        plan.steps.push_back(*step++);
      } else if (states[i].is_there) {
        plan.steps.push_back({Step::Action::start, site.name, node.id, "its machine is off"});
      } else if (moves(node.id)) {
        plan.steps.push_back({Step::Action::move, site.name, node.id, "to a new machine"});
      } else {
        plan.steps.push_back({Step::Action::create, site.name, node.id, "new"});
      }
    }
  }
  plan.steps.insert(plan.steps.end(), step, of_running.steps.end());
  return plan;
}

}  // namespace aitbc::sites
