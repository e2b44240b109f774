#pragma once
// What all nodes remember of one transaction, on one line of time. Pure functions.

#include <optional>
#include <string>
#include <vector>

#include "rpc/native.hpp"

namespace aitbc::cli {

// What one node said, or why it said nothing.
struct NodeTrace {
  std::string node;
  std::optional<PublicKey> authority;  // the key it seals with
  Duration clock_offset{0};            // its clock minus ours
  std::optional<rpc::TxTrace> trace;   // none: it does not know the transaction, or did not answer
  std::string problem;                 // in words, if it did not answer
};

struct TraceRow {
  Duration after{0};  // since the first of all rows
  Time time;          // by our clock
  std::string node;
  // received (first of all), seen (later elsewhere), sealed, included, final, replaced; returned:
  // it waits again after its block was rewound.
  std::string_view stage;
  Height height = 0;  // of its block; 0: none
};

// By time. Clocks are never known exactly: what follows from something else is never shown before
// it at one node.
std::vector<TraceRow> join_traces(const std::vector<NodeTrace>&);
// Whether every node that answers, and has not forgotten it, has seen the end of it: final, or
// replaced.
bool is_over(const std::vector<NodeTrace>&);

}  // namespace aitbc::cli
