#include "sync/held_polls.hpp"

#include <catch2/catch.hpp>

using namespace aitbc;
using sync::HeldPolls;

namespace {

const std::string instance = "node-1";
constexpr HeldPolls::Clock::time_point begun{};

// One poll of an asker that heard all there was, and what it was told.
struct OnePoll {
  explicit OnePoll(Duration wait) {
    SyncQuery query;
    query.instance = instance;
    query.wait = wait;
    polls.hold({query, begun, sync::Answer<SyncAnswer>([this](Result<SyncAnswer> answer) {
                  told = std::move(answer);
                })});
  }
  void look(Duration after, Mempool::Sequence latest = 0) {
    polls.answer(instance, latest, begun + after, [](const SyncQuery&) { return SyncAnswer{}; });
  }

  std::optional<Result<SyncAnswer>> told;
  HeldPolls polls;
};

}  // namespace

TEST_CASE("a poll is held until there is news or its wait is over, and told for how long") {
  OnePoll late(Duration{500});
  late.look(Duration{499});
  CHECK_FALSE(late.told);
  CHECK(late.polls.patience(Duration{10'000}, begun + Duration{100}) == Duration{400});
  CHECK(late.polls.patience(Duration{300}, begun + Duration{100}) == Duration{300});
  late.look(Duration{500});
  REQUIRE(late.told);
  CHECK((*late.told)->held == Duration{500});
  CHECK(late.polls.patience(Duration{10'000}, begun + Duration{600}) == Duration{10'000});

  OnePoll soon(Duration{500});
  soon.look(Duration{20}, 1);
  REQUIRE(soon.told);
  CHECK((*soon.told)->held == Duration{20});
}

TEST_CASE("polls that are dropped are told that the node stops") {
  OnePoll asked(Duration{500});
  asked.polls.drop();
  REQUIRE(asked.told);
  CHECK(asked.told->error().code == Errc::shutting_down);
}
