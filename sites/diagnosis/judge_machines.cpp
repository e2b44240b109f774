// What is wrong with machines, and with the places that nodes shall have on them.

#include <algorithm>

#include "chain/core/limits.hpp"
#include "sites/diagnosis/order.hpp"

namespace aitbc::sites {

namespace {

constexpr std::uint64_t mebibyte = 1024 * 1024;

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes / mebibyte) + " MiB"; }

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

bool is_on(const MachineSymptoms& machine, const NodeSymptoms& node) {
  return std::find(machine.sites.begin(), machine.sites.end(), node.report.site) !=
         machine.sites.end();
}

std::vector<std::string> nodes_on(const Symptoms& symptoms, const MachineSymptoms& machine) {
  std::vector<std::string> ids;
  for (const NodeSymptoms& node : symptoms.nodes) {
    if (is_on(machine, node)) ids.push_back(node.report.node);
  }
  return ids;
}

class MachineJudge {
 public:
  MachineJudge(const Symptoms& symptoms, const MachineSymptoms& machine, std::vector<Clue>& clues)
      : symptoms_(symptoms), machine_(machine), clues_(clues) {}

  void judge() {
    if (!machine_.state.runs) return judge_absence();
    if (machine_.failure) return judge_way(machine_.failure->detail);
    judge_clock();
    if (!machine_.facts) return;
    judge_room(*machine_.facts);
    judge_services(*machine_.facts);
    for (const PortUse& use : machine_.facts->ports) judge_port(use);
    for (const UrlReach& reach : machine_.facts->urls) judge_reach(reach);
  }

 private:
  void add(Finding finding, std::string cause, std::string cure) {
    Clue clue;
    clue.finding = finding;
    if (machine_.sites.size() == 1) clue.site = machine_.sites.front();
    clue.nodes = nodes_on(symptoms_, machine_);
    clue.cause = std::move(cause);
    clue.cure = std::move(cure);
    clues_.push_back(std::move(clue));
  }

  // What `up` does first is nothing wrong before it.
  void judge_absence() {
    if (!symptoms_.network_asked) return;
    add(Finding::machine_unreachable,
        machine_.state.is_there ? "its container is off" : "its container is not there any more",
        "let it run again: aitbc up");
  }

  // In the words of the way itself.
  void judge_way(const std::string& detail) {
    for (const char* words :
         {"Exec format error", "cannot execute", "GLIBC", "not found (required"}) {
      if (!contains(detail, words)) continue;
      return add(Finding::architecture, "this program does not run there: " + detail,
                 "see what machine it is, and use a build for it: " + machine_.prefix +
                     "uname -m; " + machine_.prefix + "ldd --version");
    }
    std::string cure = "try the way by hand: ";
    if (contains(detail, "Connection refused")) {
      cure = "the host is there, its sshd is not; start it, then: ";
    } else if (contains(detail, "Permission denied")) {
      cure = "the host is there, and does not know the key (ssh-copy-id); then: ";
    } else if (contains(detail, "Could not resolve")) {
      cure = "nobody knows that host's name (access in the network file); then: ";
    } else if (contains(detail, "Host key verification failed")) {
      cure = "it is not the host that it was (~/.ssh/known_hosts); then: ";
    }
    add(Finding::machine_unreachable, detail, cure + machine_.prefix + "true");
  }

  void judge_clock() {
    if (std::chrono::abs(machine_.clock_ahead) <= limits::clock_offset_red) return;
    add(Finding::clock_off,
        "its clock is " + std::to_string(std::chrono::abs(machine_.clock_ahead).count()) + " ms " +
            (machine_.clock_ahead > Duration{0} ? "ahead of" : "behind") + " this machine's",
        "set it by the network's time: " + machine_.prefix + "timedatectl set-ntp true");
  }

  void judge_room(const MachineFacts& facts) {
    if (facts.disk_free_bytes < disk_free_bytes_min ||
        facts.disk_free_files < disk_free_files_min) {
      add(Finding::disk_full,
          "the disk of " + machine_.home + " has " + mebibytes(facts.disk_free_bytes) + " and " +
              std::to_string(facts.disk_free_files) + " files left",
          "see what fills it, and make room: " + machine_.prefix + "df -h " + machine_.home);
    }
    std::uint64_t starting = 0;
    for (const NodeSymptoms& node : symptoms_.nodes) {
      const bool up = node.report.process && *node.report.process != RunState::stopped;
      if (is_on(machine_, node) && !up) ++starting;
    }
    if (facts.memory_free_bytes < starting * node_memory_bytes_min) {
      add(Finding::memory_low,
          mebibytes(facts.memory_free_bytes) + " of memory are free, and " +
              std::to_string(starting) + " nodes are to start",
          "see who has it, or raise the container's limits.memory: " + machine_.prefix + "free -m");
    }
    if (facts.processes_left && *facts.processes_left < starting * node_tasks_min) {
      add(Finding::tasks_low,
          std::to_string(*facts.processes_left) + " processes may still begin, and " +
              std::to_string(starting) + " nodes are to start",
          "raise the limit (limits.processes of the container, TasksMax of the unit): " +
              machine_.prefix + "cat /sys/fs/cgroup/pids.max");
    }
  }

  // Root's live always; where there is no systemd there is nothing to miss.
  void judge_services(const MachineFacts& facts) {
    if (machine_.units_wanted && facts.systemd && facts.services == ServiceManager::none) {
      add(Finding::no_lingering,
          "services of its user end with his session, so his nodes are processes of their own, "
          "which nobody starts again after a crash or a restart, and which may end with it, too",
          "let them live without one, and nodes become units (or say 'service: none'): " +
              machine_.prefix + "loginctl enable-linger && aitbc up");
    }
    for (const GivenUpUnit& unit : facts.given_up) judge_unit(unit);
  }

  void judge_unit(const GivenUpUnit& unit) {
    for (const NodeSymptoms& node : symptoms_.nodes) {
      const NodeReport& report = node.report;
      if (!is_on(machine_, node) || node.unit != unit.name) continue;
      if (report.process != RunState::stopped) continue;
      add(Finding::unit_given_up, "systemd has given up " + unit.name + ": " + unit.result,
          "put right what 'systemctl status' and the node's log say there, then: aitbc node "
          "start " +
              report.node);
      clues_.back().site = report.site;
      clues_.back().nodes = {report.node};
      clues_.back().about = unit.name;
    }
  }

  void judge_port(const PortUse& use) {
    for (const NodeSymptoms& node : symptoms_.nodes) {
      const bool its_own =
          is_on(machine_, node) && node.port == use.port && node.bind == use.address;
      if (!its_own || use.state == PortUse::State::free) continue;
      const std::string port = std::to_string(use.port);
      if (use.state == PortUse::State::no_address) {
        add(Finding::address_missing, "it has no address " + use.address + " to listen on",
            "correct bind in the network file; the addresses that it has: " + machine_.prefix +
                "ip -brief address");
      } else {
        add(Finding::port_taken,
            (use.by.empty() ? "another program" : use.by) + " listens on " + use.address + ":" +
                port,
            "end it, or give the node another rpc_port; to see it: " + machine_.prefix +
                "ss -ltnp sport = :" + port);
      }
      clues_.back().site = node.report.site;
      clues_.back().nodes = {node.report.node};
      clues_.back().about = use.address + ":" + port;
    }
  }

  // Told where no node tells it itself, and never of a node that does not answer here either.
  void judge_reach(const UrlReach& reach) {
    if (reach.answered) return;
    for (const NodeSymptoms& node : symptoms_.nodes) {
      if (node.report.url != reach.url) continue;
      if (symptoms_.network_asked && !node.report.answer) continue;
      add(Finding::peer_unreachable,
          "its machine cannot reach node " + node.report.node + " at " + reach.url + ": " +
              reach.detail,
          "let that port through, from there to node " + node.report.node +
              " (firewall, route, ip in the network file), then: aitbc doctor");
      clues_.back().about = node.report.node;
      clues_.back().kind = by_machine;
    }
  }

  const Symptoms& symptoms_;
  const MachineSymptoms& machine_;
  std::vector<Clue>& clues_;
};

// Of proxies. That one reaches nobody yet is nothing wrong before its nodes run.
void judge_routes(const Symptoms& symptoms, std::vector<Clue>& clues) {
  std::vector<std::string> told;
  for (const AskedRoute& asked : symptoms.routes) {
    if (asked.finding.kind != RouteFinding::Kind::wrong_node) continue;
    // One for each node: what is wrong with one of its paths is so with the others.
    if (std::find(told.begin(), told.end(), asked.route.node) != told.end()) continue;
    told.push_back(asked.route.node);
    Clue clue;
    clue.finding = Finding::wrong_route;
    clue.site = asked.route.site;
    clue.nodes = {asked.route.node};
    clue.about = asked.url;
    clue.cause = asked.url + ": " + asked.finding.detail;
    clue.cure =
        "give the proxy its ports by the network file (aitbc export nginx, or apache), then: "
        "aitbc check --routes";
    clues.push_back(std::move(clue));
  }
}

}  // namespace

void judge_machines(const Symptoms& symptoms, std::vector<Clue>& clues) {
  for (const MachineSymptoms& machine : symptoms.machines) {
    MachineJudge(symptoms, machine, clues).judge();
  }
  judge_routes(symptoms, clues);
}

}  // namespace aitbc::sites
