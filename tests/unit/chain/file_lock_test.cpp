#include "chain/file_lock.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.hpp"

using namespace aitbc;
using namespace aitbc::test;

TEST_CASE("a lock is refused to a second process, which learns who has it") {
  const TempDir directory;
  const std::string path = directory.file("lock");
  int held[2];
  int done[2];
  REQUIRE(::pipe(held) == 0);
  REQUIRE(::pipe(done) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);  // so that the read below ends with the parent
    const auto lock = FileLock::take(path, "the data");
    char byte = lock ? 'y' : 'n';
    if (::write(held[1], &byte, 1) != 1) ::_exit(1);
    static_cast<void>(::read(done[0], &byte, 1));
    ::_exit(0);  // runs no destructor: the kernel drops the lock
  }
  char byte = 'n';
  CHECK(::read(held[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  const auto refused = FileLock::take(path, "the data");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::in_use);
  CHECK_THAT(refused.error().detail,
             Catch::Contains("another node (pid " + std::to_string(child) + ") uses the data"));

  for (const int end : {done[0], done[1]}) ::close(end);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  for (const int end : {held[0], held[1]}) ::close(end);
  CHECK(FileLock::take(path, "the data"));
}

TEST_CASE("a lock ends with its owner") {
  const TempDir directory;
  const std::string path = directory.file("lock");
  {
    auto first = FileLock::take(path, "the data");
    REQUIRE(first);
    const FileLock moved = std::move(first).value();
    CHECK_FALSE(FileLock::take(path, "the data"));
  }
  CHECK(FileLock::take(path, "the data"));
}

TEST_CASE("a lock that cannot be made is an error with its path") {
  const TempDir directory;
  const std::string path = directory.file("missing/lock");
  const auto refused = FileLock::take(path, "the data");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::io);
  CHECK_THAT(refused.error().detail, Catch::Contains(path));
}
