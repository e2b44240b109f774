#include "sync/queue.hpp"

#include <catch2/catch.hpp>

#include <memory>
#include <thread>

using namespace aitbc;
using sync::BoundedQueue;

TEST_CASE("everything that waits is taken at once, in order, also what cannot be copied") {
  BoundedQueue<std::unique_ptr<int>> queue(10);
  CHECK(queue.push(std::make_unique<int>(1)));
  CHECK(queue.push(std::make_unique<int>(2)));
  const auto taken = queue.take_all(Duration{0});
  REQUIRE(taken.size() == 2);
  CHECK(*taken[0] == 1);
  CHECK(*taken[1] == 2);
  CHECK(queue.take_all(Duration{0}).empty());
}

TEST_CASE("a full queue refuses, but not what must not be lost") {
  BoundedQueue<int> queue(1);
  CHECK(queue.push(1));
  CHECK_FALSE(queue.push(2));
  queue.push_always(3);
  CHECK(queue.take_all(Duration{0}).size() == 2);
}

TEST_CASE("what a queue refuses stays with whoever has it") {
  BoundedQueue<std::unique_ptr<int>> queue(1);
  auto one = std::make_unique<int>(1);
  auto two = std::make_unique<int>(2);
  CHECK(queue.push(std::move(one)));
  CHECK_FALSE(queue.push(std::move(two)));
  CHECK(two != nullptr);
}

TEST_CASE("a closed queue refuses everything and wakes who waits") {
  BoundedQueue<int> queue(10);
  std::jthread closer([&] { queue.close(); });
  CHECK(queue.take_all(Duration{60'000}).empty());
  CHECK(queue.closed());
  CHECK_FALSE(queue.push(1));
  queue.push_always(2);
  CHECK(queue.take_all(Duration{0}).empty());
}
