#pragma once
// What is wrong with a network, from what was seen of it: each finding with a stable code, a
// sentence of cause and a command of cure. Pure: those who look are in collect.hpp. Plain values;
// any thread.
//
// The codes stand in the order of causes before effects, and a finding that follows from another
// one says from which: a dead node explains a lost quorum, which explains a stall. DIAGNOSES.md
// lists them for people.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sites/checks.hpp"
#include "sites/diagnosis/machine_facts.hpp"
#include "sites/healing.hpp"
#include "sites/provider.hpp"
#include "sites/routes.hpp"

namespace aitbc::sites {

// Below these a machine is told to be short of something.
inline constexpr std::uint64_t disk_free_bytes_min = 256ULL * 1024 * 1024;
inline constexpr std::uint64_t disk_free_files_min = 1'000;
inline constexpr std::uint64_t node_memory_bytes_min = 64ULL * 1024 * 1024;  // of each to start
inline constexpr std::uint64_t node_tasks_min = 64;  // its threads, likewise

enum class Finding : std::uint8_t {
  fault_on_purpose,
  machine_unreachable,
  architecture,
  disk_full,
  memory_low,
  tasks_low,
  no_lingering,
  clock_off,
  address_missing,
  port_taken,
  database_damaged,
  wrong_genesis,
  node_paused,
  node_killed,
  node_failed,
  node_stopped,
  node_unreachable,
  old_program,
  key_in_use_twice,
  unit_given_up,
  finality_conflict,
  peer_unreachable,
  wrong_route,
  no_quorum,
  diverged,
  behind,
  tx_stuck,
  stalled,
};

struct FindingInfo {
  Finding finding;
  std::string_view code;     // stable
  bool passing;              // may be over in a moment, so it is looked at twice
  std::string_view meaning;  // as DIAGNOSES.md has it
};
// In the order of the enumerators.
std::span<const FindingInfo> findings();
std::string_view name(Finding);

struct Diagnosis {
  Finding finding{};
  std::string site;                // of a machine, or of the node if it is one
  std::vector<std::string> nodes;  // whose trouble it is; those of a machine if it is the machine's
  std::string about;               // the other one: a peer, a port, a fault, a sender
  std::string cause;
  std::string cure;                         // a command, after a word on what it is for
  std::optional<std::size_t> follows_from;  // the place of that one in the list
};

// ---- what was seen ------------------------------------------------------------------------------

// How a node that does not run came to its end, by its log.
struct NodeEnd {
  enum class How { never_ran, stopped, failed, killed };
  How how = How::never_ran;
  std::string code;   // of a failure
  std::string words;  // its last ones
};
NodeEnd end_by_log(std::string_view log_tail);

struct NodeSymptoms {
  NodeReport report;  // judged
  std::optional<NodeEnd> end;
  std::string bind;
  std::uint16_t port = 0;
  std::string unit;               // that systemd runs it by, where it does
  std::string program;            // that it runs, if that is not the command's own
  std::vector<PublicKey> proven;  // keys that it has evidence against
};

struct MachineSymptoms {
  std::vector<std::string> sites;
  std::string prefix;         // of a command here that runs another one there: "ssh host "
  std::string home;           // where networks are kept there
  bool units_wanted = false;  // if its services can be nodes
  MachineState state;         // of a container, which may be off, or not made yet
  std::optional<Error> failure;
  Duration clock_ahead{0};
  std::optional<MachineFacts> facts;
};

// Pending transactions of one sender, as a node has them.
struct WaitingTxs {
  std::string node, sender;
  std::uint64_t count = 0;
  Nonce next = 0;    // that the account needs
  Nonce lowest = 0;  // that there is
  std::uint64_t balance = 0;
  std::uint64_t cost = 0;  // of the lowest one
};

struct Symptoms {
  bool network_asked = false;  // else only the machines were
  bool devnet = false;
  Quorum quorum = Quorum::majority;
  bool poll_only = false;
  std::optional<Tip> best;
  std::vector<NodeSymptoms> nodes;
  std::vector<MachineSymptoms> machines;
  std::vector<AskedRoute> routes;
  std::vector<WaitingTxs> waiting;
  std::vector<Healing> healings;
};

// ---- what it means ------------------------------------------------------------------------------

// In the order of the codes; empty if nothing is wrong.
std::vector<Diagnosis> diagnose(const Symptoms&);

// Whether looking again may change the answer: something that passes by itself has no cause yet.
bool is_doubtful(std::span<const Diagnosis>);
// `now` without what passes by itself and was not there before.
std::vector<Diagnosis> persisting(std::span<const Diagnosis> before, std::vector<Diagnosis> now);

}  // namespace aitbc::sites
