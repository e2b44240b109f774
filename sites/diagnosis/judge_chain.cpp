// What is wrong with the chain as a whole: who is missing for a quorum, who left the best branch or
// lacks blocks of it, and why transactions wait.

#include <algorithm>

#include "chain/core/text.hpp"
#include "sites/diagnosis/order.hpp"

namespace aitbc::sites {

namespace {

using Kind = SyncState::Kind;

bool is_paused_for_want_of_others(const NodeStatus& answer) {
  return answer.state.why.starts_with("no quorum") ||
         answer.state.why.find(" blocks are not final") != std::string::npos;
}

// Whether its authority would sign, if only it heard enough of the others.
bool is_fit(const NodeReport& report) {
  if (!report.answer || report.state.kind == Kind::wrong_genesis) return false;
  return report.answer->state.kind != Kind::paused || is_paused_for_want_of_others(*report.answer);
}

const NodeSymptoms* with_answer(const Symptoms& symptoms) {
  for (const NodeSymptoms& node : symptoms.nodes) {
    if (node.report.answer && node.report.state.kind != Kind::wrong_genesis) return &node;
  }
  return nullptr;
}

struct Electorate {
  std::size_t all = 0, needed = 0, there = 0;
  std::vector<std::string> missing;
};

// By the chain's own list where a node can be asked, as authorities come and go; else by the file.
Electorate electorate_of(const Symptoms& symptoms) {
  Electorate them;
  const NodeSymptoms* witness = with_answer(symptoms);
  std::vector<PublicKey> keys;
  if (witness != nullptr) keys = witness->report.answer->governance.authorities;
  for (const NodeSymptoms& node : symptoms.nodes) {
    const NodeReport& report = node.report;
    const bool has_turn =
        report.answer && report.answer->authority && is_authority(keys, *report.answer->authority);
    if (!has_turn && !report.authority) continue;
    if (keys.empty()) ++them.all;
    if (is_fit(report) && (has_turn || keys.empty())) {
      ++them.there;
    } else if (!is_fit(report)) {
      them.missing.push_back(report.node);
    }
  }
  if (!keys.empty()) them.all = keys.size();
  them.needed = std::max(them.all / 2 + 1, quorum_of(symptoms.quorum, them.all));
  return them;
}

// Too few of them, or too few that one of them hears.
void judge_quorum(const Symptoms& symptoms, std::vector<Clue>& clues) {
  const Electorate them = electorate_of(symptoms);
  if (them.there < them.needed) {
    Clue clue;
    clue.finding = Finding::no_quorum;
    clue.nodes = them.missing;
    clue.cause = std::to_string(them.there) + " of " + std::to_string(them.all) +
                 " authorities are there, " + std::to_string(them.needed) + " are needed" +
                 (them.missing.empty() ? "" : "; missing: " + joined(them.missing));
    clue.cure = "bring them back: aitbc up";
    clues.push_back(std::move(clue));
    return;
  }
  for (const NodeSymptoms& node : symptoms.nodes) {
    const auto& answer = node.report.answer;
    if (!answer || !answer->state.why.starts_with("no quorum")) continue;
    Clue clue;
    clue.finding = Finding::no_quorum;
    clue.site = node.report.site;
    clue.nodes = {node.report.node};
    clue.cause = "it hears too few authorities, though " + std::to_string(them.there) + " of " +
                 std::to_string(them.all) + " are there: " + answer->state.why;
    clue.cure = "see whom it hears: aitbc sync status";
    clues.push_back(std::move(clue));
  }
}

// ---- single nodes against the best chain --------------------------------------------------------

void judge_branch(const Symptoms& symptoms, const NodeSymptoms& node, std::vector<Clue>& clues) {
  const NodeReport& report = node.report;
  const Height common = report.state.number;
  const Height own = report.answer->head.height - common;
  Height others_final = 0;
  std::vector<std::string> others;
  for (const NodeSymptoms& other : symptoms.nodes) {
    if (!other.report.answer || other.report.answer->head != *symptoms.best) continue;
    others.push_back(other.report.node);
    others_final = std::max(others_final, other.report.answer->final.height);
  }
  const auto standing = [&](Height final) {
    return final > common ? "final up to " + std::to_string(final) : std::string("not final");
  };
  Clue clue;
  clue.finding = Finding::diverged;
  clue.site = report.site;
  clue.nodes = {report.node};
  clue.cause = "since block " + std::to_string(common) + " it has " + std::to_string(own) +
               " blocks of its own (" + standing(report.answer->final.height) + "), nodes " +
               joined(others) + " have " + std::to_string(symptoms.best->height - common) + " (" +
               standing(others_final) + ")";
  clue.cure = "they agree as soon as they hear one another; see whom it hears: aitbc sync status";
  clues.push_back(std::move(clue));
}

void judge_lag(const Symptoms& symptoms, const NodeSymptoms& node, std::vector<Clue>& clues) {
  const NodeReport& report = node.report;
  Clue clue;
  clue.finding = Finding::behind;
  clue.site = report.site;
  clue.nodes = {report.node};
  clue.about = hash_text(report.answer->head.id);
  clue.cause = "it lacks " + std::to_string(report.state.number) + " blocks, and gets none";
  std::size_t heard = 0;
  std::string last_error;
  for (const PeerStatus& peer : report.answer->peers) {
    if (peer.state.kind != Kind::unreachable) ++heard;
    if (!peer.last_error.empty()) last_error = peer.last_error;
  }
  clue.cause += "; it hears " + std::to_string(heard) + " of " +
                std::to_string(report.answer->peers.size()) + " peers";
  if (!last_error.empty()) clue.cause += ", the last error: " + last_error;
  if (symptoms.poll_only) clue.cause += "; it asks at intervals alone (poll_only)";
  clue.cure = "see what it says, then start it anew: aitbc logs " + report.node +
              " -n 20; aitbc node restart " + report.node;
  clues.push_back(std::move(clue));
}

// ---- transactions -------------------------------------------------------------------------------

bool is_stuck(const WaitingTxs& txs) { return txs.lowest > txs.next || txs.cost > txs.balance; }

void judge_waiting(const Symptoms& symptoms, std::vector<Clue>& clues) {
  for (const WaitingTxs& txs : symptoms.waiting) {
    if (!is_stuck(txs)) continue;
    const bool gap = txs.lowest > txs.next;
    Clue clue;
    clue.finding = Finding::tx_stuck;
    clue.nodes = {txs.node};
    clue.about = txs.sender;
    clue.cause = std::to_string(txs.count) + " of " + txs.sender + " wait: ";
    if (gap) {
      clue.cause += "the lowest nonce is " + std::to_string(txs.lowest) + ", the account's next " +
                    std::to_string(txs.next);
      clue.cure = "send what is missing, from that wallet: aitbc send WALLET TO AMOUNT --nonce " +
                  std::to_string(txs.next);
    } else {
      clue.cause += "the next costs " + std::to_string(txs.cost) + ", there is " +
                    std::to_string(txs.balance);
      clue.cure = symptoms.devnet ? "give it the rest: aitbc faucet " + txs.sender + " " +
                                        std::to_string(txs.cost - txs.balance)
                                  : "pay it the rest: aitbc send WALLET " + txs.sender + " " +
                                        std::to_string(txs.cost - txs.balance);
    }
    const auto known = std::find_if(clues.begin(), clues.end(), [&](const Clue& other) {
      return other.finding == clue.finding && other.cause == clue.cause;
    });
    if (known != clues.end()) {
      known->nodes.push_back(txs.node);
    } else {
      clues.push_back(std::move(clue));
    }
  }
}

void judge_stall(const Symptoms& symptoms, std::vector<Clue>& clues) {
  std::uint64_t waiting = 0;
  std::vector<std::string> nodes;
  for (const WaitingTxs& txs : symptoms.waiting) {
    if (is_stuck(txs)) continue;
    waiting += txs.count;
    if (std::find(nodes.begin(), nodes.end(), txs.node) == nodes.end()) nodes.push_back(txs.node);
  }
  if (waiting == 0 || !symptoms.best) return;
  Clue clue;
  clue.finding = Finding::stalled;
  clue.nodes = nodes;
  clue.about = hash_text(symptoms.best->id);
  clue.cause = std::to_string(waiting) + " transactions wait (node " + joined(nodes) +
               ") and no block follows " + std::to_string(symptoms.best->height);
  clue.cure = "see what the authorities say: aitbc logs -n 50";
  clues.push_back(std::move(clue));
}

}  // namespace

void judge_chain(const Symptoms& symptoms, std::vector<Clue>& clues) {
  judge_quorum(symptoms, clues);
  for (const NodeSymptoms& node : symptoms.nodes) {
    if (!node.report.answer || !symptoms.best) continue;
    if (node.report.state.kind == Kind::diverged) judge_branch(symptoms, node, clues);
    if (node.report.state.kind == Kind::behind) judge_lag(symptoms, node, clues);
  }
  judge_waiting(symptoms, clues);
  judge_stall(symptoms, clues);
}

}  // namespace aitbc::sites
