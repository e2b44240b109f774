#pragma once
// Nodes of this machine as units of its systemd, so that they come back after a crash and when the
// machine restarts. A unit is enabled from start() until a command stops or kills its node, and
// never else: what was stopped on purpose stays so. Whose unit a file is, its first line says;
// those of others are left alone. Thread-safe for different nodes.

#include <functional>

#include "sites/command.hpp"
#include "sites/supervisor.hpp"

namespace aitbc::sites {

// Where units are kept, and how their manager is told.
struct Units {
  ServiceManager manager = ServiceManager::none;
  std::filesystem::path folder;        // of unit files
  std::filesystem::path socket;        // there once the manager listens
  std::vector<std::string> systemctl;  // with what it is always told
};
// systemd's own for root; that of any other user if it lives without a session of his
// (`loginctl enable-linger`), as nodes shall.
Units units_here();

// A unit that systemd does not start any more, with its word for how the last attempt ended:
// "exit-code", "signal", "oom-kill", "start-limit-hit".
struct GivenUpUnit {
  std::string name, result;
  bool operator==(const GivenUpUnit&) const = default;
};
// Of these; without a word on those that it cannot be asked for.
std::vector<GivenUpUnit> given_up_of(const std::vector<std::string>& units, const Units&,
                                     const Clock&);

// The first line of a node's unit.
std::string unit_header(const std::filesystem::path& node_folder, const std::string& network);

// A node is a process all the same: how it is found, paused and looked at does not change.
class UnitSupervisor final : public ProcessSupervisor {
 public:
  UnitSupervisor(Units units, Clock& clock) : ProcessSupervisor(clock), units_(std::move(units)) {}

  // Writes its unit and takes away what was added to it. in_use if its name is somebody else's;
  // refused where there is no systemd, or with what it said.
  Status start(const NodeSpec&) override;
  Result<Stopped> stop(const NodeSpec&, Duration patience) override;
  Status kill(const NodeSpec&) override;
  Result<std::string> drift(const NodeSpec&) override;
  Result<std::size_t> kill_all_in(const std::filesystem::path& folder) override;

 private:
  // The names of units of nodes in that folder.
  std::vector<std::string> units_in(const std::filesystem::path& folder) const;
  // Its text; nothing if there is none. in_use if it is not this node's.
  Result<std::optional<std::string>> text_of(const NodeSpec&) const;
  std::filesystem::path additions_to(const std::string& unit) const;
  Result<std::string> running_drift(const std::string& unit, int pid) const;
  Status write(const NodeSpec&);
  Status take_down(const std::filesystem::path& folder, const std::optional<Unit>& kept,
                   const std::function<Status()>& end);
  Result<Output> systemctl(std::vector<std::string> words) const;
  Result<std::string> asked(const std::vector<std::string>& words) const;
  Status told(const std::vector<std::string>& words) const;

  const Units units_;
};

}  // namespace aitbc::sites
