// The rules of voting, checked exhaustively: every order in which the authorities of a small
// network can sign every vote that may_sign() allows them, on two branches of a few blocks. A
// voter sees all votes or any part of them, since it may also sign nothing. Never may a quorum have
// committed two blocks of which neither is the other's ancestor.
//
// Each pair of such blocks is a model of its own in which nothing else is committed: a commit only
// binds its voter, so whoever can make both final can do so without the others.

#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <map>
#include <unordered_set>
#include <vector>

#include "chain/core/vote.hpp"

using namespace aitbc;

namespace {

constexpr Height top = 4;    // the most that a model has of heights
constexpr int branches = 2;  // above the fork; below it both have the blocks of branch 0

struct Network {
  int voters = 0;
  int clones = 0;  // so many of the voters' keys are run by two processes
  int quorum = 0;
  Height fork = 0;  // the height of the last common block
  Height heights = 0;
};

// Blocks are numbered: the genesis is 0, then by height and branch.
using BlockNumber = int;
constexpr BlockNumber number_of(int branch, Height height) {
  return height == 0 ? 0 : static_cast<int>(height - 1) * branches + branch + 1;
}
constexpr Height height_of(BlockNumber block) {
  return block == 0 ? 0 : static_cast<Height>((block - 1) / branches + 1);
}
constexpr int blocks_max = branches * static_cast<int>(top) + 1;

struct Rivals {
  BlockNumber a = 0, b = 0;  // of two branches
  bool has(BlockNumber block) const { return block == a || block == b; }
};

Checkpoint name_of(BlockNumber block) {
  BlockId id;
  id.data[0] = static_cast<Byte>(block + 1);
  return {height_of(block), id};
}

// All that one process has signed.
struct Signed {
  struct Prepared {
    BlockNumber target = 0;  // 0: none at this height
    BlockNumber source = 0;
    bool committed = false;
    auto operator<=>(const Prepared&) const = default;
  };
  std::array<Prepared, top> at;  // by height - 1
  auto operator<=>(const Signed&) const = default;

  Watermarks marks() const {
    Watermarks marks;
    for (const auto& [target, source, committed] : at) {
      if (target == 0) continue;
      marks.prepare = Vote::prepare(name_of(target), name_of(source));
      if (committed) marks.commit = Vote::commit(name_of(target));
    }
    return marks;
  }
};

// Everything one process can come to have signed, as a graph whose nodes are numbered.
class Paths {
 public:
  struct Step {
    BlockNumber justified;  // what must be justified for it
    int next;
  };

  Paths(const Network& network, const Rivals& rivals)
      : fork_(network.fork), heights_(network.heights), rivals_(rivals) {
    number({});
    for (std::size_t at = 0; at < nodes_.size(); ++at) steps_.push_back(steps_from(at));
  }

  const Signed& node(int number) const { return nodes_[static_cast<std::size_t>(number)]; }
  const std::vector<Step>& steps(int number) const {
    return steps_[static_cast<std::size_t>(number)];
  }
  BlockNumber block(int branch, Height height) const {
    return number_of(height <= fork_ ? 0 : branch, height);
  }

 private:
  int number(const Signed& node) {
    const auto [found, is_new] = numbers_.emplace(node, static_cast<int>(nodes_.size()));
    if (is_new) nodes_.push_back(node);
    return found->second;
  }

  std::vector<Step> steps_from(std::size_t at) {
    const Signed node = nodes_[at];
    const Watermarks marks = node.marks();
    std::vector<Step> steps;
    for (int branch = 0; branch < branches; ++branch) {
      for (Height height = 1; height <= heights_; ++height) {
        const BlockNumber target = block(branch, height);
        if (target != number_of(branch, height)) continue;  // a common block, once
        Signed next = node;
        auto& slot = next.at[height - 1];
        for (Height below = 0; below < height; ++below) {
          const BlockNumber source = block(branch, below);
          if (!may_sign(marks, Vote::prepare(name_of(target), name_of(source)))) continue;
          slot = {target, source, false};
          steps.push_back({source, number(next)});
        }
        if (rivals_.has(target) && may_sign(marks, Vote::commit(name_of(target)))) {
          next = node;
          slot.target = target;
          slot.committed = true;
          steps.push_back({target, number(next)});
        }
      }
    }
    return steps;
  }

  Height fork_;
  Height heights_;
  Rivals rivals_;
  std::map<Signed, int> numbers_;
  std::vector<Signed> nodes_;
  std::vector<std::vector<Step>> steps_;
};

// What a process has contributed, as a set of bits: its prepare for the i-th block that became
// justified, in time; its commits of the two rivals.
using Support = unsigned;
constexpr int blocks_above_max = branches * static_cast<int>(top);
constexpr Support commits_a = 1U << blocks_above_max;
constexpr Support commits_b = commits_a << 1;

// All interleavings of the votes of one model. Whether a process may sign a vote depends on two
// things: on what it has signed itself, and on what is justified by then. So an interleaving is,
// for all others, the order in which blocks become justified; given that order, each process goes
// its own way. The search is over those orders, with all ways of a process at once.
class Model {
 public:
  Model(const Network& network, const Rivals& rivals)
      : network_(network), rivals_(rivals), paths_(network, rivals) {}

  // False as soon as both rivals are final in some order.
  bool holds() {
    Ways begin;
    add(begin, 0, 0);
    return extend({}, begin);
  }
  std::size_t orders() const { return orders_; }

 private:
  using Order = std::vector<BlockNumber>;
  // Where a process can be, in numbers of paths_, and with what support. Of two sets of bits at
  // one place the smaller one is left out: support is of use to all and binds nobody else.
  using Ways = std::map<int, std::vector<Support>>;

  static bool covers(Support more, Support less) { return (more & less) == less; }
  static bool add(std::vector<Support>& sets, Support added) {
    if (std::any_of(sets.begin(), sets.end(), [&](Support s) { return covers(s, added); })) {
      return false;
    }
    std::erase_if(sets, [&](Support s) { return covers(added, s); });
    sets.push_back(added);
    return true;
  }
  bool add(Ways& ways, int node, Support support) const {
    if (has_committed(node, rivals_.a)) support |= commits_a;
    if (has_committed(node, rivals_.b)) support |= commits_b;
    return add(ways[node], support);
  }

  const Signed::Prepared& prepared(int node, BlockNumber block) const {
    return paths_.node(node).at[height_of(block) - 1];
  }
  bool has_committed(int node, BlockNumber block) const {
    return prepared(node, block).target == block && prepared(node, block).committed;
  }

  // `ways` are those while the blocks of `order` became justified one after the other.
  bool extend(const Order& order, Ways ways) {
    ++orders_;
    unsigned justified = 1;
    for (const BlockNumber block : order) justified |= 1U << block;
    go_on(ways, justified);
    const Support all = (1U << order.size()) - 1;
    if (reachable(ways, all | commits_a | commits_b)) return false;
    for (BlockNumber block = 1; block < blocks_max; ++block) {
      if ((justified >> block & 1U) != 0) continue;
      Ways after;
      for (const auto& [node, sets] : ways) {
        const auto& vote = prepared(node, block);
        const bool supports = vote.target == block && (justified >> vote.source & 1U) != 0;
        for (const Support set : sets) add(after, node, supports ? set | (all + 1) : set);
      }
      if (!reachable(after, all | (all + 1))) continue;
      Order longer = order;
      longer.push_back(block);
      if (!extend(longer, std::move(after))) return false;
    }
    return true;
  }

  // Every step that the justified blocks allow, again and again.
  void go_on(Ways& ways, unsigned justified) const {
    std::vector<int> open;
    for (const auto& [node, sets] : ways) open.push_back(node);
    while (!open.empty()) {
      const int node = open.back();
      open.pop_back();
      for (const auto& step : paths_.steps(node)) {
        if ((justified >> step.justified & 1U) == 0) continue;
        bool is_new = false;
        for (const Support set : std::vector(ways[node])) is_new |= add(ways, step.next, set);
        if (is_new) open.push_back(step.next);
      }
    }
  }

  // Whether every voter can choose one of its ways, or the owner of a cloned key two, so that a
  // quorum supports each of the wanted bits.
  bool reachable(const Ways& ways, Support wanted) const {
    std::vector<Support> alone;
    for (const auto& [node, sets] : ways) {
      for (const Support set : sets) add(alone, set & wanted);
    }
    std::vector<Support> twice;
    for (const Support one : alone) {
      for (const Support other : alone) add(twice, one | other);
    }
    std::unordered_set<std::uint64_t> counts{0};
    for (int voter = 0; voter < network_.voters; ++voter) {
      std::unordered_set<std::uint64_t> next;
      for (const std::uint64_t count : counts) {
        for (const Support set : voter < network_.clones ? twice : alone) {
          next.insert(count + spread(set));
        }
      }
      counts = std::move(next);
    }
    return std::any_of(counts.begin(), counts.end(), [&](std::uint64_t count) {
      for (Support bits = wanted; bits != 0; bits &= bits - 1) {
        const auto votes = count >> (std::countr_zero(bits) * count_bits) & count_max;
        if (votes < static_cast<std::uint64_t>(network_.quorum)) return false;
      }
      return true;
    });
  }

  // A counter for each bit of a support.
  static constexpr int count_bits = 64 / (blocks_above_max + 2);
  static constexpr std::uint64_t count_max = (1U << count_bits) - 1;
  static std::uint64_t spread(Support set) {
    std::uint64_t counters = 0;
    for (; set != 0; set &= set - 1) {
      counters |= std::uint64_t{1} << (std::countr_zero(set) * count_bits);
    }
    return counters;
  }

  Network network_;
  Rivals rivals_;
  Paths paths_;
  std::size_t orders_ = 0;
};

// How many orders of justified blocks there are; nullopt if two histories can become final.
std::optional<std::size_t> check_all(const Network& network) {
  std::size_t orders = 0;
  for (Height a = network.fork + 1; a <= network.heights; ++a) {
    for (Height b = network.fork + 1; b <= network.heights; ++b) {
      Model model(network, {number_of(0, a), number_of(1, b)});
      if (!model.holds()) return std::nullopt;
      orders += model.orders();
    }
  }
  return orders;
}

// The bound is exact: with that many clones no order breaks it, with one more some order does.
void check_bound(int voters, int quorum, Height fork, Height heights) {
  const int tolerated = 2 * quorum - voters - 1;
  CAPTURE(voters, quorum, fork, heights);
  const auto orders = check_all({voters, tolerated, quorum, fork, heights});
  CHECK(orders > (heights - fork) * 2);
  CHECK_FALSE(check_all({voters, tolerated + 1, quorum, fork, heights}));
}

}  // namespace

TEST_CASE("two branches become final only if more than 2q - n - 1 keys are run twice") {
  const Height heights = GENERATE(1U, 2U, 3U);
  const Height fork = GENERATE(0U, 1U, 2U);
  const int voters = GENERATE(3, 4, 5, 6, 7);
  const int quorum = GENERATE_COPY(voters / 2 + 1, voters * 2 / 3 + 1);
  if (fork < heights) check_bound(voters, quorum, fork, heights);
}

TEST_CASE("nor do branches of four blocks", "[.long]") {
  const Height fork = GENERATE(0U, 1U);
  const int voters = GENERATE(3, 4);
  check_bound(voters, voters * 2 / 3 + 1, fork, top);
}
