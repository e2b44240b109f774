// Whom the agent follows of very many peers, and how it looks at the others.

#include <set>

#include "tests/unit/sync/agent_bench.hpp"

using namespace aitbc;
using sync::Agent;
using sync::Send;

namespace {

std::string name_of(std::size_t node) { return "node-" + std::to_string(node); }

const SyncQuery& query_of(const Send& send) { return std::get<SyncQuery>(send.request); }

// One node among many, over a chain of its own, and what it has asked them.
struct Crowd {
  test::AgentBench bench{0};
  std::size_t self;
  std::size_t count;
  Agent agent;
  std::map<std::string, Send> held;
  std::vector<Send> glances;
  std::set<std::size_t> down;
  std::size_t looked = 0;       // so often
  std::set<std::string> known;  // who ever answered

  Crowd(std::size_t of_node, std::size_t nodes)
      : self(of_node), count(nodes), agent(options(), bench.ledger, bench.now) {}

  Agent::Options options() const {
    Agent::Options options;
    options.node_id = name_of(self);
    options.asker = "me";
    for (std::size_t node = 0; node < count; ++node) {
      if (node != self) options.peers.push_back(name_of(node));
    }
    return options;
  }

  void note(Result<std::vector<Send>> sends) {
    REQUIRE(sends);
    for (Send& send : *sends) {
      if (query_of(send).wait > Duration{0}) {
        held.emplace(send.to, send);
      } else {
        CHECK(query_of(send).asker.empty());
        ++looked;
        glances.push_back(std::move(send));
      }
    }
  }
  void tick(Duration later = Duration{0}) {
    bench.now += later;
    note(agent.tick(bench.now));
  }
  void answer(const Send& send) {
    const std::size_t node = std::stoul(send.to.substr(5));
    if (down.contains(node)) {
      note(agent.on_reply(send.id, error(Errc::unreachable, "refused"), bench.now));
      return;
    }
    known.insert(send.to);
    SyncAnswer answer = bench.answer(bench.chain.head());
    answer.node_id = send.to;
    answer.held = query_of(send).wait;
    note(agent.on_reply(send.id, sync::Reply(sync::Heard{std::move(answer), {}, {}}), bench.now));
  }
  // Until nobody is to be looked at now; the most that were at once.
  std::size_t look_around() {
    std::size_t most = 0;
    tick();
    while (!glances.empty()) {
      most = std::max(most, glances.size());
      const Send next = glances.front();
      glances.erase(glances.begin());
      answer(next);
      tick();
    }
    return most;
  }
  // All polls end as they were held out.
  void end_polls() {
    bench.now += limits::poll_interval;
    for (const auto& each : std::exchange(held, {})) answer(each.second);
    tick(limits::poll_pause);
  }
  void let_pass(Duration time) {
    for (const Time end = bench.now + time; bench.now < end;) {
      end_polls();
      look_around();
    }
  }
  std::set<std::string> followed() const {
    std::set<std::string> names;
    for (const auto& each : held) names.insert(each.first);
    return names;
  }
};

}  // namespace

TEST_CASE("all of a few peers are followed") {
  Crowd crowd(0, limits::peers_few + 1);
  crowd.tick();
  CHECK(crowd.held.size() == limits::peers_few);
  CHECK(crowd.glances.empty());
}

TEST_CASE("of many peers a few are followed once some were looked at, a few at once") {
  constexpr std::size_t nodes = 100;
  Crowd crowd(7, nodes);
  CHECK_FALSE(crowd.agent.all_tried());
  CHECK(crowd.look_around() == limits::glances_max);
  CHECK(crowd.looked == limits::sampled_max);
  CHECK(crowd.agent.all_tried());
  const auto chosen = crowd.followed();
  CHECK(chosen.size() == limits::followed_max);
  crowd.end_polls();
  CHECK(crowd.followed() == chosen);
  CHECK(crowd.agent.links().size() == limits::followed_max);
}

TEST_CASE("the others are looked at in the course of time, and nothing more is asked of them") {
  constexpr std::size_t nodes = 40;
  Crowd crowd(0, nodes);
  crowd.look_around();
  crowd.let_pass(limits::glance_time);
  CHECK(crowd.known.size() == nodes - 1);
  CHECK(crowd.looked < 2 * nodes);
}

TEST_CASE("from each node news reach all others in a few steps") {
  constexpr std::size_t nodes = 100;
  std::map<std::string, std::set<std::string>> asks;
  for (std::size_t node = 0; node < nodes; ++node) {
    Crowd crowd(node, nodes);
    crowd.look_around();
    crowd.let_pass(limits::glance_time + limits::poll_interval);
    asks[name_of(node)] = crowd.followed();
  }
  for (std::size_t from = 0; from < nodes; ++from) {
    std::set<std::string> know{name_of(from)};
    for (int step = 0; step < 6; ++step) {
      std::set<std::string> hear;
      for (const auto& [node, asked] : asks) {
        const bool hears = std::any_of(asked.begin(), asked.end(),
                                       [&](const auto& each) { return know.contains(each); });
        if (hears) hear.insert(node);
      }
      know.merge(hear);
    }
    CHECK(know.size() == nodes);
  }
}

TEST_CASE("one that fails is replaced at once, looked at, and followed again when it is back") {
  Crowd crowd(0, 30);
  crowd.look_around();
  crowd.let_pass(limits::glance_time + limits::poll_interval);
  const auto before = crowd.followed();
  const Send lost = crowd.held.begin()->second;
  crowd.held.erase(crowd.held.begin());
  crowd.down.insert(std::stoul(lost.to.substr(5)));
  crowd.answer(lost);
  crowd.tick();
  CHECK(crowd.held.size() == limits::followed_max);
  CHECK_FALSE(crowd.followed().contains(lost.to));
  CHECK(crowd.agent.links().size() >= limits::followed_max);  // of the lost one: no answer
  crowd.down.clear();
  crowd.tick(limits::backoff_min);
  REQUIRE_FALSE(crowd.glances.empty());
  crowd.look_around();
  CHECK(crowd.followed().contains(lost.to));
  crowd.end_polls();
  crowd.end_polls();
  CHECK(crowd.followed() == before);
}

TEST_CASE("who does not answer keeps the choice waiting no longer than a connection may take") {
  Crowd crowd(0, 30);
  crowd.tick();
  REQUIRE(crowd.glances.size() == limits::glances_max);
  for (std::size_t i = 0; i + 1 < limits::glances_max; ++i) crowd.answer(crowd.glances[i]);
  crowd.glances.clear();
  crowd.tick();
  CHECK(crowd.held.empty());
  crowd.tick(limits::connect_time_max);
  CHECK(crowd.held.size() == limits::followed_max);
}

TEST_CASE("however many peers there are, about one in two poll intervals is looked at") {
  constexpr std::size_t nodes = 120, polls = 300;
  Crowd crowd(0, nodes);
  crowd.look_around();
  crowd.let_pass(limits::glance_time / 10 + limits::poll_interval);
  CHECK(crowd.known.size() == nodes - 1);
  const std::size_t before = crowd.looked;
  crowd.let_pass(polls * limits::poll_interval);
  CHECK(crowd.looked - before > polls / 4);
  CHECK(crowd.looked - before < polls * 3 / 4);
}

TEST_CASE("peers that are not followed are judged anew once this node leaves the branch of all") {
  constexpr std::size_t nodes = 30;
  Crowd crowd(0, nodes);
  test::ChainBuilder& builder = crowd.bench.builder;
  const auto append = [&](std::size_t user, std::size_t height) {
    while (builder.blocks.size() < height) builder.append({builder.transfer(user, 0)});
    crowd.bench.adopt();
  };
  append(1, 5);
  crowd.look_around();
  crowd.let_pass(limits::glance_time / 10 + limits::poll_interval);
  REQUIRE(crowd.known.size() == nodes - 1);
  append(1, 6);
  const auto asked = [&] {
    const auto sends = crowd.agent.tick(crowd.bench.now);
    REQUIRE(sends);
    return std::count_if(sends->begin(), sends->end(), [](const Send& send) {
      return std::holds_alternative<sync::GetHeaders>(send.request);
    });
  };
  CHECK(asked() == 0);  // their heads are blocks of ours
  builder.rewind_to(2);
  append(2, 8);
  CHECK(asked() == nodes - 1);
}

TEST_CASE("of very many peers the status changes with their standing, and else now and then") {
  const std::size_t nodes = GENERATE(limits::peers_few + 1, std::size_t{30});
  const bool few = nodes == limits::peers_few + 1;
  Crowd crowd(0, nodes);
  crowd.look_around();
  crowd.let_pass(limits::glance_time / 10 + limits::poll_interval);
  const std::uint64_t before = crowd.agent.peers_version();
  crowd.end_polls();
  CHECK(crowd.agent.peers_version() == before + (few ? limits::peers_few : 1));
  const auto polls = std::exchange(crowd.held, {});
  crowd.answer(polls.begin()->second);
  const std::uint64_t again = crowd.agent.peers_version();
  CHECK(again == before + (few ? limits::peers_few + 1 : 1));
  crowd.down.insert(std::stoul(polls.rbegin()->first.substr(5)));
  crowd.answer(polls.rbegin()->second);
  CHECK(crowd.agent.peers_version() > again);
}

TEST_CASE("of very many peers that are met one by one the status changes now and then") {
  Crowd crowd(0, 100);
  crowd.look_around();
  const std::uint64_t before = crowd.agent.peers_version();
  const std::size_t met = crowd.known.size();
  crowd.let_pass(limits::glance_time / 10);
  CHECK(crowd.known.size() > met + 50);
  const auto polls = static_cast<std::uint64_t>(limits::glance_time / 10 / limits::poll_interval);
  CHECK(crowd.agent.peers_version() > before);
  CHECK(crowd.agent.peers_version() <= before + polls + 1);
}

TEST_CASE("a peer with another head changes the status at once, however many there are") {
  Crowd crowd(0, 30);
  crowd.look_around();
  crowd.let_pass(limits::glance_time / 10 + limits::poll_interval);
  crowd.end_polls();
  const std::uint64_t before = crowd.agent.peers_version();
  crowd.bench.builder.append();
  const Send poll = crowd.held.begin()->second;
  SyncAnswer answer = crowd.bench.answer(crowd.bench.builder.head());
  answer.node_id = poll.to;
  sync::Reply reply(sync::Heard{std::move(answer), {}, {}});
  REQUIRE(crowd.agent.on_reply(poll.id, std::move(reply), crowd.bench.now));
  CHECK(crowd.agent.peers_version() == before + 1);
}
