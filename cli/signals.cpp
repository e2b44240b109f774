#include "cli/signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>

#include "chain/core/result.hpp"

namespace aitbc::cli {

namespace {

sigset_t ending_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  return set;
}

int block_and_open() {
  const sigset_t set = ending_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

StopSignal::StopSignal() : signals_(block_and_open()), raised_(::eventfd(0, EFD_CLOEXEC)) {
  AITBC_CHECK(signals_.is_open() && raised_.is_open());
}

void StopSignal::raise() {
  const std::uint64_t one = 1;
  AITBC_CHECK(::write(raised_.get(), &one, sizeof one) == sizeof one);
}

std::optional<std::string> StopSignal::wait(Duration patience) {
  std::array<pollfd, 2> ready{{{signals_.get(), POLLIN, 0}, {raised_.get(), POLLIN, 0}}};
  const int count = ::poll(ready.data(), ready.size(), static_cast<int>(patience.count()));
  if (count <= 0) return std::nullopt;  // or something else interrupted it
  if (ready[1].revents != 0) return "none";
  signalfd_siginfo info{};
  if (::read(signals_.get(), &info, sizeof info) != sizeof info) return "none";
  return info.ssi_signo == SIGINT ? "SIGINT" : "SIGTERM";
}

std::string StopSignal::wait() {
  for (;;) {
    if (auto name = wait(Duration{-1})) return *std::move(name);  // for ever
  }
}

}  // namespace aitbc::cli
