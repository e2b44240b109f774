// What is wrong with single nodes: their processes, their files, their clocks and keys, and whom
// they do not hear.

#include <algorithm>

#include "chain/core/address.hpp"
#include "chain/core/limits.hpp"
#include "sites/diagnosis/order.hpp"

namespace aitbc::sites {

namespace {

using How = NodeEnd::How;

bool begins(const std::string& text, std::string_view with) { return text.starts_with(with); }

Clue clue_of(Finding finding, const NodeSymptoms& node, std::string cause, std::string cure) {
  Clue clue;
  clue.finding = finding;
  clue.site = node.report.site;
  clue.nodes = {node.report.node};
  clue.cause = std::move(cause);
  clue.cure = std::move(cure);
  return clue;
}

bool names(const Clue& clue, const std::string& node) {
  return std::find(clue.nodes.begin(), clue.nodes.end(), node) != clue.nodes.end();
}

bool knows(const std::vector<Clue>& clues, Finding finding, const std::string& node) {
  return std::any_of(clues.begin(), clues.end(), [&](const Clue& clue) {
    return clue.finding == finding && names(clue, node);
  });
}

// One finding for all nodes of which the same is to be said, with the cure for several.
void add_to_group(std::vector<Clue>& clues, Clue clue, const std::string& cure_of_several) {
  for (Clue& other : clues) {
    if (other.finding != clue.finding || other.cause != clue.cause) continue;
    other.nodes.insert(other.nodes.end(), clue.nodes.begin(), clue.nodes.end());
    if (other.site != clue.site) other.site.clear();
    other.cure = cure_of_several;
    return;
  }
  clues.push_back(std::move(clue));
}

// What it has is put aside, not removed: the node fetches the chain from the others.
std::string fresh_database(const std::string& node) {
  return "put it aside, and let the node fetch the chain again: aitbc exec " + node +
         " -- sh -c 'for f in chain.db chain.db-wal chain.db-shm; do [ ! -e $f ] || mv $f $f.bad; "
         "done' "
         "&& aitbc node start " +
         node;
}

// ---- a node that does not run -------------------------------------------------------------------

void judge_failure(const NodeSymptoms& node, std::vector<Clue>& clues) {
  const NodeEnd& end = *node.end;
  const std::string& id = node.report.node;
  const auto add = [&](Finding finding, std::string cure) {
    clues.push_back(clue_of(finding, node, "it ended by itself: " + end.words, std::move(cure)));
  };
  // Found when it was opened, or later.
  const bool of_database = end.words.find("/chain.db: ") != std::string::npos;
  if (end.code == "corrupt" && of_database) {
    add(Finding::database_damaged, fresh_database(id));
  } else if (end.code == "wrong_genesis") {
    add(Finding::wrong_genesis,
        "let it have the network's genesis (if it says so again, its database is of another one: "
        "put it aside) with: aitbc up");
  } else if (end.code == "in_use" && begins(end.words, "data ")) {
    add(Finding::key_in_use_twice,
        "end that process, which has this node's folder, then: aitbc node start " + id);
  } else {
    add(Finding::node_failed, "once that is put right: aitbc node start " + id);
  }
}

void judge_end(const NodeSymptoms& node, std::vector<Clue>& clues) {
  const std::string& id = node.report.node;
  const bool said_nothing = node.end->how == How::stopped || node.end->how == How::never_ran;
  // No command stopped one whose unit failed; it may not even have come to its first line.
  if (said_nothing && knows(clues, Finding::unit_given_up, id)) return;
  const std::string start = "aitbc node start " + id;
  switch (node.end->how) {
    case How::failed:
      // Who has the port is known better from the machine, if it still has it.
      if (!knows(clues, Finding::port_taken, id)) judge_failure(node, clues);
      return;
    case How::killed:
      clues.push_back(clue_of(Finding::node_killed, node,
                              "it ended without a word, as by SIGKILL or for want of memory; its "
                              "last line: " +
                                  node.end->words,
                              "start it again: " + start));
      return;
    case How::stopped:
      return add_to_group(
          clues, clue_of(Finding::node_stopped, node, "stopped by a command", "start it: " + start),
          "start them: aitbc up");
    case How::never_ran:
      return add_to_group(
          clues, clue_of(Finding::node_stopped, node, "never started", "start it: aitbc up"),
          "start them: aitbc up");
  }
}

// ---- a node that runs ---------------------------------------------------------------------------

void judge_silence(const Symptoms& symptoms, const NodeSymptoms& node, std::vector<Clue>& clues) {
  const NodeReport& report = node.report;
  std::vector<std::string> hearing;
  for (const NodeSymptoms& other : symptoms.nodes) {
    if (!other.report.answer) continue;
    for (const PeerStatus& peer : other.report.answer->peers) {
      const bool heard = peer.url == report.url && peer.state.kind != SyncState::Kind::unreachable;
      if (heard) hearing.push_back(other.report.node);
    }
  }
  std::string cause = "it does not answer at " + report.url + ": " + report.detail;
  std::string cure = "see what it does: aitbc logs " + report.node + " -n 20";
  if (!hearing.empty()) {
    cause += "; node " + hearing.front() + " hears it, so only the way from here is closed";
    cure = "let that port through to this machine, then: aitbc why";
  }
  clues.push_back(clue_of(Finding::node_unreachable, node, cause, cure));
}

void judge_program(const NodeSymptoms& node, std::vector<Clue>& clues) {
  if (node.program.empty()) return;
  add_to_group(clues,
               clue_of(Finding::old_program, node, "it was started from " + node.program,
                       "start it from this build: aitbc up"),
               "start them from this build: aitbc up");
}

void judge_clock(const NodeSymptoms& node, std::vector<Clue>& clues) {
  const auto& offset = node.report.answer->clock_offset;
  const std::string& id = node.report.node;
  if (!offset || std::chrono::abs(*offset) <= limits::clock_offset_red) return;
  if (knows(clues, Finding::clock_off, id)) return;  // its machine's
  std::string cause = "its clock is " + std::to_string(std::chrono::abs(*offset).count()) + " ms " +
                      (*offset > Duration{0} ? "ahead of" : "behind") +
                      " the median of those it hears";
  if (std::chrono::abs(*offset) > limits::clock_offset_max) cause += ", so it seals nothing";
  clues.push_back(clue_of(Finding::clock_off, node, cause,
                          "set the machine's by the network's time: aitbc exec " + id +
                              " -- timedatectl set-ntp true"));
}

void judge_key(const NodeSymptoms& node, std::vector<Clue>& clues) {
  const NodeStatus& answer = *node.report.answer;
  const std::string& why = answer.state.why;
  const std::string& id = node.report.node;
  if (answer.state.kind != SyncState::Kind::paused) return;
  if (begins(why, "finality_conflict")) {
    add_to_group(clues,
                 clue_of(Finding::finality_conflict, node, why,
                         "see which, choose one, then: aitbc authority unlock --node " + id),
                 "see which, choose one, then unlock its nodes: aitbc evidence ls --node " + id);
  } else if (begins(why, "evidence against this key")) {
    clues.push_back(clue_of(Finding::key_in_use_twice, node, why,
                            "end the other process that has this key, then: aitbc authority "
                            "unlock --node " +
                                id));
  } else if (why.find(" is run by ") != std::string::npos) {
    clues.push_back(clue_of(Finding::key_in_use_twice, node, why,
                            "end one of the two; this one: aitbc node stop " + id));
  }
}

// Against a key that no node of ours answers for: who answers may have been unlocked.
void judge_foreign_keys(const Symptoms& symptoms, std::vector<Clue>& clues) {
  std::vector<PublicKey> told;
  for (const NodeSymptoms& node : symptoms.nodes) {
    if (node.report.answer && node.report.answer->authority) {
      told.push_back(*node.report.answer->authority);
    }
  }
  for (const NodeSymptoms& node : symptoms.nodes) {
    for (const PublicKey& key : node.proven) {
      if (std::find(told.begin(), told.end(), key) != told.end()) continue;
      told.push_back(key);
      Clue clue = clue_of(
          Finding::key_in_use_twice, node,
          "there is evidence against key " + key.hex() + ", which no node here runs that answers",
          "see what it signed: aitbc evidence ls --node " + node.report.node);
      clue.about = key.hex();
      clues.push_back(std::move(clue));
    }
  }
}

void judge_peers(const Symptoms& symptoms, const NodeSymptoms& node, std::vector<Clue>& clues) {
  for (const PeerStatus& peer : node.report.answer->peers) {
    if (peer.state.kind != SyncState::Kind::unreachable) continue;
    const auto other =
        std::find_if(symptoms.nodes.begin(), symptoms.nodes.end(),
                     [&](const NodeSymptoms& each) { return each.report.url == peer.url; });
    if (other == symptoms.nodes.end() || !other->report.answer) continue;
    const std::string& to = other->report.node;
    // The node's own word says more than its machine's.
    std::erase_if(clues, [&](const Clue& clue) {
      return clue.finding == Finding::peer_unreachable && clue.kind == by_machine &&
             clue.about == to && names(clue, node.report.node);
    });
    Clue clue = clue_of(Finding::peer_unreachable, node,
                        "it cannot reach node " + to + " at " + peer.url +
                            ", which answers here: " + peer.last_error,
                        "let that port through, from there to node " + to +
                            " (firewall, route, ip in the network file), then: aitbc doctor");
    clue.about = to;
    clues.push_back(std::move(clue));
  }
}

void judge_genesis(const NodeSymptoms& node, std::vector<Clue>& clues) {
  if (node.report.state.kind != SyncState::Kind::wrong_genesis) return;
  const std::string& id = node.report.node;
  clues.push_back(clue_of(Finding::wrong_genesis, node,
                          "it runs a chain of genesis " + hash_text(*node.report.genesis_hash),
                          "give it the network's: aitbc up && aitbc node restart " + id));
}

// ---- faults on purpose --------------------------------------------------------------------------

void add_fault_clue(std::vector<Clue>& clues, const std::string& id, const std::string& what,
                    Time until, std::string_view kind, const std::string& node) {
  for (Clue& known : clues) {
    if (known.finding != Finding::fault_on_purpose || known.about != id) continue;
    known.nodes.push_back(node);
    return;
  }
  Clue clue;
  clue.finding = Finding::fault_on_purpose;
  clue.nodes = {node};
  clue.about = id;
  clue.kind = kind;
  clue.cause = "chaos is at work: " + what + ", until " + to_iso(until);
  clue.cure = "wait, or end it: aitbc chaos heal " + id;
  clues.push_back(std::move(clue));
}

}  // namespace

void judge_nodes(const Symptoms& symptoms, std::vector<Clue>& clues) {
  for (const Healing& healing : symptoms.healings) {
    const bool kills = healing.how == Healing::How::start;
    add_fault_clue(clues, healing.id, healing.what, healing.until, kills ? "kill" : "pause",
                   healing.node);
  }
  for (const NodeSymptoms& node : symptoms.nodes) {
    const NodeReport& report = node.report;
    judge_program(node, clues);
    if (report.process == RunState::stopped) {
      if (node.end) judge_end(node, clues);
    } else if (report.process == RunState::paused) {
      clues.push_back(clue_of(Finding::node_paused, node, "its process is frozen (SIGSTOP)",
                              "let it go on: aitbc node resume " + report.node));
    } else if (!report.answer) {
      judge_silence(symptoms, node, clues);
    } else {
      for (const Fault& fault : report.answer->faults) {
        add_fault_clue(clues, fault.id, fault.what, fault.until, kind_name(fault), report.node);
      }
      judge_genesis(node, clues);
      judge_clock(node, clues);
      judge_key(node, clues);
      judge_peers(symptoms, node, clues);
    }
  }
  judge_foreign_keys(symptoms, clues);
}

}  // namespace aitbc::sites
