#pragma once
// What the HTTP server asks of the operating system about sockets: owned descriptors, a listening
// socket that shares its port with nobody, and addresses as text. Plain values; no thread of its
// own.

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>

#include "chain/core/result.hpp"

namespace aitbc::rpc {

// Closes what it owns.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Accepted {
  enum class WhyNot {
    nobody_there,
    client_gone,   // before it was accepted
    nothing_left,  // no descriptor or no memory: the client still waits
    listener_broken,
  };
  Descriptor socket;    // not valid: errno says why
  std::string address;  // of the peer, numeric
  WhyNot why_not = WhyNot::nobody_there;
};

// Non-blocking, closed on exec. Errc::in_use when another process listens there. The deadline is
// for a name that must be looked up.
Result<Descriptor> listen_on(const std::string& address, std::uint16_t port,
                             std::chrono::steady_clock::time_point deadline);
Result<std::uint16_t> port_of(const Descriptor& listener);

// The accepted socket is non-blocking, closed on exec and sends small answers at once.
Accepted accept_from(const Descriptor& listener);

// What errno says.
std::string errno_text();

}  // namespace aitbc::rpc
