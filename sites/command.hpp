#pragma once
// A program run to its end: arguments as a list, never through a shell, so nothing in them needs
// quoting and nothing in them can be executed. It cannot outlive its timeout, nor fill the memory
// with its output. Any thread; the process must ignore SIGPIPE (a program may not read its input).

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "chain/core/limits.hpp"
#include "chain/core/result.hpp"
#include "sites/clock.hpp"
#include "sites/descriptor.hpp"

namespace aitbc::sites {

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked for in PATH
  std::string input = {};         // its standard input
  Duration timeout{10'000};
  std::size_t output_bytes_max = limits::command_output_bytes_max;  // of each stream
};

struct Output {
  int exit_code = 0;  // 128 + signal if it was ended by one
  std::string out;
  std::string err;
  bool cut = false;  // a stream was longer than the limit; its first bytes are kept
};

// Without the end of the line.
std::string first_line(std::string_view text);

// bad_config if there is no such program; timeout after its whole process group was killed.
Result<Output> run(const Command&, const Clock&);

// A program that is started and left alone. It leads a process group of its own, starts with
// default signal handling and inherits no descriptor but these.
struct Spawn {
  std::vector<std::string> argv;
  int in = -1, out = -1, err = -1;
  bool new_session = false;        // survives the terminal it was started from
  std::string directory = {};      // to start in; empty: the caller's
  bool clean_environment = false;  // hands on what any program needs, and no settings
};
Result<pid_t> spawn(const Spawn&);

// A program that is talked to through pipes, whose ends here do not block. Its group is killed when
// it is let go before it has ended.
class Conversation {
 public:
  static Result<Conversation> begin(const std::vector<std::string>& argv);
  Conversation(Conversation&&) noexcept = default;
  Conversation& operator=(Conversation&&) = delete;
  ~Conversation();

  // Its exit code; asks for nothing more from here on.
  int reap();
  void kill();

  Descriptor exit;  // readable when it has ended
  Descriptor in, out, err;

 private:
  Conversation() = default;

  struct Pid {
    pid_t value = 0;
    Pid() = default;
    Pid(Pid&& other) noexcept : value(std::exchange(other.value, 0)) {}
  };
  Pid pid_;
};

}  // namespace aitbc::sites
