#include "rpc/http_resolve.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <utility>

#include "chain/core/limits.hpp"
#include "rpc/http_socket.hpp"

namespace aitbc::rpc {
namespace {

using LookUp = decltype(&::getaddrinfo);

struct Found {
  int problem = 0;
  Addresses addresses{nullptr, freeaddrinfo};
};

Found ask(LookUp look_up, const std::string& host, const std::string& port, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* addresses = nullptr;
  Found found;
  found.problem = look_up(host.c_str(), port.c_str(), &hints, &addresses);
  if (found.problem == 0) found.addresses.reset(addresses);
  return found;
}

// Shared by the one who asks and the thread that looks, as either may be gone first.
class Lookup {
 public:
  Lookup()
      : admitted_(under_way.fetch_add(1) < limits::lookups_max),
        bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~Lookup() { --under_way; }
  Lookup(const Lookup&) = delete;
  Lookup& operator=(const Lookup&) = delete;

  bool admitted() const { return admitted_ && bell_.valid(); }

  void finish(Found found) {
    found_ = std::move(found);
    finished_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(bell_.get(), &one, sizeof one);
  }

  Result<Found> wait(const Patience& patience) {
    while (!finished_) {
      const auto left =
          std::chrono::ceil<Duration>(patience.deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return error(Errc::timeout, "its address was not found in time");
      std::array<pollfd, 2> sources{{{bell_.get(), POLLIN, 0}, {patience.cancel, POLLIN, 0}}};
      const int ready = ::poll(sources.data(), sources.size(), static_cast<int>(left.count()));
      if (ready < 0 && errno != EINTR) return error(Errc::unreachable, errno_text());
      if (sources[1].revents != 0) return error(Errc::shutting_down, "the call was cancelled");
    }
    return std::move(found_);
  }

 private:
  static inline std::atomic<std::size_t> under_way = 0;

  const bool admitted_;
  const Descriptor bell_;
  std::atomic<bool> finished_ = false;
  Found found_;  // the thread's until it has finished
};

}  // namespace

Result<Addresses> resolve(const std::string& host, std::uint16_t port, const Patience& patience,
                          LookUp look_up) {
  const std::string service = std::to_string(port);
  // Asks nobody, so it needs no thread.
  Found numeric = ask(&::getaddrinfo, host, service, AI_NUMERICHOST);
  if (numeric.problem == 0) return std::move(numeric.addresses);

  const auto lookup = std::make_shared<Lookup>();
  if (!lookup->admitted()) {
    return error(Errc::unreachable, "too many host names are being looked up; try again");
  }
  try {
    std::thread([lookup, look_up, host, service] {
      pthread_setname_np(pthread_self(), "resolver");
      lookup->finish(ask(look_up, host, service, 0));
    }).detach();
  } catch (const std::system_error& problem) {
    return error(Errc::unreachable, problem.what());
  }
  AITBC_TRY_ASSIGN(Found found, lookup->wait(patience));
  if (found.problem != 0) return error(Errc::unreachable, gai_strerror(found.problem));
  return std::move(found.addresses);
}

}  // namespace aitbc::rpc
