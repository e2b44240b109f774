#include "sync/sim/life.hpp"

#include <algorithm>

#include "sync/sim/chaos.hpp"
#include "sync/sim/recording.hpp"

namespace aitbc::sim {

namespace {

constexpr Duration chaos_time = std::chrono::minutes(2);
constexpr std::size_t chaos_steps = 24;
constexpr Duration look_time{1'000};
constexpr Duration agreement_max = std::chrono::minutes(5);  // from healing on

constexpr std::array<std::string_view, fault_kinds> names{
    "loss",      "duplicate", "delay",   "reorder", "throttle", "partition",
    "cut",       "isolate",   "crash",   "pause",   "clock",    "disk-full",
    "disk-slow", "lie",       "restore", "clone",   "vote-out"};

// Small networks are more often at the edge of their quorum than large ones.
constexpr std::array<std::size_t, 12> sizes{1, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 7};

std::size_t tolerated(Quorum quorum, std::size_t nodes) {
  return 2 * quorum_of(quorum, nodes) - nodes - 1;
}

Setup setup_of(const Plan& plan, std::uint64_t seed, sync::Rng& shape) {
  Setup setup;
  setup.seed = seed;
  const std::size_t nodes = sizes[shape.below(sizes.size())];
  const Quorum quorum = shape.below(4) == 0 ? Quorum::bft : Quorum::majority;
  const bool poll_only = shape.below(8) == 0;
  setup.nodes = plan.nodes.value_or(nodes);
  setup.quorum = plan.quorum.value_or(quorum);
  setup.poll_only = plan.poll_only.value_or(poll_only);
  setup.users = 2 + shape.below(8);
  // Now and then more than are tolerated: then nodes must say so.
  const std::size_t most = tolerated(setup.quorum, setup.nodes);
  const bool too_many = shape.below(8) == 0;
  const std::size_t clones = most > 0 && !too_many ? shape.below(most + 1)
                             : too_many            ? most + 1
                                                   : 0;
  if (plan.faults.contains(FaultKind::clone)) {
    setup.clones = plan.clones.value_or(setup.nodes > 1 ? std::min(clones, setup.nodes) : 0);
  }
  if (plan.faults.contains(FaultKind::clock)) setup.skew_max = Duration{shape.below(400)};
  setup.directory = plan.directory;
  return setup;
}

class Round {
 public:
  Round(World& world, Chaos& chaos, Life& life, sync::Rng& shape)
      : world_(world), chaos_(chaos), life_(life), shape_(shape) {}

  void live() {
    break_things();
    world_.check_safety();
    chaos_.end_round();
    LinkRule calm;
    calm.delay = Duration{5};
    calm.jitter = Duration{10};
    world_.set_links(calm);
    world_.heal();
    if (!agree("agrees_after_heal")) return;
    const std::vector<Seen> healed = world_.check_safety();
    if (!world_.recorded()) grow(healed);
  }

 private:
  void break_things() {
    chaos_.begin_round();
    world_.set_links(chaos_.links());
    const Duration pause{200 + static_cast<std::int64_t>(shape_.below(2'000))};
    if (!world_.recorded()) world_.traffic(pause, world_.now() + chaos_time);
    const bool split = shape_.below(2) == 0;
    for (std::size_t step = 0; step < chaos_steps && !world_.failure(); ++step) {
      if (shape_.below(3) > 0) chaos_.step();
      if (split && step + 8 == chaos_steps) chaos_.split(chaos_time);
      world_.run_for(chaos_time / chaos_steps);
    }
  }

  // Two final histories are told by every node: each is on one of them, and hears of the other.
  std::optional<NodeIndex> who_is_silent() const {
    for (NodeIndex i = 0; i < world_.authorities(); ++i) {
      if (!world_.replica(i).status().finality_conflict) return i;
    }
    return std::nullopt;
  }

  bool is_anything_proven() const {
    for (NodeIndex i = 0; i < world_.authorities(); ++i) {
      if (!world_.replica(i).chain().evidence().empty()) return true;
    }
    return false;
  }

  bool agree(const std::string& invariant) {
    const Time healed = world_.now();
    while (!world_.failure() && world_.now() - healed < agreement_max) {
      if (world_.differences().empty()) return true;
      world_.unlock_keys();
      world_.run_for(look_time);
    }
    if (world_.failure()) return false;
    if (world_.observer().conflict()) {
      life_.conflict = true;
      if (const auto silent = who_is_silent()) {
        world_.fail("loud_conflict", "two histories are final, and node " +
                                         std::to_string(*silent + 1) + " says " +
                                         world_.replica(*silent).status().state.text());
      }
      return false;
    }
    if (world_.may_halt() && is_anything_proven()) {
      life_.halted = true;
      return false;
    }
    world_.fail(invariant, "after " + std::to_string(agreement_max.count() / 1'000) +
                               " s: " + world_.differences());
    return false;
  }

  void grow(std::span<const Seen> before) {
    const std::size_t user = shape_.below(2);
    if (!world_.pay(user, shape_.below(world_.authorities()))) {
      world_.fail("grows_after_heal", "a payment was refused");
    }
    if (!agree("grows_after_heal")) return;
    for (const Violation& violation : check_growth(before, world_.check_safety())) {
      world_.fail(std::string(violation.invariant), text(violation));
    }
  }

  World& world_;
  Chaos& chaos_;
  Life& life_;
  sync::Rng& shape_;
};

}  // namespace

std::string_view name(FaultKind fault) { return names.at(static_cast<std::size_t>(fault)); }

std::string fault_names() {
  std::string text;
  for (const std::string_view each : names) text += (text.empty() ? "" : ",") + std::string(each);
  return text;
}

Result<FaultKinds> parse_faults(std::string_view text) {
  FaultKinds faults;
  if (text == "none") return faults;
  for (std::size_t i = 0; text == "all" && i < fault_kinds; ++i) {
    faults.insert(static_cast<FaultKind>(i));
  }
  if (text == "all") return faults;
  while (true) {
    const std::string_view word = text.substr(0, text.find(','));
    const auto found = std::find(names.begin(), names.end(), word);
    if (found == names.end()) {
      return error(Errc::bad_config, "faults: expected all, none, or some of " + fault_names() +
                                         ", got '" + std::string(word) + "'");
    }
    faults.insert(static_cast<FaultKind>(found - names.begin()));
    if (word.size() == text.size()) return faults;
    text.remove_prefix(word.size() + 1);
  }
}

namespace {

// How many keys may be used twice, and how many disks may forget, follows from the number of
// authorities: a life has either, or the number changes.
Plan without_contradictions(Plan plan, const Setup& setup, sync::Rng& shape) {
  FaultKinds& faults = plan.faults;
  if (!faults.contains(FaultKind::vote_out)) return plan;
  const bool disks_forget = faults.contains(FaultKind::restore) && shape.below(2) == 0;
  if (setup.nodes < 3 || setup.clones > 0 || disks_forget) {
    faults.erase(FaultKind::vote_out);
  } else {
    faults.erase(FaultKind::restore);
    faults.erase(FaultKind::clone);
  }
  return plan;
}

Life live_in(World& world, const Plan& plan, std::uint64_t seed, sync::Rng& shape) {
  Chaos chaos(world, plan.faults, shape.next());
  Life life;
  life.seed = seed;
  life.began = world.now();
  Round round(world, chaos, life, shape);
  while (!world.failure() && !life.conflict && !life.halted) {
    round.live();
    if (world.now() - life.began >= plan.length) break;
  }
  life.ended = world.now();
  life.failure = world.failure();
  life.trace = world.trace();
  life.faults = chaos.begun();
  life.blocks = world.observer().sealed();
  life.payments = world.observer().acknowledged();
  life.final = world.observer().final();
  life.reorgs = world.reorgs();
  life.messages = world.messages();
  life.lost = world.lost_messages();
  if (world.is_up(0)) life.head = world.replica(0).chain().head();
  return life;
}

}  // namespace

Life live(const Plan& plan, std::uint64_t seed) {
  sync::Rng shape(seed ^ 0x5eed);
  const Setup setup = setup_of(plan, seed, shape);
  World world(setup);
  return live_in(world, without_contradictions(plan, setup, shape), seed, shape);
}

Life replay(const Recording& recording, const Plan& plan, std::uint64_t seed) {
  sync::Rng shape(seed ^ 0x5eed);
  Setup setup;
  setup.seed = seed;
  setup.nodes = recording.nodes.size();
  setup.poll_only = plan.poll_only.value_or(false);
  setup.quorum = recording.genesis.quorum;
  Plan without_keys = plan;
  without_keys.faults.erase(FaultKind::clone);
  without_keys.faults.erase(FaultKind::vote_out);
  World world(setup, recording);
  return live_in(world, without_keys, seed, shape);
}

}  // namespace aitbc::sim
