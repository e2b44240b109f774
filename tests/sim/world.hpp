#pragma once
// A whole network in one thread and one seed: the shipped Replica of every node over a scheduler, a
// lossy network and stores that survive crashes; clients that pay one another; and checkers that
// watch from outside. Everything that happens follows from the seed, so it can be replayed.

#include <map>
#include <memory>
#include <set>
#include <string>

#include "chain/memory_store.hpp"
#include "sync/replica.hpp"
#include "sync/rng.hpp"
#include "tests/sim/scheduler.hpp"

namespace aitbc::sim {

using NodeIndex = std::size_t;

struct Faults {
  unsigned loss_percent = 0;
  unsigned duplicate_percent = 0;
  Duration delay_min{1};
  Duration delay_spread{0};  // up to this much more: messages overtake one another
  Duration skew_max{0};      // each node's clock is off by at most this
};

struct Setup {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;  // each an authority
  std::size_t users = 6;
  bool poll_only = false;
  bool sqlite = false;  // real files instead of memory
  Faults faults;
};

class World {
 public:
  explicit World(const Setup&);
  ~World();

  Time now() const { return scheduler_.now(); }
  sync::Rng& rng() { return rng_; }
  void run_for(Duration);

  void set_faults(const Faults& faults) { setup_.faults = faults; }
  void crash(NodeIndex);
  void restart(NodeIndex);
  bool is_up(NodeIndex node) const { return nodes_[node].replica != nullptr; }
  // Nodes in different groups do not hear one another.
  void partition(std::vector<int> group_of_node) { groups_ = std::move(group_of_node); }
  void heal() { groups_.assign(nodes_.size(), 0); }

  // A user pays another through the node; true if the node acknowledged it.
  bool pay(std::size_t user, NodeIndex through);
  // From now until `until`, someone pays every `interval`, through its own node.
  void traffic(Duration interval, Time until);

  // ---- what the checkers see ----
  const sync::Replica& replica(NodeIndex node) const { return *nodes_[node].replica; }
  std::size_t size() const { return nodes_.size(); }
  bool all_agree() const;  // one head, final, one state root, nothing left to include
  std::string differences() const;
  std::uint64_t reorgs() const;
  std::uint64_t reorg_depth_max() const { return reorg_depth_max_; }
  std::uint64_t orphans() const;  // sealed, but not on node 0's chain
  std::size_t acknowledged() const { return paid_.size(); }
  // Milliseconds from the acknowledgement of each payment until every node had it in its chain.
  std::vector<Duration> times_to_all() const;
  // From the sealing of each block that became final until it was so on one node, or on all.
  enum class On { one, all };
  std::vector<Duration> times_to_final(On) const;
  // Throws std::logic_error with what is wrong: no two final histories, on any node at any time;
  // each chain re-executes from the genesis to its state root; every acknowledged payment is in it
  // once, or is told to be replaced; nobody sealed a slot twice; the supply is what it was; no
  // mempool is over its bound.
  void check_safety() const;
  // A fingerprint of everything that happened.
  std::string trace() const;

 private:
  struct Waiting {
    SyncQuery query;
    Time since;
    Time until;
    std::function<void(Result<sync::Reply>)> answer;
  };
  struct Node {
    std::shared_ptr<MemoryDisk> disk;  // survives crashes; unused with SQLite
    std::shared_ptr<SignGuard> guard = std::make_shared<MemorySignGuard>();  // survives too
    std::unique_ptr<sync::Replica> replica;
    Duration skew{0};
    std::uint64_t starts = 0;  // events of an earlier life are dropped
    std::vector<Waiting> waiting;
    std::uint64_t reorgs_before = 0;  // of earlier lives
    Height final = 0;                 // never falls, whatever happens to the node
  };
  struct Payment {
    TxId id;
    NodeIndex through;
    Time acknowledged;
    std::map<NodeIndex, Time> seen;  // in the node's chain
  };

  Time local(NodeIndex node) const { return scheduler_.now() + nodes_[node].skew; }
  std::unique_ptr<Store> open_store(NodeIndex);
  void start(NodeIndex);
  void on_node(NodeIndex, const std::function<std::vector<sync::Send>()>& event);
  void after_event(NodeIndex);
  void transmit(NodeIndex from, const sync::Send&);
  void serve(NodeIndex node, const sync::Request&, std::function<void(Result<sync::Reply>)> answer);
  Result<sync::Reply> read(NodeIndex node, const sync::Request&);
  bool passes(NodeIndex from, NodeIndex to);
  Duration delay();
  void note_head(NodeIndex);
  void note(const std::string& line);
  bool is_settled(NodeIndex, const TxId&) const;
  void check_chain(NodeIndex) const;
  void note_final(NodeIndex);
  void check_final(NodeIndex) const;

  Setup setup_;
  sync::Rng rng_;
  Scheduler scheduler_;
  std::vector<std::array<Byte, 32>> authority_seeds_;
  std::vector<KeyPair> users_;
  Genesis genesis_;
  Params params_;
  std::vector<Node> nodes_;
  std::vector<int> groups_;
  std::vector<Payment> paid_;
  std::map<std::pair<PublicKey, Slot>, BlockId> sealed_;
  std::map<BlockId, Time> sealed_ids_;  // and when
  std::map<Height, BlockId> finals_;    // that any node ever called final
  std::map<BlockId, std::map<NodeIndex, Time>> final_on_;
  std::vector<Height> noted_heights_;
  std::uint64_t reorg_depth_max_ = 0;
  Hash trace_;
  std::string directory_;  // of SQLite files
};

}  // namespace aitbc::sim
