#pragma once
// The faults that a node is told to have, and what they amount to at an instant. They end by
// themselves. Pure: the owner brings the time, which is the true one, whatever the node's clock is
// made to say. Not thread-safe; shared as FaultRegistry, and used as it is in the simulator.

#include <optional>
#include <span>
#include <vector>

#include "chain/core/result.hpp"
#include "chain/fault.hpp"
#include "sync/link.hpp"

namespace aitbc::sync {

class Faults {
 public:
  Faults() = default;
  // The node's peers, by whose URLs faults on links name them.
  explicit Faults(std::vector<std::string> peers) : peers_(std::move(peers)) {}
  // A fault that names a peer which is none any more does nothing.
  void set_peers(std::vector<std::string> peers) { peers_ = std::move(peers); }

  // Replaces the one of its id. bad_request for one that cannot be; overloaded when there are
  // limits::faults_max.
  Status add(Fault, Time now);
  // Ends the fault of that id, or all. Says how many there were.
  std::size_t heal(const std::optional<std::string>& id, Time now);
  // Those that have not ended yet.
  std::vector<Fault> active(Time now) const;
  // When the next of them ends.
  std::optional<Time> next_end(Time now) const;

  LinkRules links(const std::string& peer, Time now) const;
  // What the node's clock shows.
  Time clock(Time now) const;
  bool disk_full(Time now) const;
  Duration disk_delay(Time now) const;
  std::optional<Lie> lie(Time now) const;
  bool double_signs(Time now) const;

 private:
  Status check(const Fault&, Time now) const;
  template <class Kind, class Function>
  void each(Time now, const Function& function) const;

  std::vector<std::string> peers_;
  std::vector<Fault> faults_;
};

}  // namespace aitbc::sync
