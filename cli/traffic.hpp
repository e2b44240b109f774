#pragma once
// Payments that go on while something else is done to the network, and what became of them: which
// node acknowledged which and when, and when each node had it in its chain and called it final. One
// account pays through each node, so that no node waits for another's nonces. Own threads; the
// functions are the owner's alone.

#include <array>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "chain/core/crypto.hpp"
#include "chain/core/genesis.hpp"
#include "cli/ask.hpp"
#include "cli/scenario.hpp"

namespace aitbc::cli {

// The key of the account that pays through the node of that number, and its address.
KeyPair traffic_key(std::size_t node);
Address traffic_address(std::size_t node);
inline constexpr std::uint64_t traffic_balance = 1'000'000'000;

struct Figures {
  std::uint64_t acknowledged = 0;
  std::uint64_t refused = 0;
  std::string refusal;  // the last one
  // Of those that are so on all nodes; nullopt where there are none.
  std::optional<Duration> included_p95, final_p95;
  std::uint64_t waiting = 0;  // acknowledged and not yet final everywhere
  std::uint64_t orphans = 0, reorgs = 0;
};

class Traffic {
 public:
  Traffic(const Params& params, std::vector<NodeAddress> nodes);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  void start(const TrafficPlan& plan);
  void stop();
  bool is_running() const { return !payers_.empty(); }

  // Watches from now on what all nodes have, so that figures() knows times.
  void watch();
  Figures figures() const;

  // A line each, as `check --acked` reads them.
  std::string acknowledged() const;

 private:
  using Clock = std::chrono::steady_clock;
  struct Lane {
    NodeAddress node;
    KeyPair key;
    std::optional<Nonce> next;  // nullopt: to be asked
    std::uint64_t amount = 0;
  };
  struct Sent {
    std::string through;
    Clock::time_point acknowledged;
    std::map<std::string, Clock::time_point> included, final;  // by node
  };
  // How far a node has been watched.
  struct Sight {
    Height final = 0;
    Tip head;
    std::map<Height, std::vector<TxId>> open;  // above final
  };

  void drive(Lane& lane, Clock::time_point first, Duration every);
  void pay(Lane& lane, rpc::Client& client);
  Status submit(Lane& lane, rpc::Client& client, TxId& id);
  void follow(const NodeAddress& node);
  Status look(const NodeAddress& node, rpc::Client& client, Sight& sight);
  bool pause(bool& flag, Clock::time_point until);

  Params params_;
  std::vector<Lane> lanes_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool paying_ = false;
  bool watching_ = false;
  std::map<TxId, Sent> sent_;
  std::map<std::string, std::uint64_t> reorgs_;
  std::uint64_t refused_ = 0;
  std::string refusal_;
  std::vector<std::thread> payers_, watchers_;
};

}  // namespace aitbc::cli
