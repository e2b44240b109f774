#pragma once
// One list of invariants (see invariants() in replay.hpp), held against what several nodes say of
// their chains. A node is seen through a NodeView: over HTTP for live networks, through its Chain
// in the simulator. Nothing is believed that can be computed: blocks are executed again from the
// genesis, certificates are verified. One thread per object.

#include <functional>
#include <map>

#include "chain/node_view.hpp"
#include "chain/replay.hpp"

namespace aitbc {

struct Violation {
  std::string_view invariant;
  std::vector<std::string> nodes;  // that show it
  Height height = 0;
  std::string expected, seen;
};
// "recent_signer: nodes 1, 2: block 7: expected ..., got ..."
std::string text(const Violation&);

struct Seen {
  std::string node;
  NodeView::Look look;
};

struct Report {
  std::vector<Violation> violations;
  std::vector<std::string> notes;  // what is no violation but should be known: heads that differ
  std::vector<Seen> seen;
  struct Silent {
    std::string node;
    Error why;
  };
  std::vector<Silent> silent;  // were not, or not wholly, checked
  Tip checked;                 // the highest final block that was executed again
  std::uint64_t txs = 0;       // up to there
};

// A transaction that a node has acknowledged. Where the node is known and looked at, it must know
// the transaction itself; otherwise any node may.
struct Acknowledged {
  TxId id;
  std::string node;  // may be empty
};

class Audit {
 public:
  using Progress = std::function<void(Height done, Height total)>;

  explicit Audit(const Genesis& genesis) : replay_(genesis) {}

  // As soon as it is acknowledged: each final block is passed once.
  void expect(const Acknowledged& tx);
  // It is owed no more: the disk that held it is gone.
  void excuse(const TxId& id) { acknowledged_.erase(id); }
  // Holds the nodes against every invariant but growth. What was final is executed once: the next
  // look goes on from there, and whoever does not stand on it then is told.
  Report look(std::span<NodeView* const> nodes, const Progress& progress = {});

 private:
  struct Member;
  using Members = std::vector<Member*>;

  struct Expected {
    std::string node;
    unsigned included = 0;  // how often, up to the end of what is executed
  };

  void take(Members& camp, Height to);
  void fill(Members& camp, Height to);
  void split(Members& camp);
  void count(const Block& block);
  void check_member(Member& member);
  void check_final(Member& member);
  Result<std::string> find_doubt(Member& member);
  bool stands_on_trunk(Member& member);
  void check_tail(Member& member);
  bool walk_tail(Member& member);
  void note_heads(const std::vector<Member>& members);
  void check_lost(std::vector<Member>& members);
  Result<bool> knows(NodeView& node, const TxId& id) const;
  void add(Violation violation);
  void add(const Broken& broken, const Members& members);
  // For a node that does not answer, or answers what is no answer.
  void drop(Member& member, const Error& why);

  Replay replay_;  // of what is final: the trunk
  std::map<TxId, Expected> acknowledged_;
  bool stuck_ = false;  // a final block is invalid: nothing above it can be executed
  Report report_;
};

// grows_after_heal: of two looks at a network in which somebody paid in between.
std::vector<Violation> check_growth(std::span<const Seen> before, std::span<const Seen> after);

}  // namespace aitbc
