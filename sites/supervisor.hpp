#pragma once
// Starts, signals and watches nodes on one host. A node is known by its folder and its command
// line; the process found for it is never another one that happens to have its old number. Every
// call is idempotent: starting what runs and stopping what does not are done already. Thread-safe
// for different nodes.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sites/clock.hpp"

namespace aitbc::sites {

// Who keeps a machine's services: systemd, that of the whole machine or that of one user.
enum class ServiceManager : std::uint8_t { none, system, user };
std::string_view name(ServiceManager);

struct Unit {
  std::string name;  // "aitbc-NETWORK-NODE.service"
  std::string text;
};

struct NodeSpec {
  std::filesystem::path folder;        // holds node.log and node.pid
  std::string program;                 // that start() runs
  std::vector<std::string> arguments;  // name a path in the folder, so no other process has them
  // What systemd is to run it by; none: it is a process of its own, and stop() and kill() remove a
  // unit that it had.
  std::optional<Unit> unit = {};
};

enum class RunState { running, paused, stopped };
std::string_view name(RunState);

// What the OS says of a node's process.
struct ProcessFacts {
  int pid = 0;
  std::string program;  // the file that it was started from; " (deleted)" follows if it is gone
  Duration uptime{};
  Duration cpu_time{};
  std::uint64_t rss_bytes = 0;
};

enum class Stopped { already, by_itself, killed };  // killed: it did not end in time

class Supervisor {
 public:
  virtual ~Supervisor() = default;

  virtual Status start(const NodeSpec&) = 0;
  // Asks it to end, and kills it after `patience`; a paused node is resumed to hear it.
  virtual Result<Stopped> stop(const NodeSpec&, Duration patience) = 0;
  virtual Status kill(const NodeSpec&) = 0;
  // refused if it is not running.
  virtual Status pause(const NodeSpec&) = 0;
  virtual Status resume(const NodeSpec&) = 0;
  virtual Result<RunState> state(const NodeSpec&) = 0;
  virtual Result<std::optional<ProcessFacts>> facts(const NodeSpec&) = 0;
  // In which way a node is not run as the spec says, in words; empty if it is. in_use if its unit's
  // name is taken by somebody else's.
  virtual Result<std::string> drift(const NodeSpec&) = 0;
  // The last lines of its log; empty if there is none.
  virtual std::string log_tail(const NodeSpec&, std::size_t lines) = 0;
  // Kills every node whose command line names a path in `folder`, also those that no file knows any
  // more, and removes their units. Says how many there were.
  virtual Result<std::size_t> kill_all_in(const std::filesystem::path& folder) = 0;
};

// Children of this machine's init: they outlive the command that started them. The process is
// named in <folder>/node.pid ("PID START-TIME"), checked against its start time and its arguments;
// if that file was lost, it is found by its arguments.
class ProcessSupervisor : public Supervisor {
 public:
  explicit ProcessSupervisor(Clock& clock) : clock_(clock) {}

  Status start(const NodeSpec&) override;
  Result<Stopped> stop(const NodeSpec&, Duration patience) override;
  Status kill(const NodeSpec&) override;
  Status pause(const NodeSpec&) override;
  Status resume(const NodeSpec&) override;
  Result<RunState> state(const NodeSpec&) override;
  Result<std::optional<ProcessFacts>> facts(const NodeSpec&) override;
  Result<std::string> drift(const NodeSpec&) override { return std::string(); }
  std::string log_tail(const NodeSpec&, std::size_t lines) override;
  Result<std::size_t> kill_all_in(const std::filesystem::path& folder) override;

 protected:
  Clock& clock_;
};

// The command line of a node whose config file this is, without the program.
std::vector<std::string> node_arguments(const std::filesystem::path& config);

}  // namespace aitbc::sites
