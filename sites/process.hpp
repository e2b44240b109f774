#pragma once
// A process of this machine as /proc shows it, and a handle by which it can be signalled without
// the risk of hitting another that got its number. Any thread.

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "chain/core/result.hpp"
#include "sites/clock.hpp"
#include "sites/descriptor.hpp"

namespace aitbc::sites {

struct ProcessInfo {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // since boot; with the pid it names a process until the next boot
  char state = 0;                 // as in ps: R S D run, T is stopped by a signal, Z has ended
  Duration uptime{};
  Duration cpu_time{};
  std::uint64_t rss_bytes = 0;
  std::string program;            // its file; empty for somebody else's process
  std::vector<std::string> argv;  // empty when it has ended
};

// nullopt if there is no such process.
std::optional<ProcessInfo> read_process(pid_t);
std::vector<pid_t> all_processes();
// ProcessInfo's argv alone, which is a fifth of the work: for a look through all processes.
std::vector<std::string> arguments_of(pid_t);

// Becomes readable when the process has ended; closed if there is none.
Descriptor open_pidfd(pid_t);

class ProcessHandle {
 public:
  // nullopt if it has ended, or if its number now belongs to another process.
  static std::optional<ProcessHandle> open(const ProcessInfo&);

  pid_t pid() const { return pid_; }
  Status signal(int number) const;
  // False if it has not ended at the deadline.
  bool wait_for_exit(Clock& clock, Time deadline) const;

 private:
  ProcessHandle(pid_t pid, Descriptor descriptor) : pid_(pid), descriptor_(std::move(descriptor)) {}

  pid_t pid_;
  Descriptor descriptor_;
};

}  // namespace aitbc::sites
