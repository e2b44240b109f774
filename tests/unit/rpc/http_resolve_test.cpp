#include "rpc/http_resolve.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "chain/core/limits.hpp"
#include "rpc/http_socket.hpp"
#include "tests/support/eventually.hpp"

using namespace aitbc;
using namespace aitbc::rpc;
using test::eventually;

namespace {

using Clock = std::chrono::steady_clock;

// A resolver that says nothing until it is let go. Threads that were left behind stand in it. It
// has a bound of its own, so that who waits for it fails a test and does not hang it.
std::mutex mutex;
std::condition_variable changed;
bool stuck = false;
std::atomic<int> asked = 0;
std::atomic<int> inside = 0;

int stuck_look_up(const char*, const char* port, const addrinfo* hints, addrinfo** found) {
  ++asked;
  ++inside;
  {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, Duration{60'000}, [] { return !stuck; });
  }
  const int problem = ::getaddrinfo("127.0.0.1", port, hints, found);
  --inside;
  return problem;
}

struct Stuck {
  Stuck() {
    const std::lock_guard lock(mutex);
    stuck = true;
    asked = 0;
  }
  ~Stuck() {
    {
      const std::lock_guard lock(mutex);
      stuck = false;
    }
    changed.notify_all();
    CHECK(eventually([] { return inside == 0; }));
  }
};

Patience within(Duration time) { return {Clock::now() + time}; }

}  // namespace

TEST_CASE("a resolver that does not answer is not waited for beyond the deadline") {
  const auto before = Clock::now();
  {
    const Stuck resolver;
    const auto found = resolve("a.name", 80, within(Duration{50}), stuck_look_up);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == Errc::timeout);
  }
  CHECK(Clock::now() - before < Duration{30'000});
  const auto found = resolve("a.name", 80, within(Duration{5'000}), stuck_look_up);
  REQUIRE(found);
  CHECK((*found)->ai_family == AF_INET);
}

TEST_CASE("looking up a name ends when the call is cancelled") {
  const Stuck resolver;
  const Descriptor cancel(eventfd(1, EFD_CLOEXEC));
  const Patience patience{Clock::now() + Duration{60'000}, cancel.get()};
  CHECK(resolve("a.name", 80, patience, stuck_look_up).error().code == Errc::shutting_down);
}

TEST_CASE("a numeric address is not looked up") {
  const auto [host, family] = GENERATE(
      table<std::string, int>({{"127.0.0.1", AF_INET}, {"::1", AF_INET6}, {"10.1.2.3", AF_INET}}));
  const Stuck resolver;
  const auto found = resolve(host, 80, within(Duration{0}), stuck_look_up);
  REQUIRE(found);
  CHECK((*found)->ai_family == family);
  CHECK(asked == 0);
}

TEST_CASE("names that are looked up at once are bounded") {
  std::size_t admitted = 0;
  {
    const Stuck resolver;
    for (std::size_t i = 0; i <= limits::lookups_max; ++i) {
      const auto found = resolve("a.name", 80, within(Duration{0}), stuck_look_up);
      REQUIRE_FALSE(found);
      if (found.error().code == Errc::timeout) ++admitted;
    }
  }
  CHECK(admitted <= limits::lookups_max);
  CHECK(eventually(
      [] { return resolve("a.name", 80, within(Duration{1'000}), stuck_look_up).has_value(); }));
}
