// Faults on the links of real sockets.

#include "sync/peer_io.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
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
    options.rules = [this](const std::string&) { return this->rules(); };
    options.patience = [patience](const sync::Request&) { return patience; };
    io_ = std::move(
        *PeerIo::open(verifier_, std::move(options), [this](RequestId id, Result<Reply> reply) {
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
  void ask(RequestId id) { io_->send({id, node_.url(), GetHeaders{1, 10}}); }
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
  Verifier verifier_{builder_.params()};
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

TEST_CASE("what is fetched from one peer is checked side by side") {
  const test::ChainBuilder builder = test::live_builder();
  const test::NodeInProcess node(builder, {});
  Verifier verifier(builder.params());
  std::atomic<int> delivered = 0;
  const auto both = [&] { return delivered == 2; };
  PeerIo::Options options;
  options.urls = {node.url()};
  const auto io = PeerIo::open(verifier, std::move(options), [&](RequestId, Result<Reply>) {
    ++delivered;
    test::eventually(both);  // holds up its own lane alone
  });
  REQUIRE(io);
  for (RequestId id = 1; id <= 2; ++id) (*io)->send({id, node.url(), GetHeaders{1, 10}});
  CHECK(test::eventually(both, std::chrono::seconds(10)));
  (*io)->stop();
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

namespace {

std::size_t thread_count() {
  const auto tasks = std::filesystem::directory_iterator("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// Nodes that hold every poll for as long as they may, and who asks them.
struct Held {
  static constexpr Duration wait = limits::poll_interval;
  test::ChainBuilder builder = test::live_builder();
  Verifier verifier{builder.params()};
  test::NodeInProcess first{builder, {}}, second{builder, {}};
  std::mutex mutex;
  std::map<RequestId, bool> answers;  // whether it was one
  LinkRules rules;
  std::unique_ptr<PeerIo> io;
  RequestId last = 0;

  explicit Held(LinkRules of_first = {}) : rules(of_first) {
    PeerIo::Options options;
    options.urls = {first.url()};
    options.rules = [this](const std::string& url) {
      return url == first.url() ? rules : LinkRules();
    };
    io = std::move(
        *PeerIo::open(verifier, std::move(options), [this](RequestId id, Result<Reply> reply) {
          const std::lock_guard lock(mutex);
          answers[id] = reply.has_value();
        }));
  }
  ~Held() { io->stop(); }

  RequestId poll(const test::NodeInProcess& node) {
    const auto status = const_cast<test::NodeInProcess&>(node).runner().status();
    SyncQuery query;
    query.instance = status->instance;
    query.cursor = status->txs_accepted;
    query.wait = wait;
    io->send({++last, node.url(), query});
    return last;
  }
  RequestId fetch(const test::NodeInProcess& node) {
    io->send({++last, node.url(), GetHeaders{1, 10}});
    return last;
  }
  bool answered(RequestId id) {
    return test::eventually([&] {
      const std::lock_guard lock(mutex);
      return answers.contains(id);
    });
  }
  bool silent(RequestId id) {
    const std::lock_guard lock(mutex);
    return !answers.contains(id);
  }
  void set(std::vector<std::string> urls) {
    const Time before = sync::Timer::now();
    REQUIRE(io->set_peers(urls));
    CHECK(sync::Timer::now() - before < wait / 2);  // nobody waits for a held poll
  }
};

}  // namespace

TEST_CASE("a peer that is taken away takes its threads along, held polls or not") {
  Held held;
  REQUIRE(held.answered(held.fetch(held.first)));
  held.set({});
  const std::size_t before = thread_count();
  for (int round = 0; round < 5; ++round) {
    held.set({held.first.url(), held.second.url()});
    const RequestId lost = held.poll(held.first);
    held.poll(held.first);
    held.poll(held.second);
    REQUIRE(held.answered(held.fetch(held.first)));
    REQUIRE(held.answered(held.fetch(held.second)));
    held.set({held.second.url()});
    REQUIRE(held.answered(held.fetch(held.second)));
    CHECK(held.silent(lost));
    held.set({});
  }
  // The servers' threads are their own; those of the carrier are gone.
  CHECK(test::eventually([&] { return thread_count() <= before; }));
}

TEST_CASE("a lane without work ends, and begins again with the next") {
  Held held;
  const auto lanes = [] {
    std::size_t count = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
      std::ifstream file(task.path() / "comm");
      std::string name;
      if (std::getline(file, name) && name.starts_with("peer-")) ++count;
    }
    return count;
  };
  CHECK(lanes() == 0);
  const RequestId waits = held.poll(held.first);
  for (int round = 0; round < 2; ++round) {
    REQUIRE(held.answered(held.fetch(held.first)));
    CHECK(lanes() == 2);
    CHECK(test::eventually([&] { return lanes() == 1; }));  // that of the poll, which is held
    CHECK(held.silent(waits));
  }
}

TEST_CASE("who stays is not disturbed, and a list with no URL in it changes nothing") {
  Held held;
  const RequestId waits = held.poll(held.first);
  held.set({held.second.url(), held.first.url()});
  const std::vector<std::string> wrong{held.second.url(), "ftp://x"};
  CHECK(held.io->set_peers(wrong).error().code == Errc::bad_config);
  REQUIRE(held.answered(held.fetch(held.first)));
  CHECK(held.silent(waits));
  const CheckedTx news = held.builder.transfer(0, 1);
  REQUIRE(held.first.ask().submit(news));
  REQUIRE(held.answered(waits));
  CHECK(held.answers.at(waits));
}

TEST_CASE("what a fault delays comes too late for a peer that is gone, and is nobody's") {
  Held held({.out = {.delay = Duration{200}}, .in = {}});
  const RequestId lost = held.fetch(held.first);
  held.set({held.second.url()});
  held.set({held.first.url(), held.second.url()});
  const RequestId kept = held.fetch(held.first);
  REQUIRE(held.answered(kept));
  CHECK(held.silent(lost));
}
