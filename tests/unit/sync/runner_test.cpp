// Real threads, sockets and files: nodes of one process that find one another over HTTP.

#include "sync/runner.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

#include "chain/memory_store.hpp"
#include "tests/support/log_texts.hpp"
#include "tests/support/node_in_process.hpp"

using namespace aitbc;
using test::ChainBuilder;
using test::eventually;
using test::NodeInProcess;

TEST_CASE("a submitted transaction is on every node's chain soon after") {
  ChainBuilder builder = test::live_builder();
  auto nodes = test::start_mesh(builder, 3);
  const CheckedTx tx = builder.transfer(0, 1);
  REQUIRE(nodes[1]->ask().submit(tx).value() == tx.id());
  CHECK(eventually([&] {
    const Tip head = nodes[0]->runner().status()->head;
    return head.height > 0 && std::all_of(nodes.begin(), nodes.end(), [&](const auto& node) {
             return node->runner().status()->head == head;
           });
  }));
  const auto status = nodes[0]->runner().status();
  for (const auto& node : nodes) {
    CHECK(node->runner().status()->head == status->head);
    CHECK(node->runner().status()->state_root == status->state_root);
    const auto snapshot = node->runner().reader().snapshot();
    CHECK((*snapshot)->tx(tx.id()).value().has_value());
  }
}

TEST_CASE("the log spells a hash as the answers do") {
  ChainBuilder builder = test::live_builder();
  test::LogTexts log;
  NodeInProcess node(builder, {.authority = 0, .log = &log});
  REQUIRE(node.ask().submit(builder.transfer(0, 1)));
  REQUIRE(eventually([&] { return node.runner().status()->head.height == 1; }));
  const std::string sealed = hash_text(node.runner().status()->head.id);
  CHECK(eventually([&] { return log.has("block_sealed", "hash", sealed); }));

  std::vector<CheckedBlock> branch;  // a longer one, from the genesis
  for (int i = 0; i < 3; ++i) branch.push_back(builder.append().block);
  REQUIRE(node.ask().import(branch));
  const std::string head = hash_text(builder.head().id);
  CHECK(eventually([&] { return log.has("reorg", "hash", head); }));
  CHECK(log.has("reorg", "from_hash", sealed));

  NodeInProcess other(builder, {.log = &log});
  REQUIRE(other.ask().import(branch));
  CHECK(eventually([&] { return log.has("block_imported", "hash", head); }));
}

TEST_CASE("a waiting poll is answered by news, and by stopping") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {});
  const SyncAnswer first = node.ask().sync({}).value();
  const SyncQuery query{first.instance, first.cursor, Duration{60'000}};

  std::optional<Result<SyncAnswer>> news;
  {
    std::jthread asker([&] { news = node.ask().sync(query); });
    REQUIRE(node.ask().submit(builder.transfer(0, 1)));
  }
  REQUIRE(news->has_value());
  CHECK((*news)->txs.size() == 1);

  std::optional<Result<SyncAnswer>> last;
  {
    SyncQuery next = query;
    next.cursor = (*news)->cursor;
    std::jthread asker([&] { last = node.ask().sync(next); });
    node.runner().stop();
  }
  REQUIRE_FALSE(last->has_value());
  CHECK(last->error().code == Errc::shutting_down);
  CHECK(node.ask().submit(builder.transfer(0, 1)).error().code == Errc::shutting_down);
}

TEST_CASE("one piece of news ends one of an asker's polls, the next one the other") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {});
  const SyncAnswer first = node.ask().sync({}).value();
  const SyncQuery query{first.instance, first.cursor, Duration{60'000}, "me"};
  std::atomic<int> answered = 0;
  std::array<std::optional<Result<SyncAnswer>>, 2> answers;
  const auto ask = [&](std::size_t i) {
    return std::jthread([&, i] {
      answers[i] = node.ask().sync(query);
      ++answered;
    });
  };
  const std::array askers{ask(0), ask(1)};
  REQUIRE(node.ask().submit(builder.transfer(0, 1)));
  REQUIRE(eventually([&] { return answered == 1; }));
  const std::size_t early = answers[0] ? 0 : 1;
  CHECK((*answers[early])->since == first.cursor);
  REQUIRE(node.ask().submit(builder.transfer(1, 1)));
  REQUIRE(eventually([&] { return answered == 2; }));
  CHECK((*answers[1 - early])->since >= (*answers[early])->cursor);
  CHECK((*answers[1 - early])->txs.size() == 1);
}

TEST_CASE("a node that is let rest says so when it has, and goes on") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {.authority = 0});
  const auto rest = [&] {
    return rpc::wait_for<Done>(
        [&](rpc::Tell<Done> tell) { node.runner().shrink(std::move(tell)); });
  };
  CHECK(rest());
  REQUIRE(node.ask().submit(builder.transfer(0, 1)));
  CHECK(rest());
  CHECK(eventually([&] { return node.runner().status()->head.height == 1; }));
  node.runner().stop();
  CHECK(rest().error().code == Errc::shutting_down);
}

TEST_CASE("work that waits when the node ends is answered at once") {
  // Holds the core thread up in its first commit, which then fails.
  struct Gate {
    std::atomic<bool> reached = false;
    std::atomic<bool> open = false;
  };
  class BrokenStore final : public MemoryStore {
   public:
    explicit BrokenStore(Gate& gate) : gate_(gate) {}
    Status commit(const Batch&) override {
      gate_.reached = true;
      gate_.reached.notify_all();
      gate_.open.wait(false);
      return error(Errc::io, "broken");
    }

   private:
    Gate& gate_;
  };
  Gate gate;
  NullLog log;
  const ChainBuilder builder = test::live_builder();
  std::atomic<int> failures = 0;
  auto runner =
      std::move(*sync::Runner::start(builder.genesis(), std::make_unique<BrokenStore>(gate), {},
                                     log, [&](const Error&) { ++failures; }));
  std::optional<Result<TxId>> first;
  std::optional<Result<TxId>> second;
  {
    std::jthread one([&] { first = test::Asking(*runner).submit(builder.transfer(0, 1)); });
    gate.reached.wait(false);
    std::atomic<bool> asking = false;
    std::jthread two([&, tx = builder.transfer(2, 3)] {
      asking = true;
      asking.notify_all();
      second = test::Asking(*runner).submit(tx);
    });
    asking.wait(false);  // it waits in the inbox by then, or is about to be refused there
    gate.open = true;
    gate.open.notify_all();
  }
  REQUIRE_FALSE(first->has_value());
  CHECK(first->error().code == Errc::io);
  REQUIRE_FALSE(second->has_value());
  CHECK(second->error().code == Errc::shutting_down);
  runner->stop();
  CHECK(failures == 1);
}

TEST_CASE("submissions from many threads are all answered, each exactly once") {
  ChainBuilder builder = test::live_builder(40);
  NodeInProcess node(builder, {});
  std::vector<Result<TxId>> answers(40, error(Errc::timeout, "none"));
  {
    std::vector<std::jthread> senders;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      senders.emplace_back([&, i] { answers[i] = node.ask().submit(builder.transfer(i, 0)); });
    }
  }
  for (const auto& answer : answers) CHECK(answer);
  CHECK(node.runner().status()->mempool_txs == answers.size());
}

TEST_CASE("an account is proven to the state root that the node publishes") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {});
  const Address known = builder.address(0);
  const auto proven = node.ask().prove(known);
  REQUIRE(proven);
  CHECK(state_root_of(proven->accounts_root, proven->authorities_hash) == proven->state_root);
  CHECK(check_proof(proven->proof, known, proven->accounts_root)->balance.units() == 1'000);
  CHECK(node.ask().next_nonce(known).value() == 0);
  REQUIRE(node.ask().submit(builder.transfer(0, 1)));
  CHECK(node.ask().next_nonce(known).value() == 1);
}

TEST_CASE("an authority that is told to signs twice, and only then") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {.authority = 0});
  NodeInProcess follower(builder, {});
  const Fault twice{"twice", "for a test", {}, {}, DoubleSign{}};
  CHECK(follower.runner().add_fault(twice, Duration{60'000}).error().code == Errc::bad_request);
  REQUIRE(node.ask().submit(builder.transfer(0, 1)));
  REQUIRE(eventually([&] { return !node.ask().sync({})->votes.empty(); }));
  const std::size_t honest = node.ask().sync({})->votes.size();

  REQUIRE(node.runner().add_fault(twice, Duration{60'000}));
  const auto votes = node.ask().sync({})->votes;
  REQUIRE(votes.size() == 2 * honest);
  for (const SignedVote& vote : votes) CHECK(check_vote(builder.params().genesis_hash, vote));
  CHECK(votes.front().vote.target.height == votes.back().vote.target.height);
  CHECK(votes.front().vote.target.id != votes.back().vote.target.id);
  CHECK(eventually([&] { return node.runner().status()->faults.size() == 1; }));
  REQUIRE(node.runner().heal(std::nullopt));
  CHECK(node.ask().sync({})->votes.size() == honest);
}

TEST_CASE("a node whose disk is full says so, and takes the transaction afterwards") {
  ChainBuilder builder = test::live_builder();
  NodeInProcess node(builder, {.authority = 0});
  const Fault full{"full", "for a test", {}, {}, DiskFault{.full = true}};
  REQUIRE(node.runner().add_fault(full, Duration{500}));
  const CheckedTx tx = builder.transfer(0, 1);
  CHECK(node.ask().submit(tx).error().code == Errc::disk_full);
  CHECK(eventually([&] { return node.ask().submit(tx).has_value(); }));
  CHECK(eventually([&] { return node.runner().status()->head.height == 1; }));
}

TEST_CASE("a running node follows whom it is told to, and keeps what it has with the others") {
  ChainBuilder builder = test::live_builder();
  auto nodes = test::start_mesh(builder, 2);
  NodeInProcess third(builder, {});
  sync::Runner& first = nodes[0]->runner();
  sync::Runner& second = nodes[1]->runner();
  // Two that seal at once may have to agree first.
  const auto follows = [&](sync::Runner& runner) {
    return eventually([&] { return runner.status()->head == first.status()->head; });
  };
  const auto pay = [&](std::size_t from) {
    const Height before = first.status()->head.height;
    REQUIRE(test::Asking(first).submit(builder.transfer(from, 3)));
    REQUIRE(eventually([&] { return first.status()->head.height > before; }));
  };
  pay(0);
  REQUIRE(follows(second));

  REQUIRE(third.ask().set_peers({nodes[0]->url()}));
  REQUIRE(follows(third.runner()));
  REQUIRE(test::Asking(first).set_peers({nodes[1]->url(), third.url()}));
  CHECK(first.status()->peers.size() == 2);
  CHECK(eventually([&] { return first.status()->peers[1].last_answer.has_value(); }));
  pay(1);
  REQUIRE(follows(third.runner()));
  REQUIRE(follows(second));

  REQUIRE(third.ask().set_peers({}));
  CHECK(third.runner().status()->peers.empty());
  REQUIRE(test::Asking(first).set_peers({nodes[1]->url()}));
  CHECK(first.status()->peers.size() == 1);
  const Height left = third.runner().status()->head.height;
  pay(2);
  REQUIRE(follows(second));
  CHECK(third.runner().status()->head.height == left);
  CHECK(test::Asking(first).set_peers({"nowhere"}).error().code == Errc::bad_config);
  CHECK(first.status()->peers.size() == 1);
}

TEST_CASE("a node that follows nobody by itself goes on so, whatever it is told") {
  const ChainBuilder builder = test::live_builder();
  sync::Runner::Options options;
  options.node_id = "alone";
  options.instance = "alone-1";
  options.sync = false;
  NullLog log;
  const auto alone = *sync::Runner::start(builder.genesis(), std::make_unique<MemoryStore>(),
                                          std::move(options), log, [](const Error&) {});
  REQUIRE(test::Asking(*alone).set_peers({"http://127.0.0.1:1"}));
  CHECK(alone->status()->peers.empty());
}
