#include "cli/trace.hpp"

#include <algorithm>

namespace aitbc::cli {

namespace {

using TxStatus = TxEvent::Status;

std::string_view word_of(const NodeTrace& node, const rpc::TxTrace::Stage& stage, bool is_first) {
  switch (stage.status) {
    case TxStatus::pending:
      return is_first ? "seen" : "returned";
    case TxStatus::included:
      return node.authority == stage.proposer ? "sealed" : "included";
    case TxStatus::final:
      return "final";
    case TxStatus::replaced:
      return "replaced";
  }
  AITBC_CHECK(false && "a TxEvent::Status outside its enumerators");
}

}  // namespace

std::vector<TraceRow> join_traces(const std::vector<NodeTrace>& nodes) {
  std::vector<TraceRow> rows;
  for (const NodeTrace& node : nodes) {
    if (!node.trace) continue;
    bool is_first = true;
    for (const rpc::TxTrace::Stage& stage : node.trace->stages) {
      const Time time = stage.time - node.clock_offset;
      rows.push_back({{}, time, node.node, word_of(node, stage, is_first), stage.height});
      is_first = false;
    }
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const TraceRow& a, const TraceRow& b) { return a.time < b.time; });
  for (TraceRow& row : rows) row.after = row.time - rows.front().time;
  if (!rows.empty() && rows.front().stage == "seen") rows.front().stage = "received";
  return rows;
}

bool is_over(const std::vector<NodeTrace>& nodes) {
  bool seen = false;
  for (const NodeTrace& node : nodes) {
    if (!node.problem.empty()) continue;
    if (!node.trace) return false;
    if (node.trace->stages.empty()) continue;  // forgotten: nothing more will come from there
    const TxStatus last = node.trace->stages.back().status;
    if (last != TxStatus::final && last != TxStatus::replaced) return false;
    seen = true;
  }
  return seen;
}

}  // namespace aitbc::cli
