#include "rpc/stream_room.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace aitbc::rpc {

namespace {

using Clock = std::chrono::steady_clock;

int milliseconds_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<Duration>(deadline - Clock::now()).count();
  return static_cast<int>(std::max<Duration::rep>(left, 0));
}

}  // namespace

Bell::Bell() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Bell::ring() {
  if (rings_.exchange(true)) return;
  const std::uint64_t one = 1;
  static_cast<void>(::write(event_.get(), &one, sizeof one));  // full: it is ringing
}

// What happened before a ring that finds it ringing is seen by whoever hears it: he looks after it
// was made silent.
bool Bell::heard() {
  std::uint64_t count = 0;
  if (::read(event_.get(), &count, sizeof count) <= 0) return false;
  rings_ = false;
  return true;
}

bool wait_for(int socket, Channel::Need need, Bell& bell, Clock::time_point deadline) {
  const short event = need == Channel::Need::write ? POLLOUT : POLLIN;
  std::array<pollfd, 2> sources{{{socket, event, 0}, {bell.descriptor(), POLLIN, 0}}};
  if (::poll(sources.data(), sources.size(), milliseconds_until(deadline)) < 0) return false;
  return sources[1].revents != 0 && bell.heard();
}

bool may_pass(const Error& failure) {
  return category(failure.code) == Category::busy && failure.code != Errc::shutting_down;
}

void StreamRoom::stop() {
  stopping_ = true;
  bells_.call_all();
}

}  // namespace aitbc::rpc
