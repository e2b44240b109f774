#include "sync/sim/chaos.hpp"

namespace aitbc::sim {

namespace {

constexpr std::uint32_t percent = 10'000;  // in ppm

}  // namespace

Chaos::Chaos(World& world, FaultKinds allowed, std::uint64_t seed)
    : world_(world), allowed_(std::move(allowed)), rng_(seed) {}

void Chaos::begin_round() {
  likely_.clear();
  restored_.clear();
  for (const FaultKind fault : allowed_) {
    if (rng_.below(2) == 0) likely_.push_back(fault);
  }
  if (likely_.empty()) likely_.assign(allowed_.begin(), allowed_.end());
}

LinkRule Chaos::links() {
  LinkRule links;
  links.delay = ms(1, 200);
  const auto likely = [&](FaultKind fault) {
    return allowed_.contains(fault) && rng_.below(2) == 0;
  };
  if (likely(FaultKind::delay)) links.jitter = ms(0, 600);
  if (likely(FaultKind::loss)) links.loss_ppm = static_cast<std::uint32_t>(up_to(15)) * percent;
  if (likely(FaultKind::duplicate))
    links.duplicate_ppm = static_cast<std::uint32_t>(up_to(20)) * percent;
  if (likely(FaultKind::reorder))
    links.reorder_ppm = static_cast<std::uint32_t>(up_to(30)) * percent;
  return links;
}

void Chaos::step() {
  if (likely_.empty()) return;
  begin(likely_[rng_.below(likely_.size())], ms(5'000, 60'000));
}

void Chaos::mend_after(Duration duration, std::function<void()> mend) {
  world_.after(duration, [this, round = round_, mend = std::move(mend)] {
    if (round == round_) mend();
  });
}

void Chaos::begin(FaultKind fault, Duration duration) {
  switch (fault) {
    case FaultKind::loss:
    case FaultKind::duplicate:
    case FaultKind::delay:
    case FaultKind::reorder:
    case FaultKind::throttle:
      begin_on_link(fault, duration);
      break;
    case FaultKind::partition:
      cut_at_random(duration, true);
      break;
    case FaultKind::cut:
      cut_at_random(duration, false);
      break;
    case FaultKind::isolate: {
      std::vector<bool> side(world_.size());
      side[any_node()] = true;
      cut(side, duration, true);
      break;
    }
    case FaultKind::clone:
      if (!clone(duration)) return;
      break;
    case FaultKind::vote_out:
      vote_out(duration);
      break;
    default:
      begin_on_node(fault, duration);
      return;
  }
  ++begun_[fault];
}

void Chaos::begin_on_link(FaultKind fault, Duration duration) {
  LinkRule rule;
  const auto ppm = static_cast<std::uint32_t>(5 + up_to(60)) * percent;
  if (fault == FaultKind::loss) rule.loss_ppm = ppm;
  if (fault == FaultKind::duplicate) rule.duplicate_ppm = ppm;
  if (fault == FaultKind::reorder) rule.reorder_ppm = ppm;
  if (fault == FaultKind::throttle) rule.bytes_per_second = 500 + up_to(20'000);
  if (fault == FaultKind::delay) {
    rule.delay = ms(100, 4'000);
    rule.jitter = ms(0, 1'000);
  }
  // One directed link, all of a node's, or all there are.
  const NodeIndex from = any_node();
  const NodeIndex to = any_node();
  const std::uint64_t width = rng_.below(3);
  for (NodeIndex a = 0; a < world_.size(); ++a) {
    for (NodeIndex b = 0; b < world_.size(); ++b) {
      const bool hit = width == 0   ? a == from && b == to
                       : width == 1 ? a == from || b == from
                                    : true;
      if (hit && a != b) world_.add_rule(a, b, rule, world_.now() + duration);
    }
  }
}

void Chaos::cut(const std::vector<bool>& side, Duration duration, bool both_ways) {
  LinkRule rule;
  rule.cut = true;
  for (NodeIndex a = 0; a < world_.size(); ++a) {
    for (NodeIndex b = 0; b < world_.size(); ++b) {
      const bool hit = both_ways ? side[a] != side[b] : side[a] && !side[b];
      if (hit) world_.add_rule(a, b, rule, world_.now() + duration);
    }
  }
}

void Chaos::cut_at_random(Duration duration, bool both_ways) {
  std::vector<bool> side(world_.size());
  for (std::size_t i = 0; i < side.size(); ++i) side[i] = rng_.below(2) == 0;
  cut(side, duration, both_ways);
}

void Chaos::split(Duration duration) {
  if (!allowed_.contains(FaultKind::partition)) return;
  std::vector<bool> side(world_.size());
  for (std::size_t left = world_.authorities() / 2; left > 0;) {
    const NodeIndex node = any_node();
    if (side[node]) continue;
    side[node] = true;
    --left;
  }
  cut(side, duration, true);
  ++begun_[FaultKind::partition];
}

// Always the same keys, so that no more are ever used twice than there are clones. A clone lives
// where its original cannot be reached, or both would know of one another at once.
bool Chaos::clone(Duration duration) {
  const std::size_t clones = world_.size() - world_.authorities();
  if (clones == 0) return false;
  const std::size_t chosen = rng_.below(clones);
  const NodeIndex copy = world_.authorities() + chosen;
  const NodeIndex original = chosen % world_.authorities();
  if (world_.is_up(copy)) return false;
  world_.clone(copy, original, rng_.below(2) == 0);
  std::vector<bool> side(world_.size());
  for (std::size_t i = 0; i < side.size(); ++i) side[i] = rng_.below(2) == 0;
  side[original] = false;
  side[copy] = true;
  cut(side, duration, true);
  return true;
}

// An authority that forgot a block which it committed cannot vote before the others got past it:
// that many may forget without whom there is a quorum.
void Chaos::restore(NodeIndex node, Duration duration) {
  const std::size_t nodes = world_.authorities();
  restored_.insert(node);
  if (restored_.size() > nodes - quorum_of(world_.params().quorum, nodes)) {
    restored_.erase(node);
    return;
  }
  world_.take_snapshot(node);
  mend_after(duration, [this, node] {
    if (world_.restore_snapshot(node)) ++begun_[FaultKind::restore];
  });
}

// Always one at a time, and whoever is out is voted in again before the next one.
void Chaos::vote_out(Duration duration) {
  if (out_) return cast(AuthorityChange::Kind::add, *out_);
  out_ = any_node();
  cast(AuthorityChange::Kind::remove, *out_);
  mend_after(duration, [this, node = *out_] { cast(AuthorityChange::Kind::add, node); });
}

// Each at its own node; who cannot be reached, or has voted so already, does not matter.
void Chaos::cast(AuthorityChange::Kind kind, NodeIndex whom) {
  const std::size_t all = world_.authorities();
  if (world_.is_authority(whom) == (kind == AuthorityChange::Kind::add)) {
    if (kind == AuthorityChange::Kind::add) out_.reset();
    return;
  }
  for (NodeIndex voter = 0; voter < all; ++voter) {
    if (voter != whom) world_.cast(voter, kind, whom);
  }
}

void Chaos::begin_on_node(FaultKind fault, Duration duration) {
  const NodeIndex node = any_node();
  Machine& machine = world_.machine(node);
  switch (fault) {
    case FaultKind::crash:
      if (!world_.is_up(node)) return;
      world_.crash(node);
      mend_after(duration, [this, node] { world_.restart(node); });
      break;
    case FaultKind::pause:
      world_.pause(node, duration);
      break;
    case FaultKind::clock: {
      const bool wild = rng_.below(4) == 0;
      const std::uint64_t most = wild ? 20'000 : 1'500;
      const Duration offset = ms(0, 2 * most) - Duration{static_cast<std::int64_t>(most)};
      world_.set_clock(node, offset, static_cast<std::int64_t>(up_to(2'000)) - 1'000);
      mend_after(duration, [this, node] { world_.set_clock(node, Duration{0}, 0); });
      break;
    }
    case FaultKind::disk_full:
      machine.full = true;
      mend_after(duration, [&machine] { machine.full = false; });
      break;
    case FaultKind::disk_slow:
      machine.commit_time = ms(20, 700);
      mend_after(duration, [&machine] { machine.commit_time = Duration{0}; });
      break;
    case FaultKind::lie:
      world_.set_lie(node, static_cast<Lie>(rng_.below(3)));
      mend_after(duration, [this, node] { world_.set_lie(node, std::nullopt); });
      break;
    case FaultKind::restore:
      restore(node, duration);
      return;
    default:
      AITBC_CHECK(false && "a FaultKind of no node");
  }
  ++begun_[fault];
}

}  // namespace aitbc::sim
