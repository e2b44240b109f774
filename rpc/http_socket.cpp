#include "rpc/http_socket.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "rpc/http_resolve.hpp"

namespace aitbc::rpc {
namespace {

constexpr int backlog = 512;

std::string numeric(const sockaddr_storage& address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const int problem =
      getnameinfo(generic, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return problem == 0 ? text.data() : "unknown";
}

Accepted::WhyNot why_not_accepted(int code) {
  switch (code) {
    case EAGAIN:
      return Accepted::WhyNot::nobody_there;
    case EBADF:
    case EFAULT:
    case EINVAL:
    case ENOTSOCK:
    case EOPNOTSUPP:
      return Accepted::WhyNot::listener_broken;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
      return Accepted::WhyNot::nothing_left;
    default:
      return Accepted::WhyNot::client_gone;
  }
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

std::string errno_text() { return std::generic_category().message(errno); }

Result<Descriptor> listen_on(const std::string& address, std::uint16_t port,
                             std::chrono::steady_clock::time_point deadline) {
  const std::string failed = "cannot listen on " + address + " port " + std::to_string(port) + ": ";
  auto resolved = resolve(address, port, {deadline});
  if (!resolved) return error(Errc::bad_config, failed + resolved.error().detail);
  const addrinfo* found = resolved->get();
  Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  // Not SO_REUSEPORT: two nodes on one port would share its connections without an error.
  if (!socket.valid() || setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) {
    return error(Errc::io, failed + errno_text());
  }
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    if (errno == EADDRINUSE) return error(Errc::in_use, failed + "another process does");
    return error(Errc::bad_config, failed + errno_text());
  }
  return socket;
}

Result<std::uint16_t> port_of(const Descriptor& listener) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
    return error(Errc::io, "cannot tell the port: " + errno_text());
  }
  const auto* ipv4 = reinterpret_cast<const sockaddr_in*>(&bound);
  const auto* ipv6 = reinterpret_cast<const sockaddr_in6*>(&bound);
  return ntohs(bound.ss_family == AF_INET6 ? ipv6->sin6_port : ipv4->sin_port);
}

Accepted accept_from(const Descriptor& listener) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  Descriptor socket(::accept4(listener.get(), reinterpret_cast<sockaddr*>(&address), &size,
                              SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket.valid()) return {{}, {}, why_not_accepted(errno)};
  const int on = 1;
  // Without it an answer in two parts waits 40 ms for the client's acknowledgement of the first.
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return {std::move(socket), numeric(address, size), {}};
}

}  // namespace aitbc::rpc
