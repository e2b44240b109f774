#include <catch2/catch.hpp>

#include <sys/stat.h>

#include <fstream>

#include "sites/layout.hpp"
#include "sites/lock.hpp"
#include "sites/transport.hpp"
#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::sites;

namespace {

SystemClock host_clock;

unsigned mode_of(const std::filesystem::path& path) {
  struct stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
}

}  // namespace

TEST_CASE("a file is put whole, with its mode, over what was there") {
  test::TempDir dir;
  LocalTransport transport(host_clock);
  const auto path = dir.path() / "key";
  REQUIRE(transport.put(path, "one", Mode::file));
  CHECK(mode_of(path) == 0644);
  REQUIRE(transport.put(path, "two", Mode::secret_file));
  CHECK(mode_of(path) == 0600);
  CHECK(*transport.get(path, 100) == "two");
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("what a killed writer left behind is neither read nor kept") {
  test::TempDir dir;
  LocalTransport transport(host_clock);
  const auto path = dir.path() / "key";
  std::ofstream(path.string() + ".part") << "half of a longer text";
  CHECK(transport.get(path, 100).error().code == Errc::not_found);
  REQUIRE(transport.put(path, "whole", Mode::secret_file));
  CHECK(*transport.get(path, 100) == "whole");
  CHECK(mode_of(path) == 0600);
  CHECK_FALSE(std::filesystem::exists(path.string() + ".part"));
}

TEST_CASE("reading is bounded and tells what is missing from what fails") {
  test::TempDir dir;
  LocalTransport transport(host_clock);
  REQUIRE(transport.put(dir.path() / "f", std::string(100, 'x'), Mode::file));
  CHECK(transport.get(dir.path() / "f", 99).error().code == Errc::too_large);
  CHECK(transport.get(dir.path() / "g", 99).error().code == Errc::not_found);
  CHECK(transport.get(dir.path(), 99).error().code == Errc::io);
  CHECK(transport.put(dir.path() / "no" / "f", "x", Mode::file).error().code == Errc::io);
}

TEST_CASE("folders are made with their parents, moved and removed") {
  test::TempDir dir;
  LocalTransport transport(host_clock);
  const auto folder = dir.path() / "a" / "b";
  REQUIRE(transport.make_folder(folder, Mode::secret_folder));
  REQUIRE(transport.make_folder(folder, Mode::secret_folder));
  CHECK(mode_of(folder) == 0700);
  REQUIRE(transport.put(folder / "f", "x", Mode::file));
  CHECK_FALSE(transport.make_folder(folder / "f", Mode::folder));
  REQUIRE(transport.rename(folder, dir.path() / "c"));
  CHECK(std::filesystem::exists(dir.path() / "c" / "f"));
  REQUIRE(transport.remove_tree(dir.path() / "c"));
  REQUIRE(transport.remove_tree(dir.path() / "c"));
  CHECK_FALSE(std::filesystem::exists(dir.path() / "c"));
}

TEST_CASE("a network's lock has one holder, who is named") {
  test::TempDir dir;
  const auto layout = Layout::make(dir.path(), "net");
  REQUIRE(layout);
  {
    const auto lock = lock_network(*layout, "somebody");
    REQUIRE(lock);
    const auto second = lock_network(*layout, this_command());
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::in_use);
    CHECK_THAT(second.error().detail,
               Catch::Contains(
                   "network net is being changed by another aitbc command (somebody, since 20"));
    CHECK(lock_network(*Layout::make(dir.path(), "other"), "me"));
  }
  // Its file goes with the network.
  CHECK_FALSE(std::filesystem::exists(layout->lock()));
  std::filesystem::create_directories(layout->root());
  CHECK(lock_network(*layout, "me"));
  CHECK(std::filesystem::exists(layout->lock()));
  CHECK_THAT(this_command(), Catch::StartsWith("process " + std::to_string(::getpid()) + " of ") &&
                                 Catch::Contains("@"));
}

TEST_CASE("a command locks a folder once, and is told when it has it by another way") {
  test::TempDir dir;
  SystemClock clock;
  LocalTransport one(clock), same(clock);
  const auto layout = Layout::make(dir.path(), "net");
  REQUIRE(layout);
  Locks locks;
  CHECK(locks.take(one, *layout));
  CHECK(locks.take(one, *layout));
  const Status twice = locks.take(same, *layout);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().code == Errc::bad_manifest);
  CHECK_THAT(twice.error().detail, Catch::Contains(layout->root().string()));
}

TEST_CASE("a name that is no folder's names no network") {
  test::TempDir dir;
  for (const std::string name : {"", "..", "a/b", ".hidden", "Upper", "-x"}) {
    INFO(name);
    CHECK(Layout::make(dir.path(), name).error().code == Errc::bad_config);
  }
  std::filesystem::create_directories(dir.path() / "networks" / "b");
  std::filesystem::create_directories(dir.path() / "networks" / "a");
  std::filesystem::create_directories(dir.path() / "networks" / ".purged.c");
  std::ofstream(dir.path() / "networks" / ".lock.a") << "1";
  CHECK(list_networks(dir.path()) == std::vector<std::string>{"a", "b"});
  CHECK(list_networks(dir.path() / "nothing").empty());
}
