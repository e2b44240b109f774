#include "chain/checks.hpp"

#include <algorithm>
#include <map>

#include "chain/core/limits.hpp"

namespace aitbc {

namespace {

constexpr std::string_view same_id = "same_id";
constexpr std::string_view one_final = "one_final_history";
constexpr std::string_view roots = "roots_reexecute";
constexpr std::string_view nothing_lost = "nothing_lost";
constexpr std::string_view growth = "grows_after_heal";
constexpr int tries_max = 3;  // to read a tail that a reorg changes meanwhile

std::string joined(const std::vector<std::string>& nodes) {
  std::string text;
  for (const std::string& node : nodes) text += (text.empty() ? "" : ", ") + node;
  return text;
}

std::string block_text(Height height, const BlockId& id) {
  return "block " + std::to_string(height) + " " + hash_text(id);
}

}  // namespace

// ---- reports ------------------------------------------------------------------------------------

std::string text(const Violation& violation) {
  std::string text(violation.invariant);
  if (!violation.nodes.empty()) {
    text += (violation.nodes.size() == 1 ? ": node " : ": nodes ") + joined(violation.nodes);
  }
  return text + ": height " + std::to_string(violation.height) + ": expected " +
         violation.expected + ", got " + violation.seen;
}

void Audit::add(Violation violation) {
  if (report_.violations.size() < limits::violations_max) {
    report_.violations.push_back(std::move(violation));
  }
}

// ---- the final chain ----------------------------------------------------------------------------

struct Audit::Member {
  NodeView* view;
  NodeView::Look look;
  std::deque<Block> ahead;  // of its chain, from the block after the trunk on
  bool follows = true;      // it has shown nothing else than the trunk
  std::optional<Tip> end;   // where its own chain ended when it was walked to its head
};

void Audit::add(const Broken& broken, const Members& members) {
  std::vector<std::string> nodes;
  for (const Member* member : members) nodes.push_back(member->view->name());
  add({broken.invariant, std::move(nodes), broken.height, broken.expected, broken.seen});
}

void Audit::drop(Member& member, const Error& why) {
  member.follows = false;
  if (category(why.code) == Category::malformed) {
    add({roots, {member.view->name()}, replay_.head().height + 1, "blocks", why.detail});
  } else {
    report_.silent.push_back({member.view->name(), why});
  }
}

// Every one of the camp has its next block at hand afterwards; who has none leaves it.
void Audit::fill(Members& camp, Height to) {
  const Height height = replay_.head().height + 1;
  const std::size_t limit = std::min<std::size_t>(limits::range_blocks_max, to - height + 1);
  for (Member* member : camp) {
    if (!member->ahead.empty()) continue;
    auto blocks = member->view->blocks(height, limit);
    if (!blocks) {
      drop(*member, blocks.error());
    } else if (blocks->empty()) {
      member->follows = false;
      add({same_id,
           {member->view->name()},
           height,
           "a block, as " + std::to_string(member->look.final.height) + " is said to be final",
           "none"});
    } else {
      member->ahead.assign(std::make_move_iterator(blocks->begin()),
                           std::make_move_iterator(blocks->end()));
    }
  }
  std::erase_if(camp, [](const Member* member) { return !member->follows; });
}

// Goes on with what most of them have; the others are told, with the proof that they give.
void Audit::split(Members& camp) {
  std::map<BlockId, Members> sides;
  for (Member* member : camp) sides[id_of(member->ahead.front().header())].push_back(member);
  if (sides.size() < 2) return;
  const auto most = std::max_element(sides.begin(), sides.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  const Height height = replay_.head().height + 1;
  std::vector<std::string> others;
  for (const Member* member : most->second) others.push_back(member->view->name());
  for (const auto& [id, members] : sides) {
    if (id == most->first) continue;
    add(Broken{same_id, height, hash_text(most->first) + " (" + joined(others) + ")",
               hash_text(id)},
        members);
    for (Member* member : members) {
      member->follows = false;
      check_final(*member);
    }
  }
  camp = most->second;
}

// One block further with all of the camp.
void Audit::take(Members& camp, Height to) {
  fill(camp, to);
  if (camp.empty()) return;
  split(camp);
  // One id may come with several bodies, of which at most one is right.
  while (!camp.empty()) {
    const Block block = camp.front()->ahead.front();
    Members same, different;
    for (Member* member : camp) {
      (member->ahead.front() == block ? same : different).push_back(member);
    }
    if (const auto broken = replay_.add(block)) {
      add(*broken, same);
      for (Member* member : same) member->follows = false;
      camp = std::move(different);
      stuck_ = camp.empty();
      continue;
    }
    for (Member* member : different) {
      if (const auto broken = replay_.check_form(member->ahead.front())) {
        add(*broken, {member});
        member->follows = false;
      }
    }
    std::erase_if(camp, [](const Member* member) { return !member->follows; });
    count(block);
    break;
  }
  for (Member* member : camp) member->ahead.pop_front();
}

void Audit::count(const Block& block) {
  if (acknowledged_.empty()) return;
  for (const SignedTx& tx : block.txs) {
    const TxId id = id_of(replay_.params().genesis_hash, tx.body);
    const auto found = acknowledged_.find(id);
    if (found == acknowledged_.end() || ++found->second.included < 2) continue;
    add({nothing_lost,
         {},
         block.header().height,
         "transaction " + hash_text(id) + " once",
         "it is in an earlier block, too"});
  }
}

// What is wrong with the certificate that the node gives for its final block; empty if nothing.
Result<std::string> Audit::find_doubt(Member& member) {
  const Tip& final = member.look.final;
  AITBC_TRY_ASSIGN(const auto certificate, member.view->certificate(final.height));
  if (!certificate || certificate->kind != Vote::Kind::commit) return std::string("none");
  if (const Status proven = replay_.check(*certificate); !proven) return proven.error().detail;
  const Checkpoint& block = certificate->block;
  const std::string doubt = "those for " + block_text(block.height, block.id);
  if (block.height <= final.height) return block == checkpoint_of(final) ? "" : doubt;
  AITBC_TRY_ASSIGN(const auto above, member.view->blocks(block.height, 1));
  return !above.empty() && id_of(above.front().header()) == block.id ? "" : doubt;
}

void Audit::check_final(Member& member) {
  const Tip& final = member.look.final;
  const auto tell = [&](std::string expected, std::string seen) {
    add({one_final, {member.view->name()}, final.height, std::move(expected), std::move(seen)});
  };
  if (member.follows && final.id != replay_.head().id) {
    tell(hash_text(replay_.head().id) + ", as in its chain", hash_text(final.id));
    return;
  }
  if (final.height == 0) return;
  const auto doubt = find_doubt(member);
  if (!doubt) {
    drop(member, doubt.error());
  } else if (!doubt->empty()) {
    tell("the votes of a quorum for " + hash_text(final.id), *doubt);
  } else if (!member.follows) {
    tell("one final history",
         hash_text(final.id) + ", final by the votes of a quorum, on another branch");
  }
}

// ---- from the final block to the head -----------------------------------------------------------

// False if the chain changed while it was read.
bool Audit::walk_tail(Member& member) {
  const Tip& head = member.look.head;
  while (replay_.head().height < head.height) {
    const Height height = replay_.head().height + 1;
    auto blocks = member.view->blocks(
        height, std::min<std::size_t>(limits::range_blocks_max, head.height - height + 1));
    if (!blocks) {
      drop(member, blocks.error());
      return true;
    }
    if (blocks->empty()) return false;
    for (const Block& block : *blocks) {
      if (block.header().parent != replay_.head().id) return false;
      if (const auto broken = replay_.add(block)) {
        add(*broken, {&member});
        return true;
      }
    }
  }
  if (replay_.head() != head) return false;
  member.end = head;
  if (member.look.state_root && *member.look.state_root != replay_.state().root()) {
    add({roots,
         {member.view->name()},
         head.height,
         "state root " + hash_text(replay_.state().root()),
         hash_text(*member.look.state_root)});
  }
  return true;
}

void Audit::check_tail(Member& member) {
  for (int tries = 1;; ++tries) {
    replay_.enter_branch();
    const bool settled = walk_tail(member);
    const Tip end = replay_.head();
    replay_.leave_branch();
    if (settled) return;
    if (tries == tries_max) {
      const Tip& head = member.look.head;
      add({roots,
           {member.view->name()},
           head.height,
           "blocks that lead to its head " + hash_text(head.id),
           "they end at " + block_text(end.height, end.id)});
      return;
    }
    const auto look = member.view->look();
    if (!look) {
      drop(member, look.error());
      return;
    }
    member.look.head = look->head;
    member.look.state_root = look->state_root;
  }
}

// A look goes on where the last one ended: what was final then must still be in every chain.
bool Audit::stands_on_trunk(Member& member) {
  const Tip& trunk = replay_.head();
  if (member.look.head.height < trunk.height) {
    report_.notes.push_back("node " + member.view->name() + " is at height " +
                            std::to_string(member.look.head.height) +
                            ", below what is final elsewhere");
    return false;
  }
  if (trunk.height == 0) return true;
  const auto blocks = member.view->blocks(trunk.height, 1);
  if (!blocks) {
    drop(member, blocks.error());
    return false;
  }
  if (!blocks->empty() && id_of(blocks->front().header()) == trunk.id) return true;
  add({one_final,
       {member.view->name()},
       trunk.height,
       hash_text(trunk.id) + ", which was final",
       blocks->empty() ? "no block" : hash_text(id_of(blocks->front().header()))});
  return false;
}

void Audit::note_heads(const std::vector<Member>& members) {
  std::map<std::pair<Height, BlockId>, std::vector<std::string>> heads;
  for (const Member& member : members) {
    if (member.end) heads[{member.end->height, member.end->id}].push_back(member.view->name());
  }
  if (heads.size() < 2) return;
  std::string text;
  for (const auto& [head, nodes] : heads) {
    text +=
        (text.empty() ? "" : "; ") + joined(nodes) + " at " + block_text(head.first, head.second);
  }
  report_.notes.push_back("heads differ: " + text);
}

// ---- what was acknowledged ----------------------------------------------------------------------

void Audit::expect(const Acknowledged& tx) { acknowledged_.try_emplace(tx.id, Expected{tx.node}); }

Result<bool> Audit::knows(NodeView& node, const TxId& id) const {
  AITBC_TRY_ASSIGN(const NodeView::Fate fate, node.fate(id));
  if (fate.kind != NodeView::Fate::Kind::included) {
    return fate.kind != NodeView::Fate::Kind::unknown;
  }
  AITBC_TRY_ASSIGN(const auto blocks, node.blocks(fate.height, 1));
  return !blocks.empty() &&
         std::any_of(blocks.front().txs.begin(), blocks.front().txs.end(), [&](const SignedTx& tx) {
           return id_of(replay_.params().genesis_hash, tx.body) == id;
         });
}

void Audit::check_lost(std::vector<Member>& members) {
  std::size_t unsure = 0;
  for (const auto& [id, expected] : acknowledged_) {
    if (expected.included > 0) continue;
    Members asked;
    const std::string& through = expected.node;
    for (Member& member : members) {
      if (member.view->name() == through) asked = {&member};
    }
    bool known = false;
    bool all_answered = !asked.empty() || (through.empty() && report_.silent.empty());
    if (asked.empty()) {
      for (Member& member : members) asked.push_back(&member);
    }
    for (Member* member : asked) {
      const auto answer = knows(*member->view, id);
      all_answered = all_answered && answer;
      known = known || (answer && *answer);
    }
    if (known) continue;
    if (!all_answered) {
      ++unsure;
      continue;
    }
    add({nothing_lost, through.empty() ? std::vector<std::string>() : std::vector{through},
         replay_.head().height, "transaction " + hash_text(id) + " in a block, waiting or replaced",
         "no word of it"});
  }
  if (unsure > 0) {
    report_.notes.push_back(std::to_string(unsure) +
                            " acknowledged transactions are unknown to the nodes that answer");
  }
}

// ---- all of it ----------------------------------------------------------------------------------

Report Audit::look(std::span<NodeView* const> nodes, const Progress& progress) {
  report_ = {};
  std::vector<Member> members;
  members.reserve(nodes.size());
  Height top = 0;
  for (NodeView* node : nodes) {
    auto look = node->look();
    if (!look) {
      report_.silent.push_back({node->name(), look.error()});
    } else if (look->genesis != replay_.params().genesis_hash) {
      add({same_id,
           {node->name()},
           0,
           "genesis " + hash_text(replay_.params().genesis_hash),
           hash_text(look->genesis)});
    } else {
      report_.seen.push_back({node->name(), *look});
      top = std::max(top, look->final.height);
      members.push_back({node, std::move(*look), {}, true, {}});
    }
  }
  std::stable_sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
    return a.look.final.height < b.look.final.height;
  });
  for (std::size_t i = 0; i < members.size(); ++i) {
    Members camp;
    for (std::size_t j = i; j < members.size(); ++j) {
      if (members[j].follows) camp.push_back(&members[j]);
    }
    const Height to = members[i].look.final.height;
    while (!stuck_ && !camp.empty() && replay_.head().height < to) {
      take(camp, to);
      const Height done = replay_.head().height;
      if (progress && (done % limits::range_blocks_max == 0 || done == top)) progress(done, top);
    }
    check_member(members[i]);
  }
  if (stuck_) {
    report_.notes.push_back("nothing was checked above height " +
                            std::to_string(replay_.head().height));
  }
  note_heads(members);
  check_lost(members);
  report_.checked = replay_.head();
  report_.txs = replay_.txs();
  return std::move(report_);
}

void Audit::check_member(Member& member) {
  if (stuck_ || !member.follows) return;
  const Height final = member.look.final.height;
  if (replay_.head().height < final) return;  // the others of its camp were dropped with it
  if (replay_.head().height > final && !stands_on_trunk(member)) return;
  if (replay_.head().height == final) check_final(member);
  if (member.follows) check_tail(member);
}

std::vector<Violation> check_growth(std::span<const Seen> before, std::span<const Seen> after) {
  std::vector<Violation> violations;
  for (const Seen& then : before) {
    const auto now = std::find_if(after.begin(), after.end(),
                                  [&](const Seen& seen) { return seen.node == then.node; });
    const bool silent = now == after.end();
    const auto judge = [&](const char* what, Height earlier, Height later) {
      if (later > earlier) return;
      violations.push_back({growth,
                            {then.node},
                            later,
                            std::string(what) + " above " + std::to_string(earlier),
                            silent ? "no answer" : std::to_string(later)});
    };
    judge("a head", then.look.head.height, silent ? 0 : now->look.head.height);
    judge("a final block", then.look.final.height, silent ? 0 : now->look.final.height);
  }
  return violations;
}

}  // namespace aitbc
