#pragma once
// What `aitbc dump` writes and `aitbc sim --replay` reads: one JSON document with the genesis and,
// of each node that answered, its status, chain, votes and pending transactions. No key is in it.
// Pure functions, but for take_dump(), which asks the nodes.

#include <string>
#include <vector>

#include "cli/ask.hpp"
#include "sync/sim/limits.hpp"
#include "sync/sim/recording.hpp"

namespace aitbc::cli {

struct Dump {
  struct Node {
    sim::RecordedNode recorded;
    std::string url;
    std::string status;  // as the node printed it
    std::string error;   // instead of all that, if it did not answer
  };
  Genesis genesis;
  Time made;
  std::vector<Node> nodes;
};

// `now` is asked around each answer, to tell how far a node's clock is off.
Outcome<Dump> take_dump(const std::vector<NodeAddress>& nodes, sites::Clock& clock,
                        Progress& progress);

std::string dump_json(const Dump&);
// bad_json, or whatever is wrong with an encoding. Of the nodes, those that answered.
Result<sim::Recording> parse_dump(std::string_view json);

}  // namespace aitbc::cli
