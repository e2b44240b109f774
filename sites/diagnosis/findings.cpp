// The table of codes, and how findings explain one another.

#include <algorithm>
#include <array>

#include "sites/diagnosis/order.hpp"

namespace aitbc::sites {

namespace {

constexpr bool passing = true, lasting = false;

constexpr std::array<FindingInfo, 28> all_findings{{
    {Finding::fault_on_purpose, "fault_on_purpose", lasting,
     "Somebody breaks something with `aitbc chaos`; it ends by itself."},
    {Finding::machine_unreachable, "machine_unreachable", lasting,
     "There is no way to a site's machine: no sshd, no key, no such host, or its container is "
     "off."},
    {Finding::architecture, "architecture", lasting,
     "This program does not run on the machine: another processor, or an older C library."},
    {Finding::disk_full, "disk_full", lasting,
     "The disk below the networks' home has less than 256 MiB or 1000 files left."},
    {Finding::memory_low, "memory_low", lasting,
     "The machine, or its container, has less than 64 MiB for each node that is to start."},
    {Finding::tasks_low, "tasks_low", lasting,
     "A limit of processes leaves less than 64 for each node that is to start."},
    {Finding::no_lingering, "no_lingering", lasting,
     "The services of a machine's user end with his session, so his nodes cannot be units of "
     "systemd."},
    {Finding::clock_off, "clock_off", lasting,
     "A clock is more than 500 ms off; above 1 s its node seals nothing."},
    {Finding::address_missing, "address_missing", lasting,
     "A node shall listen on an address that its machine does not have."},
    {Finding::port_taken, "port_taken", lasting,
     "Another program listens where a node shall listen."},
    {Finding::database_damaged, "database_damaged", lasting,
     "A node's database cannot be read any more."},
    {Finding::wrong_genesis, "wrong_genesis", lasting,
     "A node has another genesis than the network, or a chain of another one on its disk."},
    {Finding::node_paused, "node_paused", lasting, "A node's process is frozen (SIGSTOP)."},
    {Finding::node_killed, "node_killed", lasting,
     "A node's process ended without a word: SIGKILL, or no memory was left."},
    {Finding::node_failed, "node_failed", lasting, "A node ended by itself, and said why."},
    {Finding::node_stopped, "node_stopped", lasting, "A node was stopped, or was never started."},
    {Finding::node_unreachable, "node_unreachable", passing,
     "A node runs and does not answer this command."},
    {Finding::old_program, "old_program", lasting,
     "A node runs another build of the program than this command is."},
    {Finding::key_in_use_twice, "key_in_use_twice", lasting,
     "Two processes run one authority's key, or have signed with it what one alone would not."},
    {Finding::unit_given_up, "unit_given_up", lasting,
     "A node ended so often, or so, that systemd does not start its unit any more."},
    {Finding::finality_conflict, "finality_conflict", lasting,
     "Two chains are both final: more keys are in use twice than the quorum can bear."},
    {Finding::peer_unreachable, "peer_unreachable", passing,
     "A node answers this command, and cannot be reached from another one: a firewall, a route."},
    {Finding::wrong_route, "wrong_route", lasting,
     "A public path leads to another node than the network file says."},
    {Finding::no_quorum, "no_quorum", passing,
     "Fewer authorities are there, or are heard by one of them, than blocks and finality need."},
    {Finding::diverged, "diverged", passing,
     "A node has blocks of its own where the best chain has others."},
    {Finding::behind, "behind", passing, "A node lacks blocks of the best chain and gets none."},
    {Finding::tx_stuck, "tx_stuck", passing,
     "A transaction waits for one with a lower nonce, or for money."},
    {Finding::stalled, "stalled", passing,
     "Transactions wait, no block comes, and nothing else explains it."},
}};

using enum Finding;

// What a cause explains. `kind` is that of a fault on purpose; empty is any.
enum class Reach { node, network };
struct Explanation {
  Finding cause;
  std::string_view kind;
  Finding effect;
  Reach reach;  // how near the effect must be
};

constexpr Explanation explanations[] = {
    {fault_on_purpose, "kill", node_killed, Reach::node},
    {fault_on_purpose, "pause", node_paused, Reach::node},
    {fault_on_purpose, "clock", clock_off, Reach::node},
    {fault_on_purpose, "double-sign", key_in_use_twice, Reach::network},
    {fault_on_purpose, "double-sign", finality_conflict, Reach::network},
    {fault_on_purpose, "link", peer_unreachable, Reach::node},
    {fault_on_purpose, "link", no_quorum, Reach::network},
    {fault_on_purpose, "link", diverged, Reach::network},
    {fault_on_purpose, "link", behind, Reach::network},
    {fault_on_purpose, "link", stalled, Reach::network},
    {fault_on_purpose, "disk", behind, Reach::node},
    {fault_on_purpose, "disk", stalled, Reach::network},
    {fault_on_purpose, "lie", behind, Reach::network},
    {fault_on_purpose, "lie", diverged, Reach::network},
    {machine_unreachable, "", node_unreachable, Reach::node},
    {machine_unreachable, "", no_quorum, Reach::node},
    {disk_full, "", node_failed, Reach::node},
    {disk_full, "", behind, Reach::node},
    {disk_full, "", stalled, Reach::network},
    {memory_low, "", node_killed, Reach::node},
    {clock_off, "", clock_off, Reach::node},
    {clock_off, "", no_quorum, Reach::node},
    {clock_off, "", behind, Reach::node},
    {database_damaged, "", unit_given_up, Reach::node},
    {database_damaged, "", no_quorum, Reach::node},
    {port_taken, "", unit_given_up, Reach::node},
    {port_taken, "", no_quorum, Reach::node},
    {address_missing, "", unit_given_up, Reach::node},
    {address_missing, "", no_quorum, Reach::node},
    {wrong_genesis, "", unit_given_up, Reach::node},
    {wrong_genesis, "", no_quorum, Reach::node},
    {node_paused, "", no_quorum, Reach::node},
    {node_killed, "", unit_given_up, Reach::node},
    {node_killed, "", no_quorum, Reach::node},
    {node_failed, "", unit_given_up, Reach::node},
    {node_failed, "", no_quorum, Reach::node},
    {node_stopped, "", no_quorum, Reach::node},
    {node_unreachable, "", no_quorum, Reach::node},
    {key_in_use_twice, "", finality_conflict, Reach::network},
    {key_in_use_twice, "", no_quorum, Reach::node},
    {key_in_use_twice, "", unit_given_up, Reach::node},
    {unit_given_up, "", no_quorum, Reach::node},
    {finality_conflict, "", diverged, Reach::network},
    {finality_conflict, "", no_quorum, Reach::node},
    {peer_unreachable, "", no_quorum, Reach::node},
    {peer_unreachable, "", diverged, Reach::network},
    {peer_unreachable, "", behind, Reach::node},
    {no_quorum, "", stalled, Reach::network},
    {no_quorum, "", tx_stuck, Reach::network},
};

bool is_near(const Diagnosis& cause, const Diagnosis& effect, Reach reach) {
  return reach == Reach::network || share_a_node(cause, effect);
}

bool explains(const Clue& cause, const Clue& effect) {
  return std::any_of(
      std::begin(explanations), std::end(explanations), [&](const Explanation& each) {
        return each.cause == cause.finding && each.effect == effect.finding &&
               (each.kind.empty() || each.kind == cause.kind) && is_near(cause, effect, each.reach);
      });
}

}  // namespace

bool share_a_node(const Diagnosis& one, const Diagnosis& other) {
  return std::any_of(one.nodes.begin(), one.nodes.end(), [&](const std::string& node) {
    return std::find(other.nodes.begin(), other.nodes.end(), node) != other.nodes.end();
  });
}

std::span<const FindingInfo> findings() { return all_findings; }

std::string_view name(Finding finding) {
  return all_findings[static_cast<std::size_t>(finding)].code;
}

std::vector<Diagnosis> in_order(std::vector<Clue> clues) {
  std::stable_sort(clues.begin(), clues.end(),
                   [](const Clue& one, const Clue& other) { return one.finding < other.finding; });
  std::vector<Diagnosis> all;
  for (std::size_t effect = 0; effect < clues.size(); ++effect) {
    for (std::size_t cause = 0; cause < effect && !clues[effect].follows_from; ++cause) {
      if (explains(clues[cause], clues[effect])) clues[effect].follows_from = cause;
    }
    all.push_back(clues[effect]);
  }
  return all;
}

}  // namespace aitbc::sites
