#include "sync/askers.hpp"

#include <catch2/catch.hpp>

#include "chain/core/limits.hpp"

using namespace aitbc;
using sync::Askers;

namespace {

SyncQuery query(const std::string& asker, std::uint64_t cursor) {
  return {"node", cursor, Duration{0}, asker};
}

}  // namespace

TEST_CASE("an asker is told each piece of news once") {
  Askers askers;
  CHECK(askers.has_news(query("a", 3), "node", 4));
  CHECK(askers.release(query("a", 3), "node", 4) == 3);
  CHECK_FALSE(askers.has_news(query("a", 3), "node", 4));
  CHECK(askers.has_news(query("a", 3), "node", 6));
  CHECK(askers.release(query("a", 3), "node", 6) == 4);
  // Another one is told by itself, and who gives no name always all.
  CHECK(askers.release(query("b", 3), "node", 6) == 3);
  CHECK(askers.release(query("", 3), "node", 6) == 3);
  CHECK(askers.release(query("", 3), "node", 6) == 3);
}

TEST_CASE("who has heard more than it was told here is not told it again") {
  Askers askers;
  askers.release(query("a", 3), "node", 4);
  CHECK_FALSE(askers.has_news(query("a", 6), "node", 6));
  CHECK(askers.release(query("a", 6), "node", 7) == 6);
}

TEST_CASE("another instance of the node begins anew") {
  Askers askers;
  askers.release(query("a", 3), "node", 4);
  CHECK(askers.has_news(query("a", 9), "after a restart", 4));
  CHECK(askers.release(query("a", 9), "after a restart", 4) == 0);
}

TEST_CASE("askers beyond the limit are forgotten, which loses nothing") {
  Askers askers;
  askers.release(query("a", 3), "node", 4);
  for (std::size_t i = 0; i < limits::askers_max; ++i) {
    askers.release(query(std::to_string(i), 3), "node", 4);
  }
  CHECK(askers.release(query("a", 3), "node", 5) == 3);
}
