#include "sites/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "sites/descriptor.hpp"
#include "sites/process.hpp"

namespace aitbc::sites {

namespace {

// Of a variable of the environment, NAME=VALUE: where programs are, who runs them, how they speak,
// and what their sanitizers shall do.
bool is_no_setting(std::string_view variable) {
  constexpr std::array kept = {"PATH=",
                               "HOME=",
                               "LANG=",
                               "LC_",
                               "TZ=",
                               "TMPDIR=",
                               "LD_LIBRARY_PATH=",
                               "ASAN_OPTIONS=",
                               "UBSAN_OPTIONS=",
                               "LSAN_OPTIONS=",
                               "TSAN_OPTIONS="};
  return std::any_of(kept.begin(), kept.end(),
                     [&](std::string_view begin) { return variable.starts_with(begin); });
}

struct Pipe {
  Descriptor read, write;
};

Error failure(const std::string& what, int number) {
  return error(Errc::io, what + ": " + std::strerror(number));
}

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure("pipe", errno);
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

void set_nonblocking(const Descriptor& descriptor) {
  ::fcntl(descriptor.get(), F_SETFL, ::fcntl(descriptor.get(), F_GETFL) | O_NONBLOCK);
}

// Frees what posix_spawn's C interface allocates.
struct SpawnSettings {
  posix_spawnattr_t attributes{};
  posix_spawn_file_actions_t files{};

  SpawnSettings() {
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_init(&files);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;
};

// Moves what is there from the pipe to `to`, over the limit to nowhere; closes it at its end.
void drain(Descriptor& from, std::string& to, std::size_t bytes_max, bool& cut) {
  std::array<char, 16 * 1024> buffer{};
  while (from.is_open()) {
    const ssize_t got = ::read(from.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      from.close();
      return;
    }
    const auto bytes = static_cast<std::size_t>(got);
    const std::size_t kept = std::min(bytes, bytes_max - to.size());
    to.append(buffer.data(), kept);
    cut = cut || kept < bytes;
  }
}

// Writes what fits; closes the pipe when all is written or nobody reads it.
void feed(Descriptor& to, std::string_view& input) {
  while (to.is_open() && !input.empty()) {
    const ssize_t put = ::write(to.get(), input.data(), input.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) break;
    input.remove_prefix(static_cast<std::size_t>(put));
  }
  to.close();
}

int exit_code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Returns when the program has ended, false when the deadline has passed first. What the program
// left running may still hold the pipes: its output is not waited for.
bool converse(Conversation& running, const Command& command, const Clock& clock, Output& output) {
  const Time deadline = clock.now() + command.timeout;
  std::string_view input = command.input;
  while (true) {
    feed(running.in, input);
    std::array<pollfd, 4> waits{{{running.exit.get(), POLLIN, 0},
                                 {running.out.get(), POLLIN, 0},
                                 {running.err.get(), POLLIN, 0},
                                 {running.in.get(), POLLOUT, 0}}};
    const auto left = std::max((deadline - clock.now()).count(), Duration::rep{0});
    const int timeout = static_cast<int>(std::min(left, Duration::rep{1'000}));
    const int ready = ::poll(waits.data(), waits.size(), timeout);
    drain(running.out, output.out, command.output_bytes_max, output.cut);
    drain(running.err, output.err, command.output_bytes_max, output.cut);
    if (ready > 0 && waits[0].revents != 0) return true;
    if (clock.now() >= deadline) return false;
  }
}

}  // namespace

Result<pid_t> spawn(const Spawn& request) {
  AITBC_CHECK(!request.argv.empty());
  SpawnSettings settings;
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&settings.attributes, &none);
  posix_spawnattr_setsigdefault(&settings.attributes, &all);
  posix_spawnattr_setpgroup(&settings.attributes, 0);
  const int group = request.new_session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
  posix_spawnattr_setflags(&settings.attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK |
                                                                    POSIX_SPAWN_SETSIGDEF | group));
  posix_spawn_file_actions_adddup2(&settings.files, request.in, 0);
  posix_spawn_file_actions_adddup2(&settings.files, request.out, 1);
  posix_spawn_file_actions_adddup2(&settings.files, request.err, 2);
  posix_spawn_file_actions_addclosefrom_np(&settings.files, 3);
  if (!request.directory.empty()) {
    posix_spawn_file_actions_addchdir_np(&settings.files, request.directory.c_str());
  }
  std::vector<std::string> words = request.argv;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::vector<char*> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    if (!request.clean_environment || is_no_setting(variable)) variables.push_back(*each);
  }
  variables.push_back(nullptr);

  pid_t pid = 0;
  const int failed = ::posix_spawnp(&pid, argv[0], &settings.files, &settings.attributes,
                                    argv.data(), variables.data());
  if (failed == ENOENT || failed == EACCES) {
    return error(Errc::bad_config,
                 "cannot run '" + request.argv[0] + "': " + std::strerror(failed));
  }
  if (failed != 0) return failure("cannot run '" + request.argv[0] + "'", failed);
  return pid;
}

Result<Conversation> Conversation::begin(const std::vector<std::string>& argv) {
  AITBC_TRY_ASSIGN(Pipe in, make_pipe());
  AITBC_TRY_ASSIGN(Pipe out, make_pipe());
  AITBC_TRY_ASSIGN(Pipe err, make_pipe());
  Conversation begun;
  AITBC_TRY_ASSIGN(
      begun.pid_.value,
      spawn({.argv = argv, .in = in.read.get(), .out = out.write.get(), .err = err.write.get()}));
  begun.exit = open_pidfd(begun.pid_.value);
  begun.in = std::move(in.write);
  begun.out = std::move(out.read);
  begun.err = std::move(err.read);
  for (const Descriptor* end : {&begun.in, &begun.out, &begun.err}) set_nonblocking(*end);
  return begun;
}

void Conversation::kill() {
  if (pid_.value > 0) ::kill(-pid_.value, SIGKILL);
}

int Conversation::reap() {
  int status = 0;
  while (::waitpid(pid_.value, &status, 0) < 0 && errno == EINTR) {
  }
  pid_.value = 0;
  return exit_code_of(status);
}

Conversation::~Conversation() {
  if (pid_.value <= 0) return;
  kill();
  reap();
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

Result<Output> run(const Command& command, const Clock& clock) {
  AITBC_TRY_ASSIGN(Conversation running, Conversation::begin(command.argv));
  Output output;
  const bool ended = running.exit.is_open() && converse(running, command, clock, output);
  // The program's own children too: they must not go on after a timeout.
  if (!ended) running.kill();
  output.exit_code = running.reap();
  if (!ended) {
    return error(Errc::timeout, "'" + command.argv[0] + "' did not end within " +
                                    std::to_string(command.timeout.count()) + " ms: killed");
  }
  return output;
}

}  // namespace aitbc::sites
