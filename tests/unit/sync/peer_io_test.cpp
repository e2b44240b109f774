// Faults on the links of real sockets.

#include "sync/peer_io.hpp"

#include <catch2/catch.hpp>

#include <mutex>

#include "tests/support/node_in_process.hpp"

using namespace aitbc;
using sync::GetHeaders;
using sync::LinkRules;
using sync::PeerIo;
using sync::Reply;
using sync::RequestId;

namespace {

// A node that is asked through a carrier, and what came back.
class Asked {
 public:
  explicit Asked(LinkRules rules, Duration patience = limits::answer_time_max) : rules_(rules) {
    PeerIo::Options options;
    options.urls = {node_.url()};
    options.rules = [this](sync::PeerId) { return this->rules(); };
    options.patience = [patience](const sync::Request&) { return patience; };
    io_ = std::move(*PeerIo::open(builder_.params(), std::move(options),
                                  [this](RequestId id, Result<Reply> reply) {
                                    const std::lock_guard lock(mutex_);
                                    order_.push_back(id);
                                    replies_.push_back(std::move(reply));
                                  }));
  }
  ~Asked() { io_->stop(); }

  void set(LinkRules rules) {
    const std::lock_guard lock(mutex_);
    rules_ = rules;
  }
  void ask(RequestId id) { io_->send({id, 0, GetHeaders{1, 10}}); }
  // Until the rules were looked at so often: once for a request, once for its reply.
  bool looked_at(int count) {
    return test::eventually([&] {
      const std::lock_guard lock(mutex_);
      return looks_ == count;
    });
  }
  bool answered(std::size_t count) {
    return test::eventually([&] { return order().size() == count; });
  }
  std::vector<RequestId> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  std::vector<Result<Reply>> replies() {
    const std::lock_guard lock(mutex_);
    return replies_;
  }

 private:
  LinkRules rules() {
    const std::lock_guard lock(mutex_);
    ++looks_;
    return rules_;
  }

  test::ChainBuilder builder_ = test::live_builder();
  test::NodeInProcess node_{builder_, {}};
  std::mutex mutex_;
  LinkRules rules_;
  int looks_ = 0;
  std::vector<RequestId> order_;
  std::vector<Result<Reply>> replies_;
  std::unique_ptr<PeerIo> io_;
};

}  // namespace

TEST_CASE("a cut link, in either direction, is as no connection") {
  for (const LinkRules& rules :
       {LinkRules{.out = {.cut = true}, .in = {}}, LinkRules{.out = {}, .in = {.cut = true}}}) {
    Asked asked(rules);
    const Time before = sync::Timer::now();
    asked.ask(1);
    REQUIRE(asked.answered(1));
    CHECK(sync::Timer::now() - before >= limits::connect_time_max - Duration{1});
    CHECK(asked.replies().front().error().code == Errc::unreachable);
  }
}

TEST_CASE("delayed requests are under way together, and each is answered once") {
  constexpr Duration delay{300};
  constexpr std::size_t count = 10;
  Asked asked({.out = {.delay = delay, .duplicate_ppm = 1'000'000}, .in = {.delay = delay}});
  const Time before = sync::Timer::now();
  for (RequestId id = 1; id <= count; ++id) asked.ask(id);
  REQUIRE(asked.answered(count));
  const Duration took = sync::Timer::now() - before;
  CHECK(took >= 2 * delay - Duration{2});
  CHECK(took < 4 * delay);
  for (const auto& reply : asked.replies()) CHECK(reply.has_value());
  // The second copies come back too, and are nobody's.
  asked.set({});
  asked.ask(count + 1);
  REQUIRE(asked.answered(count + 1));
}

TEST_CASE("a reply that is overtaken comes after a later one") {
  Asked asked({.out = {}, .in = {.reorder_ppm = 1'000'000}});
  asked.ask(1);
  // Only its reply is still under way when the rule ends.
  REQUIRE(asked.looked_at(2));
  asked.set({});
  asked.ask(2);
  REQUIRE(asked.answered(2));
  CHECK(asked.order() == std::vector<RequestId>{2, 1});
}

TEST_CASE("a lost reply comes back as a timeout when the patience is over") {
  constexpr Duration patience{500};
  Asked asked({.out = {}, .in = {.loss_ppm = 1'000'000}}, patience);
  const Time before = sync::Timer::now();
  asked.ask(1);
  REQUIRE(asked.answered(1));
  CHECK(sync::Timer::now() - before >= patience - Duration{2});
  CHECK(asked.replies().front().error().code == Errc::timeout);
}
