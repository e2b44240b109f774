#include "sites/diagnosis/collect.hpp"

#include <algorithm>

#include "sites/export/export.hpp"
#include "sites/parallel.hpp"
#include "sites/way.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration facts_patience{10'000};
constexpr std::size_t log_lines_read = 200;

struct MachinePlace {
  MachineSymptoms symptoms;
  std::optional<Provider> provider;  // none where there is no way
};

std::string prefix_to(const Manifest::Site& site) {
  if (site.provider == ProviderKind::process) return "";
  const auto way = Way::parse(site);
  return way ? way->prefix() : "";
}

// Unless the file says otherwise, wherever there is systemd.
bool wants_units(const Manifest::Site& site) {
  return site.provider != ProviderKind::process && site.service != Manifest::Service::none;
}

NodeSymptoms node_of(const std::string& network, const Manifest::Site& site,
                     const Manifest::Node& node) {
  NodeSymptoms seen;
  if (wants_units(site)) seen.unit = unit_name(network, node.id);
  seen.report.site = site.name;
  seen.report.node = node.id;
  seen.report.url = node.url();
  seen.report.authority = node.authority;
  seen.bind = node.bind;
  seen.port = node.port;
  return seen;
}

// What the OS says of its process, and its log where there is none.
void look_at_process(const Network::Place& place, NodeSymptoms& seen) {
  const std::string& id = seen.report.node;
  const NodeSpec spec = Network::spec_of(place.provider, place.layout, id);
  Supervisor& supervisor = place.provider.supervisor;
  const auto state = supervisor.state(spec);
  seen.end.reset();
  seen.program.clear();
  seen.report.process.reset();
  if (!state) return;
  seen.report.process = *state;
  if (*state == RunState::stopped) {
    seen.end = end_by_log(supervisor.log_tail(spec, log_lines_read));
    return;
  }
  const auto facts = supervisor.facts(spec);
  if (facts && *facts && !place.provider.is_of_this_build(**facts)) {
    seen.program = (*facts)->program;
  }
}

// Each machine once; of one that cannot be reached nobody knows whether it is another's.
std::vector<MachinePlace> machines_of(Network& network) {
  std::vector<const Manifest::Site*> sites;
  for (const Manifest::Site& site : network.manifest().sites) {
    if (!site.nodes.empty()) sites.push_back(&site);
  }
  std::vector<std::optional<Result<Network::Place>>> found(sites.size());
  at_once(sites.size(),
          [&](std::size_t i) { found[i].emplace(network.place_of(sites[i]->nodes.front().id)); });
  std::vector<MachinePlace> machines;
  for (std::size_t i = 0; i < sites.size(); ++i) {
    const auto& place = *found[i];
    const auto known = std::find_if(machines.begin(), machines.end(), [&](const auto& each) {
      return place && each.provider && &each.provider->transport == &place->provider.transport;
    });
    if (known != machines.end()) {
      known->symptoms.sites.push_back(sites[i]->name);
      known->symptoms.units_wanted |= wants_units(*sites[i]);
      continue;
    }
    MachinePlace machine;
    machine.symptoms.sites = {sites[i]->name};
    machine.symptoms.prefix = prefix_to(*sites[i]);
    machine.symptoms.units_wanted = wants_units(*sites[i]);
    if (place) {
      machine.provider.emplace(place->provider);
      machine.symptoms.clock_ahead = place->provider.clock_ahead;
      machine.symptoms.home = place->layout.root().parent_path().parent_path().string();
    } else {
      machine.symptoms.failure = place.error();
      if (const auto state = network.machine_state(*sites[i])) machine.symptoms.state = *state;
    }
    machines.push_back(std::move(machine));
  }
  return machines;
}

bool is_at(const MachineSymptoms& machine, const NodeSymptoms& node) {
  return std::find(machine.sites.begin(), machine.sites.end(), node.report.site) !=
         machine.sites.end();
}

// The ports that it shall give, the units of nodes that do not run, and the running nodes elsewhere
// that it must reach.
std::vector<std::string> question_to(const Symptoms& symptoms, const Provider& provider,
                                     const MachineSymptoms& machine) {
  std::vector<std::string> argv{provider.program, "--home", machine.home,
                                "host",           "facts",  "--json"};
  for (const NodeSymptoms& node : symptoms.nodes) {
    const bool here = is_at(machine, node);
    const auto& process = node.report.process;
    if (here && process == RunState::stopped) {
      argv.insert(argv.end(), {"--port", node.bind + "," + std::to_string(node.port)});
      if (!node.unit.empty()) argv.insert(argv.end(), {"--unit", node.unit});
    } else if (!here && process == RunState::running) {
      argv.insert(argv.end(), {"--reach", node.report.url});
    }
  }
  return argv;
}

void look_at(const Symptoms& symptoms, const Provider& provider, MachineSymptoms& machine) {
  const auto output = provider.transport.run(
      {.argv = question_to(symptoms, provider, machine), .timeout = facts_patience});
  if (!output) {
    // That this program could not be run there is no news but of a machine that is gone.
    const bool gone = category(output.error().code) == Category::unreachable ||
                      output.error().code == Errc::timeout;
    if (gone) machine.failure = output.error();
    return;
  }
  if (auto facts = parse_facts(output->out)) machine.facts = std::move(*facts);
}

}  // namespace

// Whoever cannot be reached is not waited for again.
void look_at_processes(Network& network, Symptoms& symptoms) {
  at_once(symptoms.nodes.size(), [&](std::size_t i) {
    NodeSymptoms& seen = symptoms.nodes[i];
    const bool gone =
        std::any_of(symptoms.machines.begin(), symptoms.machines.end(),
                    [&](const MachineSymptoms& each) { return each.failure && is_at(each, seen); });
    if (gone) return;
    const auto place = network.place_of(seen.report.node);
    if (place) look_at_process(*place, seen);
  });
}

Symptoms look_at_machines(Network& network) {
  Symptoms symptoms;
  const Manifest& manifest = network.manifest();
  symptoms.devnet = manifest.chain.devnet;
  symptoms.quorum = manifest.chain.quorum;
  symptoms.poll_only = manifest.features.poll_only;
  for (const Manifest::Site& site : manifest.sites) {
    for (const Manifest::Node& node : site.nodes) {
      symptoms.nodes.push_back(node_of(manifest.network, site, node));
    }
  }
  std::vector<MachinePlace> places = machines_of(network);
  for (const MachinePlace& place : places) symptoms.machines.push_back(place.symptoms);
  look_at_processes(network, symptoms);
  at_once(places.size(), [&](std::size_t i) {
    if (places[i].provider) look_at(symptoms, *places[i].provider, symptoms.machines[i]);
  });
  return symptoms;
}

}  // namespace aitbc::sites
