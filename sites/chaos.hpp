#pragma once
// Faults on purpose in a whole network. What people ask for (a partition, a slow link) is turned
// into what each node is told; the nodes end it by themselves. Killed and paused nodes cannot, so a
// process of their own brings them back (healing.hpp). Only for devnets. One thread at a time.

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "chain/fault.hpp"
#include "sites/healing.hpp"
#include "sites/network.hpp"

namespace aitbc::sites {

// What one node is told.
struct NodeFault {
  std::string node;
  decltype(Fault::kind) kind;
};

// Nodes and sites, separated by commas; not_found names what there is.
Result<std::vector<std::string>> nodes_named(const Manifest&, const std::string& words);
// Nodes of different groups do not hear one another. A node of no group is with the first.
Result<std::vector<NodeFault>> partition(const Manifest&, const std::vector<std::string>& groups);
// Each of these alone.
Result<std::vector<NodeFault>> isolate(const Manifest&, const std::vector<std::string>& nodes);
// The links from these nodes to those; nullopt is all.
Result<std::vector<NodeFault>> on_links(const Manifest&, const LinkRule&,
                                        const std::optional<std::string>& from,
                                        const std::optional<std::string>& to);

class Chaos {
 public:
  Chaos(Network& network, Providers& providers, Clock& clock)
      : network_(network), providers_(providers), clock_(clock) {}

  struct Order {
    std::string id;
    std::string what;  // for people
    Duration lasts{0};
  };
  // All nodes have it, or none. not_devnet unless the genesis says so; refused for a paused node.
  // A stopped node has it when it starts.
  Status begin(const Order&, const std::vector<NodeFault>&);
  // Kills or pauses a node. `healer` must start the process that calls heal_when_due(); it does so
  // before anything happens to the node.
  Status strike(const Order&, Control, const std::string& node,
                const std::function<Status()>& healer);

  Status restart(const std::string& node, const UpOptions&);

  struct Active {
    std::string id, what;
    std::string kind;  // kill, pause, or kind_name()
    std::vector<std::string> nodes;
    Time until;
  };
  struct Listed {
    std::vector<Active> faults;
    std::vector<std::string> silent;  // nodes that run and do not say
  };
  Result<Listed> list();

  // Ends these faults, or all; says which there were. not_found for an id that none has.
  Result<std::vector<std::string>> heal(const std::vector<std::string>& ids, const UpOptions&);
  // Waits until the fault's time is over, or somebody took the node in hand, and brings it back.
  Status heal_when_due(const std::string& id, const UpOptions&);

 private:
  struct Target {
    std::string node;
    std::string url;
    RunState state = RunState::stopped;
  };
  Status require_devnet();
  Result<std::vector<Target>> targets();
  Status tell(const Target&, const Order&, const NodeFault&);
  Result<std::vector<Fault>> faults_of(const Target&);
  Result<std::size_t> heal_on(const Target&, const std::optional<std::string>& id);
  Result<std::vector<Fault>> read_file_of(const std::string& node);
  Status write_file_of(const std::string& node, const std::vector<Fault>&);
  Healings healings() { return {network_.layout(), providers_.here().transport}; }

  Network& network_;
  Providers& providers_;
  Clock& clock_;
};

}  // namespace aitbc::sites
