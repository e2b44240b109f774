#pragma once
// A whole network in one thread and one seed: the shipped Replica of every node over a scheduler,
// links that can fail, and machines that outlive their nodes; clients that pay one another; an
// observer outside. Everything that happens follows from the seed, so it can be replayed.

#include <array>
#include <deque>

#include "chain/checks.hpp"
#include "sync/askers.hpp"
#include "sync/liar.hpp"
#include "sync/link.hpp"
#include "sync/replica.hpp"
#include "sync/sim/machine.hpp"
#include "sync/sim/notary.hpp"
#include "sync/sim/observer.hpp"
#include "sync/sim/scheduler.hpp"

namespace aitbc::sim {

struct Recording;
struct RecordedNode;

// What work costs a node, on one thread.
struct Costs {
  std::chrono::nanoseconds message{0};    // to ask or to answer once
  std::chrono::nanoseconds signature{0};  // to check one
};

struct Setup {
  std::uint64_t seed = 1;
  std::size_t nodes = 3;      // each an authority
  std::size_t followers = 0;  // further nodes, which have no key
  std::size_t users = 6;
  Quorum quorum = Quorum::majority;
  bool poll_only = false;
  std::size_t clones = 0;  // further nodes, which wait for clone() to give them another's key
  LinkRule links = {};     // of every link, always
  // How long a message takes from one node to another besides; empty: no time.
  std::function<Duration(NodeIndex from, NodeIndex to)> way = {};
  Costs costs = {};
  Duration skew_max{0};        // each clock is off by at most this
  std::string directory = {};  // SQLite files in it instead of memory; then no snapshots, no clones
};

class World {
 public:
  explicit World(const Setup&);
  // From where a recording ends. Its keys are not known, so nobody seals, votes or pays.
  World(const Setup&, const Recording&);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Time now() const { return scheduler_.now(); }
  sync::Rng& rng() { return rng_; }
  std::size_t size() const { return nodes_.size(); }  // clones come last
  std::size_t authorities() const { return setup_.nodes; }
  bool recorded() const { return keys_.empty(); }
  const Params& params() const { return params_; }
  // Ends early at the first failure.
  void run_for(Duration);
  void after(Duration delay, std::function<void()> event) {
    scheduler_.after(delay, std::move(event));
  }

  // Whom the node asks from now on, also when it is started again; first all others.
  void set_peers(NodeIndex, std::vector<NodeIndex> peers);

  // ---- faults ----
  void crash(NodeIndex);
  void restart(NodeIndex);
  bool is_up(NodeIndex node) const { return nodes_[node].replica != nullptr; }
  // It neither acts nor answers until then; what it is sent waits.
  void pause(NodeIndex, Duration);
  void set_links(const LinkRule& links) { setup_.links = links; }
  // On top of what is on the link already, until then.
  void add_rule(NodeIndex from, NodeIndex to, const LinkRule&, Time until);
  // Nodes in different groups do not hear one another; replaces the last partition.
  void partition(std::vector<int> group_of_node) { groups_ = std::move(group_of_node); }
  Machine& machine(NodeIndex node) { return nodes_[node].machine; }
  void set_clock(NodeIndex, Duration offset, std::int64_t drift_ppm);
  // What it answers is changed so; nullopt: it tells the truth.
  void set_lie(NodeIndex node, std::optional<Lie> lie) { nodes_[node].lie = lie; }
  void take_snapshot(NodeIndex);
  // The node goes on with its snapshot's disk; its sign-guard stays. False where there is none, or
  // where what is final would be on no disk any more.
  bool restore_snapshot(NodeIndex);
  // The clone starts with the node's key, and a copy of its disk and sign-guard as they are now;
  // unless it is forced, it asks whether another node runs the key.
  void clone(NodeIndex clone, NodeIndex original, bool forced);
  // Ends every fault; clones are found and stopped, all others run.
  void heal();
  // What an operator does who has stopped the clones: lets keys sign again that evidence locked.
  void unlock_keys();

  // ---- clients ----
  // A user pays another through the node; true if the node acknowledged it.
  bool pay(std::size_t user, NodeIndex through);
  // An authority casts its ballot through its own node.
  bool cast(NodeIndex voter, AuthorityChange::Kind, NodeIndex whom);
  // As the first node that is up has it.
  bool is_authority(NodeIndex) const;
  // From now until `until`, someone pays every `interval`, nearly always through its own node.
  void traffic(Duration interval, Time until);

  // ---- what came of it ----
  const std::optional<Failure>& failure() const { return observer_.failure(); }
  // Holds the nodes that are up against the invariants, and says what they showed.
  std::vector<Seen> check_safety();
  void fail(std::string invariant, std::string what) {
    observer_.violated(now(), std::move(invariant), std::move(what));
  }
  const Observer& observer() const { return observer_; }
  // More keys were used twice than a quorum can spare.
  bool may_halt() const { return may_halt_; }
  const sync::Replica& replica(NodeIndex node) const { return *nodes_[node].replica; }
  // One head, final, one state root, nothing left to include: empty if so. What needs new votes or
  // blocks is not asked of a recording.
  std::string differences() const;
  std::uint64_t reorgs() const;
  std::uint64_t reorg_depth_max() const { return reorg_depth_max_; }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t lost_messages() const { return lost_; }
  std::uint64_t bytes() const { return bytes_; }  // about, of all messages, if there is a `way`
  // What `aitbc dump` would see of the nodes that are up.
  Recording record() const;
  // A fingerprint of everything that happened.
  std::string trace() const { return trace_.hex(); }

 private:
  using Sends = std::vector<sync::Send>;
  using Answer = std::shared_ptr<const Result<sync::Reply>>;
  using Answered = std::function<void(Answer)>;

  struct Waiting {
    SyncQuery query;
    Time since;
    Time until;
    Answered answer;
  };
  struct Snapshot {
    std::shared_ptr<MemoryDisk> disk;
    Height final;
    Time taken;
  };
  struct Node {
    std::size_t key = 0;  // of whose authority
    sync::Askers askers;
    Machine machine;
    std::vector<NodeIndex> peers;
    std::unique_ptr<sync::Replica> replica;
    std::uint64_t starts = 0;  // events of an earlier life are dropped
    Time busy_until;           // paused, or waiting for its disk
    std::optional<Time> wake;  // the next event that only wakes it
    std::vector<Waiting> waiting;
    std::optional<Lie> lie;
    std::optional<Snapshot> snapshot;
    bool forced = false;               // it does not ask who else runs its key
    std::uint64_t reorgs_before = 0;   // of earlier lives
    std::chrono::nanoseconds owed{0};  // of work that took less than a millisecond
    Tip head;                          // as last noted
    Height final = 0;
  };
  struct TimedRule {
    NodeIndex from, to;
    LinkRule rule;
    Time until;
  };

  World(const Setup&, const Genesis&, Time start, std::deque<KeyPair> keys,
        std::deque<KeyPair> users);
  Status load(NodeIndex, const RecordedNode&);
  Time local(NodeIndex node) const { return nodes_[node].machine.clock.read(now()); }
  const KeyPair& key_of(std::size_t node) const { return keys_[nodes_[node].key]; }
  void on_node(NodeIndex, std::function<Result<Sends>()> event);
  void wake(NodeIndex);
  void publish(NodeIndex, const Sends&);
  void answer_waiting(NodeIndex);
  void schedule_wake(NodeIndex);
  void stopped(NodeIndex, const Error&);
  void transmit(NodeIndex from, const sync::Send&);
  template <class Message>
  void carry(NodeIndex from, NodeIndex to, const Message&, const std::function<void()>& arrive);
  LinkRule rule_of(NodeIndex from, NodeIndex to);
  void serve(NodeIndex node, const sync::Request&, Answered answer);
  static std::string name_of(NodeIndex node) { return std::to_string(node + 1); }
  std::string instance_of(NodeIndex) const;
  std::vector<std::string> urls_of_peers(NodeIndex) const;
  bool submit(const KeyPair& from, Payload, NodeIndex through);
  bool has_news(NodeIndex, const SyncQuery&) const;
  Answer answer_now(NodeIndex, SyncQuery, Duration held);
  Result<sync::Reply> read(NodeIndex node, const sync::Request&);
  void name_peers();
  bool has_key(NodeIndex) const;
  void charge(NodeIndex, std::size_t signatures);
  void note_head(NodeIndex);
  void note(const std::string& line);

  Setup setup_;
  sync::Rng rng_;
  Scheduler scheduler_;
  std::deque<KeyPair> keys_, users_;  // of the authorities, unless it is a recording; of clients
  Genesis genesis_;
  Params params_;
  Notary notary_;
  Observer observer_;
  Audit audit_;
  bool may_halt_ = false;
  std::deque<Node> nodes_;
  std::vector<sync::Link> links_;  // from * nodes + to
  std::vector<TimedRule> rules_;
  std::vector<int> groups_;
  std::uint64_t reorg_depth_max_ = 0, messages_ = 0, lost_ = 0, bytes_ = 0;
  Hash trace_;
};

}  // namespace aitbc::sim
