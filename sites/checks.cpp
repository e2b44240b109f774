#include "sites/checks.hpp"

#include <algorithm>

#include "chain/core/poa.hpp"

namespace aitbc::sites {

namespace {

using Kind = SyncState::Kind;

// What can be said of a node without looking at its chain; in_sync means that its chain counts.
SyncState judge_alone(const NodeReport& report, const std::optional<GenesisHash>& genesis) {
  if (report.process == RunState::stopped) return {Kind::stopped, 0, ""};
  if (report.process == RunState::paused) return {Kind::paused, 0, "stopped by SIGSTOP"};
  if (!report.answer || !report.genesis_hash) return {Kind::unreachable, 0, ""};
  if (genesis && *report.genesis_hash != *genesis) return {Kind::wrong_genesis, 0, ""};
  return {Kind::in_sync, 0, ""};
}

// Compares the two nodes' blocks at one height.
class Comparison {
 public:
  Comparison(const NodeReport& best, const NodeReport& node, const IdAt& id_at)
      : best_(best), node_(node), id_at_(id_at) {}

  // A node that has no block there (any more) differs. An error if one does not answer.
  Result<bool> same_at(Height height) const {
    if (height == 0) return true;  // the genesis, which they share
    AITBC_TRY_ASSIGN(const auto theirs, id_of(node_, height));
    AITBC_TRY_ASSIGN(const auto wanted, id_of(best_, height));
    return theirs && wanted && *theirs == *wanted;
  }

  Result<SyncState> state() const {
    const Tip& head = node_.answer->head;
    const Tip& best = best_.answer->head;
    if (head == best) return SyncState{Kind::in_sync, 0, ""};
    if (head.height == 0) return SyncState{Kind::behind, best.height, ""};
    AITBC_TRY_ASSIGN(const auto wanted, id_of(best_, head.height));
    if (wanted && *wanted == head.id) {
      return SyncState{Kind::behind, best.height - head.height, ""};
    }
    Height common = 0, parted = head.height;
    while (parted - common > 1) {
      const Height middle = common + (parted - common) / 2;
      AITBC_TRY_ASSIGN(const bool same, same_at(middle));
      (same ? common : parted) = middle;
    }
    return SyncState{Kind::diverged, common, ""};
  }

 private:
  Result<std::optional<BlockId>> id_of(const NodeReport& node, Height height) const {
    auto id = id_at_(node, height);
    if (id) return std::optional<BlockId>(*id);
    if (category(id.error().code) == Category::absent) return std::optional<BlockId>{};
    return std::move(id).error();
  }

  const NodeReport& best_;
  const NodeReport& node_;
  const IdAt& id_at_;
};

// As forks are chosen: votes come before length. What is final somewhere is not undone by a node
// that was alone for a while and sealed more.
Standing standing_of(const NodeReport& report) {
  return {report.answer->justified.height, report.answer->head};
}

}  // namespace

bool NetworkStatus::all_in_sync() const {
  return !nodes.empty() && std::all_of(nodes.begin(), nodes.end(), [](const NodeReport& report) {
    return report.state.kind == Kind::in_sync;
  });
}

void judge(NetworkStatus& status, const IdAt& id_at) {
  const NodeReport* best = nullptr;
  for (NodeReport& report : status.nodes) {
    report.state = judge_alone(report, status.genesis_hash);
    if (report.state.kind != Kind::in_sync) continue;
    if (best == nullptr || better(standing_of(report), standing_of(*best))) best = &report;
  }
  if (best == nullptr) return;
  status.best = best->answer->head;
  for (NodeReport& report : status.nodes) {
    if (report.state.kind != Kind::in_sync) continue;
    auto state = Comparison(*best, report, id_at).state();
    if (!state) {
      report.state = {Kind::unreachable, 0, ""};
      report.detail = state.error().detail;
      continue;
    }
    report.state = *state;
    // That it does not seal is news only of a node which has the chain. But of two final chains, it
    // is no news which one this tool compares with.
    const SyncState& own = report.answer->state;
    const bool tells = report.state.kind == Kind::in_sync || report.answer->finality_conflict;
    if (tells && own.kind == Kind::paused) report.state = own;
  }
}

bool ChainWatch::goes_on(const Look& now) {
  if (!height_at_first_) height_at_first_ = now.height;
  if (now.height >= *height_at_first_ + blocks_needed_) return true;
  if (now.waiting > waited_before_) {
    quiet_since_.reset();
    return false;
  }
  if (!quiet_since_) quiet_since_ = now.at;
  return now.at >= *quiet_since_ + slot_;
}

}  // namespace aitbc::sites
