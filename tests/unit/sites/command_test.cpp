#include <catch2/catch.hpp>

#include <cstdlib>

#include "sites/command.hpp"
#include "sites/process.hpp"

using namespace aitbc;
using namespace aitbc::sites;

namespace {

SystemClock system_clock;

Result<Output> shell(const std::string& script, const std::string& input = {}) {
  Command command;
  command.argv = {"sh", "-c", script};
  command.input = input;
  return run(command, system_clock);
}

// A clock that only moves when somebody waits on it.
class FakeClock final : public Clock {
 public:
  Time now() const override { return now_; }
  void sleep_until(Time time) override {
    now_ = time;
    ++sleeps;
  }
  int sleeps = 0;

 private:
  Time now_{Duration{1'000}};
};

}  // namespace

TEST_CASE("a program's output, errors and exit code come back") {
  const auto output = shell("echo out; echo err >&2; exit 7");
  REQUIRE(output);
  CHECK(output->exit_code == 7);
  CHECK(output->out == "out\n");
  CHECK(output->err == "err\n");
  CHECK_FALSE(output->cut);
  CHECK(shell("kill -9 $$")->exit_code == 137);
}

TEST_CASE("arguments reach a program as they are: there is no shell") {
  Command command;
  const std::string nasty = "a b; $(exit 3) \"'`\\ \n * ~";
  command.argv = {"printf", "%s", nasty};
  const auto output = run(command, system_clock);
  REQUIRE(output);
  CHECK(output->out == nasty);
}

TEST_CASE("input larger than a pipe passes through, also to a program that does not read it") {
  const std::string input(500'000, 'x');
  const auto copied = shell("cat", input);
  REQUIRE(copied);
  CHECK(copied->out == input);
  const auto ignored = shell("exit 4", input);
  REQUIRE(ignored);
  CHECK(ignored->exit_code == 4);
}

TEST_CASE("output over the limit is cut and does not block the program") {
  Command command;
  command.argv = {"sh", "-c", "head -c 300000 /dev/zero; echo end >&2"};
  command.output_bytes_max = 1'000;
  const auto output = run(command, system_clock);
  REQUIRE(output);
  CHECK(output->cut);
  CHECK(output->out.size() == 1'000);
  CHECK(output->err == "end\n");
}

TEST_CASE("a timeout kills a program with its children") {
  const std::string own = "4321." + std::to_string(::getpid());  // seconds, and no other's
  Command command;
  command.argv = {"sh", "-c", "sleep " + own + " & sleep " + own};
  command.timeout = Duration{50};
  const auto output = run(command, system_clock);
  REQUIRE_FALSE(output);
  CHECK(output.error().code == Errc::timeout);
  const auto gone = wait_until(system_clock, system_clock.now() + Duration{5'000}, "its end", [&] {
    for (const pid_t pid : all_processes()) {
      const auto info = read_process(pid);
      if (info && info->argv == std::vector<std::string>{"sleep", own}) return false;
    }
    return true;
  });
  CHECK(gone);
}

TEST_CASE("what a program leaves running is not waited for") {
  const Time start = system_clock.now();
  const auto output = shell("sleep 30 & echo done");
  REQUIRE(output);
  CHECK(output->out == "done\n");
  CHECK(system_clock.now() - start < Duration{20'000});
}

TEST_CASE("a missing program is named") {
  Command command;
  command.argv = {"no-such-program-here"};
  const auto output = run(command, system_clock);
  REQUIRE_FALSE(output);
  CHECK(output.error().code == Errc::bad_config);
  CHECK_THAT(output.error().detail, Catch::Contains("no-such-program-here"));
}

TEST_CASE("wait_until asks first, pauses between, and ends at the deadline") {
  FakeClock clock;
  CHECK(wait_until(clock, clock.now(), "nothing", [] { return true; }));
  CHECK(clock.sleeps == 0);
  int asked = 0;
  CHECK(wait_until(clock, clock.now() + Duration{1'000}, "three", [&] { return ++asked == 3; }));
  CHECK(clock.sleeps == 2);
  const Time deadline = clock.now() + Duration{35};
  const auto late = wait_until(clock, deadline, "the end", [] { return false; });
  REQUIRE_FALSE(late);
  CHECK(late.error().code == Errc::timeout);
  CHECK_THAT(late.error().detail, Catch::Contains("the end"));
  CHECK(clock.now() == deadline);
}
