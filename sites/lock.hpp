#pragma once
// The right to change a network on a machine. One command at a time has it; the OS takes it back
// when its holder dies, so nothing is ever left locked. The lock's file goes with the network's
// folder.

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "sites/layout.hpp"
#include "sites/transport.hpp"

namespace aitbc::sites {

// "process 42 of root@laptop": this one, for those whom it keeps out.
std::string this_command();

// On the machine of this process, for `holder`. in_use, naming the holder and since when; does not
// wait. Any thread.
Result<std::unique_ptr<Lock>> lock_network(const Layout&, const std::string& holder);

// What one command has locked: each machine once, all given back together. None is waited for, so
// two commands never wait for each other. Thread-safe; the transports must outlive it.
class Locks {
 public:
  // in_use; bad_manifest if this command has that folder by another way.
  Status take(Transport&, const Layout&);

 private:
  std::mutex mutex_;  // guards the map
  std::map<const Transport*, std::unique_ptr<Lock>> held_;
};

}  // namespace aitbc::sites
