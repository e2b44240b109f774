#pragma once
// What a machine says of itself when it is asked, by this program running there (`aitbc host
// facts`): room on the disk and in memory, ports that are taken, and which nodes elsewhere can be
// reached from it. Plain values and their JSON; looking takes as long as the slowest URL. Any
// thread.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/core/result.hpp"
#include "chain/core/time.hpp"
#include "sites/units.hpp"

namespace aitbc::sites {

struct PortUse {
  enum class State { free, taken, no_address };  // no_address: the machine does not have it
  std::string address;
  std::uint16_t port = 0;
  State state = State::free;
  std::string by;  // "PROGRAM (pid N)"; empty where that is not to be seen
  bool operator==(const PortUse&) const = default;
};
std::string_view name(PortUse::State);
// Whether a program could listen there, by trying: nothing else knows all that keeps it from it.
void look_at_port(PortUse& use);

// What control groups, of version 1 or 2, leave to a process: `list` as /proc/self/cgroup, `mount`
// as /sys/fs/cgroup.
struct GroupLimits {
  std::optional<std::uint64_t> memory_left, processes_left;  // none where nothing limits them
};
GroupLimits look_at_groups(const std::filesystem::path& list, const std::filesystem::path& mount);

struct UrlReach {
  std::string url;
  bool answered = false;
  std::string detail;  // why not
  bool operator==(const UrlReach&) const = default;
};

struct MachineFacts {
  std::string architecture, system;                // as uname says
  bool systemd = false;                            // it manages the processes there
  ServiceManager services = ServiceManager::none;  // that would run nodes of this user
  std::uint64_t disk_free_bytes = 0, disk_free_files = 0;
  std::uint64_t memory_free_bytes = 0;          // also below the limits of the container
  std::optional<std::uint64_t> processes_left;  // none where nothing limits them
  std::vector<PortUse> ports;
  std::vector<UrlReach> urls;
  std::vector<GivenUpUnit> given_up;  // of the units that were asked for
  bool operator==(const MachineFacts&) const = default;
};

struct FactsWanted {
  std::filesystem::path folder;  // whose disk; its nearest parent that is there
  std::vector<PortUse> ports;    // the address and port of each
  std::vector<std::string> urls;
  std::vector<std::string> units;
  Duration patience{2'000};  // with each URL; all are asked at once
};

// This machine, with what runs services there. io if it cannot be looked at.
Result<MachineFacts> look_at_machine(const FactsWanted&, const Units&, const Clock&);

std::string facts_json(const MachineFacts&);
Result<MachineFacts> parse_facts(std::string_view json);

}  // namespace aitbc::sites
