#pragma once
// From a host's name to its addresses, within a deadline. The system's resolver knows none, so a
// name is looked up on a thread of its own. One that takes too long is left behind; it ends when
// the resolver gives up, and there are never more than limits::lookups_max. Any thread.

#include <netdb.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "chain/core/result.hpp"

namespace aitbc::rpc {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

struct Patience {
  std::chrono::steady_clock::time_point deadline;
  int cancel = -1;  // a descriptor that is readable once nobody waits any more
};

// For stream sockets. Errc::unreachable (no such host), timeout or shutting_down (cancelled).
// Tests give a resolver of their own.
Result<Addresses> resolve(const std::string& host, std::uint16_t port, const Patience&,
                          decltype(&::getaddrinfo) look_up = &::getaddrinfo);

}  // namespace aitbc::rpc
