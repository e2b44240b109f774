// A machine elsewhere does what this one does: the same questions through a real process.

#include "sites/remote/host.hpp"

#include <thread>

#include "sites/prepare.hpp"
#include "sites/remote/server.hpp"
#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::must;

namespace {

constexpr Duration patience{10'000};

struct Far {
  explicit Far(std::string how = "")
      : host("site far", [this, how = std::move(how)] {
          ++dialled;
          return remote::Session::open({AITBC_FAR_MACHINE, how}, clock, patience);
        }) {}

  SystemClock clock;
  std::atomic<int> dialled = 0;
  remote::Host host;
  test::TempDir dir;
};

NodeSpec spec_in(const std::filesystem::path& folder) {
  return {folder, AITBC_FAKE_NODE, node_arguments(folder / "config.json")};
}

}  // namespace

TEST_CASE("files on another machine are as those here") {
  Far far;
  const std::filesystem::path root = far.dir.path();
  const auto file = root / "a" / "b";
  CHECK(far.host.get(file, 10).error().code == Errc::not_found);
  REQUIRE(far.host.make_folder(root / "a", Mode::secret_folder));
  const std::string bytes("\0\xff\n'", 4);
  REQUIRE(far.host.put(file, bytes, Mode::secret_file));
  CHECK(must(far.host.get(file, 10)) == bytes);
  CHECK(far.host.get(file, 3).error().code == Errc::too_large);
  CHECK((std::filesystem::status(file).permissions() & std::filesystem::perms::mask) ==
        std::filesystem::perms(0600));
  CHECK(must(far.host.list(root / "a")) == std::vector<std::string>{"b"});
  CHECK(must(far.host.list(root / "none")).empty());
  REQUIRE(far.host.rename(file, root / "c"));
  CHECK(must(far.host.exists(root / "c")));
  CHECK_FALSE(must(far.host.exists(file)));
  REQUIRE(far.host.remove_tree(root / "a"));
  CHECK_FALSE(must(far.host.exists(root / "a")));

  const std::string many(3'000'000, 'x');
  REQUIRE(far.host.put(root / "many", many, Mode::file));
  const Growth tail = must(far.host.read_on(root / "many", {}, 5));
  CHECK(tail.bytes == "xxxxx");
  CHECK(tail.cut);
  test::write_text(root / "many", many + "new");
  CHECK(must(far.host.read_on(root / "many", tail.mark, 100)).bytes == "new");
  CHECK(far.dialled == 1);
}

TEST_CASE("a program there is run with its words and its input, and its end is told") {
  Far far;
  const Output output = must(far.host.run(
      {.argv = {"sh", "-c", "cat; echo \"$1\" >&2; exit 7", "sh", "it's $HOME"}, .input = "in"}));
  CHECK(output.out == "in");
  CHECK(output.err == "it's $HOME\n");
  CHECK(output.exit_code == 7);
  CHECK(far.host.run({.argv = {"no-such-program"}}).error().code == Errc::bad_config);
  CHECK(far.host.run({.argv = {"sleep", "60"}, .timeout = Duration{50}}).error().code ==
        Errc::timeout);
}

TEST_CASE("the key of a node is made where it stays") {
  Far far;
  const auto path = far.dir.path() / "authority.key";
  CHECK(far.host.public_key(path).error().code == Errc::not_found);
  const PublicKey made = must(far.host.make_key(path));
  CHECK(must(far.host.make_key(path)) == made);
  LocalTransport files(far.clock);
  CHECK(must(read_key(files, path)).public_key() == made);
}

TEST_CASE("nodes on another machine are started, paused, watched and stopped") {
  Far far;
  const auto folder = std::filesystem::canonical(far.dir.path()) / "node";
  test::write_text(folder / "behaviour", "silent");
  test::write_text(folder / "config.json", R"({"node_id":"1"})");
  const NodeSpec spec = spec_in(folder);
  CHECK(must(far.host.state(spec)) == RunState::stopped);
  const auto start = [&] {
    test::write_text(folder / "node.log", "");
    REQUIRE(far.host.start(spec));
    REQUIRE(wait_until(far.clock, far.clock.now() + patience, "its first line",
                       [&] { return !far.host.log_tail(spec, 1).empty(); }));
  };
  start();
  CHECK(must(far.host.state(spec)) == RunState::running);
  CHECK(must(far.host.facts(spec))->pid > 0);
  REQUIRE(far.host.pause(spec));
  CHECK(must(far.host.state(spec)) == RunState::paused);
  REQUIRE(far.host.resume(spec));
  far.host.hang_up();  // the node does not end with the connection
  CHECK(must(far.host.state(spec)) == RunState::running);
  CHECK(must(far.host.stop(spec, patience)) == Stopped::by_itself);
  CHECK_FALSE(must(far.host.facts(spec)));
  start();
  CHECK(must(far.host.kill_all_in(folder)) == 1);
  CHECK(must(far.host.state(spec)) == RunState::stopped);
}

TEST_CASE("what a login shell prints first is left behind") {
  Far far("noisy");
  CHECK(must(far.host.machine()).user == "somebody");
}

TEST_CASE("a machine that cannot be reached is named, with what was said instead") {
  Far dying("dying");
  const auto refused = dying.host.machine();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::unreachable);
  CHECK_THAT(refused.error().detail,
             Catch::Contains("site far: ") && Catch::Contains("Permission denied (publickey)."));

  SystemClock clock;
  const auto mute = remote::Session::open({AITBC_FAR_MACHINE, "mute"}, clock, Duration{100});
  REQUIRE_FALSE(mute);
  CHECK(mute.error().code == Errc::timeout);
}

TEST_CASE("a connection that broke is made again by the next question") {
  Far far;
  must(far.host.machine());
  const auto killed = far.host.run({.argv = {"sh", "-c", "kill -9 $PPID"}});
  REQUIRE_FALSE(killed);  // a program may have been run: it is not run twice
  CHECK(killed.error().code == Errc::unreachable);
  CHECK(must(far.host.machine()).home == "/home/far");
  CHECK(far.dialled == 2);
}

TEST_CASE("a network is locked on another machine as long as the connection lasts") {
  Far one, other;
  const test::TempDir dir;
  const auto layout = *Layout::make(dir.path(), "net");
  const auto is_free = [&] { return other.host.lock(layout, "process 2 of b@two").has_value(); };
  auto lock = must(one.host.lock(layout, "process 1 of a@one"));
  const auto refused = other.host.lock(layout, "process 2 of b@two");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::in_use);
  CHECK_THAT(refused.error().detail, Catch::StartsWith("site far: network net is being changed") &&
                                         Catch::Contains(" for process 1 of a@one, since 20"));
  CHECK(other.host.lock(*Layout::make(dir.path(), "other"), "process 2 of b@two"));
  CHECK(one.host.machine());  // other questions have sessions of their own
  lock.reset();
  CHECK(is_free());

  // Whose connection is cut off loses it.
  lock = must(one.host.lock(layout, "process 1 of a@one"));
  const std::string holder = test::read_text(layout.lock());
  const std::string number = holder.substr(8, holder.find(" of ") - 8);
  REQUIRE(other.host.run({.argv = {"kill", "-9", number}}));
  CHECK(wait_until(other.clock, other.clock.now() + patience, "the lock", is_free));
}

TEST_CASE("questions of many threads go over a few sessions") {
  Far far;
  std::vector<std::jthread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 40; ++i) {
    threads.emplace_back([&, i] {
      const auto output = far.host.run({.argv = {"echo", std::to_string(i)}});
      right += output && output->out == std::to_string(i) + "\n" ? 1 : 0;
    });
  }
  threads.clear();
  CHECK(right == 40);
  CHECK(far.dialled <= static_cast<int>(limits::remote_sessions_max));
}

TEST_CASE("bytes that are no request are refused, and nothing is done") {
  SystemClock clock;
  LocalProviders providers("", clock);
  const remote::Served served{providers.here().transport, providers.here().supervisor, {}, clock};
  remote::Held held;
  test::TempDir dir;
  for (std::uint8_t op = 0; op < 255; ++op) {
    for (const std::size_t size : {0U, 1U, 7U}) {
      Encoder request;
      request.integer(op);
      remote::encode_path(request, dir.path() / "none" / "made");
      request.raw(Buffer(size, 0));
      const Buffer answer = remote::answer(served, held, request.bytes());
      REQUIRE_FALSE(answer.empty());
    }
  }
  CHECK(held.empty());
  CHECK(remote::answer(served, held, {}).front() == 0);
  Encoder cut;
  cut.integer(static_cast<std::uint8_t>(remote::Op::make_folder));
  remote::encode_path(cut, dir.path() / "made");
  CHECK(remote::answer(served, held, cut.bytes()).front() == 0);
  CHECK(std::filesystem::is_empty(dir.path()));
}
