#pragma once
// Whether a broken invariant stops the process: runs the code in a child process of its own, so
// call it from single-threaded suites only.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <utility>

namespace aitbc::test {

template <class Code>
bool aborts(Code&& code) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);  // the test framework reports it as a failure of the case
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(3);
    std::forward<Code>(code)();
    _exit(0);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return false;
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

}  // namespace aitbc::test
