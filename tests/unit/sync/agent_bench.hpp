#pragma once
// What the agent's tests share: an agent over a real chain, and the test that plays its peers.

#include <catch2/catch.hpp>

#include <functional>

#include "chain/memory_store.hpp"
#include "sync/agent.hpp"
#include "sync/chain_ledger.hpp"
#include "tests/support/chain_builder.hpp"

namespace aitbc::test {

using sync::Agent;
using sync::Send;

struct AgentBench {
  ChainBuilder builder{{.balance = 1'000'000}};
  Chain chain;
  sync::ChainLedger ledger{chain};
  Time now;
  Agent agent;

  explicit AgentBench(std::size_t peers = 2, bool poll_only = false, Slot slot = 10'000,
                      const std::string& asker = "")
      : chain(std::move(*Chain::open(builder.genesis(), std::make_unique<MemoryStore>()))),
        now(start_of(builder.params(), slot)),
        agent(options(peers, poll_only, asker), ledger, now) {}

  static Agent::Options options(std::size_t peers, bool poll_only, const std::string& asker) {
    Agent::Options options;
    for (std::size_t i = 0; i < peers; ++i) options.peers.push_back("peer" + std::to_string(i));
    options.poll_only = poll_only;
    options.asker = asker;
    return options;
  }

  std::vector<Send> tick(Duration later = Duration{0}) {
    now += later;
    auto sends = agent.tick(now);
    REQUIRE(sends);
    return *sends;
  }
  std::vector<Send> reply(const Send& send, Result<sync::Reply> what) {
    auto sends = agent.on_reply(send.id, std::move(what), now);
    REQUIRE(sends);
    return *sends;
  }
  SyncAnswer answer(const Tip& head, std::uint64_t cursor = 1) const {
    SyncAnswer answer;
    answer.chain_id = builder.params().chain_id;
    answer.genesis_hash = builder.params().genesis_hash;
    answer.head = head;
    answer.node_id = "peer";
    answer.instance = "a";
    answer.node_time = now;
    answer.cursor = cursor;
    return answer;
  }
  std::vector<Send> hear(const Send& poll, SyncAnswer what) {
    return reply(poll, sync::Reply(sync::Heard{std::move(what), {}, {}}));
  }
  SyncState state_of(std::size_t peer) const { return agent.peers()[peer].state; }

  std::vector<SealedHeader> headers(const sync::GetHeaders& asked) const {
    std::vector<SealedHeader> found;
    for (std::size_t i = 0; i < asked.limit; ++i) {
      found.push_back(builder.blocks[asked.from - 1 + i].block.sealed);
    }
    return found;
  }
  std::vector<CheckedBlock> blocks(const sync::GetBlocks& asked) const {
    std::vector<CheckedBlock> found;
    for (Height height = asked.from; height <= builder.blocks.size() && found.size() < asked.limit;
         ++height) {
      found.push_back(builder.blocks[height - 1].block);
    }
    return found;
  }
  // Makes the builder's chain the agent's own.
  void adopt() {
    std::vector<CheckedBlock> ours;
    for (const Applied& applied : builder.blocks) ours.push_back(applied.block);
    REQUIRE(chain.import(ours, now));
  }
  // May change what a peer delivers.
  using Forge = std::function<void(const Send&, std::vector<CheckedBlock>&)>;
  // Serves what the agent asks for blocks until it asks for nothing but polls.
  void serve(std::vector<Send> sends, const Forge& forge = {}) {
    for (int patience = 1'000; !sends.empty(); --patience) {
      REQUIRE(patience > 0);
      const Send send = sends.front();
      sends.erase(sends.begin());
      std::vector<Send> more;
      if (const auto* ask = std::get_if<sync::GetHeaders>(&send.request)) {
        more = reply(send, sync::Reply(headers(*ask)));
      } else if (const auto* get = std::get_if<sync::GetBlocks>(&send.request)) {
        auto found = blocks(*get);
        if (forge) forge(send, found);
        more = reply(send, sync::Reply(std::move(found)));
      }
      sends.insert(sends.end(), more.begin(), more.end());
    }
  }
};

template <class Asked>
const Asked& only(const std::vector<Send>& sends) {
  REQUIRE(sends.size() == 1);
  REQUIRE(std::holds_alternative<Asked>(sends.front().request));
  return std::get<Asked>(sends.front().request);
}

}  // namespace aitbc::test
