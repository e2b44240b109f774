// The part of World that breaks things and mends them.

#include "sync/sim/world.hpp"

namespace aitbc::sim {

void World::pause(NodeIndex index, Duration duration) {
  Node& node = nodes_[index];
  note("pause " + std::to_string(index));
  node.busy_until = std::max(node.busy_until, now() + duration);
}

void World::set_clock(NodeIndex index, Duration offset, std::int64_t drift_ppm) {
  Node& node = nodes_[index];
  note("clock " + std::to_string(index) + " " + std::to_string(offset.count()));
  node.machine.clock.set(now(), offset, drift_ppm);
  // What it waited for may be due, or further away, now.
  node.wake.reset();
  wake(index);
}

void World::take_snapshot(NodeIndex index) {
  Node& node = nodes_[index];
  note("snapshot " + std::to_string(index));
  node.snapshot = Snapshot{std::make_shared<MemoryDisk>(*node.machine.disk), node.final, now()};
}

bool World::restore_snapshot(NodeIndex index) {
  Node& node = nodes_[index];
  if (!node.snapshot || node.snapshot->final > node.final) return false;
  bool elsewhere = false;
  for (NodeIndex i = 0; i < setup_.nodes; ++i) {
    elsewhere |= i != index && nodes_[i].final >= node.final;
  }
  if (!elsewhere) return false;
  note("restore " + std::to_string(index));
  crash(index);
  node.machine.disk = std::make_shared<MemoryDisk>(*node.snapshot->disk);
  node.final = node.snapshot->final;
  node.head = {};
  for (const TxId& id : observer_.restored(index, node.snapshot->final, node.snapshot->taken)) {
    audit_.excuse(id);
  }
  restart(index);
  return true;
}

void World::clone(NodeIndex copy, NodeIndex original, bool forced) {
  Node& node = nodes_[copy];
  const Node& from = nodes_[original];
  note("clone " + std::to_string(original));
  node.key = from.key;
  node.machine.disk = std::make_shared<MemoryDisk>(*from.machine.disk);
  node.machine.marks = from.machine.marks;
  node.machine.notes = from.machine.notes;
  node.machine.noted_here = false;
  node.forced = forced;
  node.final = from.final;
  std::set<std::size_t> keys;
  for (NodeIndex i = setup_.nodes; i < nodes_.size(); ++i) {
    if (nodes_[i].key < setup_.nodes) keys.insert(nodes_[i].key);
  }
  const std::size_t quorum = quorum_of(setup_.quorum, setup_.nodes);
  const std::size_t tolerated = 2 * quorum - setup_.nodes - 1;
  observer_.cloned(key_of(copy).public_key(), keys.size() > tolerated);
  // What the clones have signed may leave their keys nothing that they may sign.
  may_halt_ |= keys.size() > setup_.nodes - quorum;
  restart(copy);
}

void World::unlock_keys() {
  for (NodeIndex i = 0; i < setup_.nodes; ++i) {
    if (!is_up(i) || replica(i).fitness().reason != sync::Fitness::Reason::evidence) continue;
    on_node(i, [this, i]() -> Result<Sends> {
      AITBC_TRY(nodes_[i].replica->unlock(local(i)));
      return Sends();
    });
  }
}

void World::heal() {
  note("heal");
  rules_.clear();
  groups_.assign(nodes_.size(), 0);
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.machine.full = false;
    node.lie.reset();
    node.machine.commit_time = Duration{0};
    if (i >= setup_.nodes) {
      crash(i);
      continue;
    }
    node.busy_until = std::min(node.busy_until, now());
    if (is_up(i))
      set_clock(i, Duration{0}, 0);
    else
      node.machine.clock.set(now(), Duration{0}, 0);
    restart(i);
  }
}

}  // namespace aitbc::sim
