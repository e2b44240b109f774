#include "sync/sim/world.hpp"

#include <algorithm>

#include "chain/core/text.hpp"

namespace aitbc::sim {

namespace {

constexpr std::int64_t start_ms = 1'770'000'000'000;
constexpr std::uint64_t user_balance = 1'000'000'000;

KeyPair key_from(std::uint64_t number) {
  std::array<Byte, 32> seed{};
  for (std::size_t i = 0; i < 8; ++i) seed[i] = static_cast<Byte>(number >> (8 * i));
  return KeyPair(Seed(seed));
}

Address address_of_user(const KeyPair& key) { return address_of(Policy::single(key.public_key())); }

std::deque<KeyPair> keys_from(std::uint64_t number, std::size_t count) {
  std::deque<KeyPair> keys;
  for (std::size_t i = 0; i < count; ++i) keys.push_back(key_from(number + i));
  return keys;
}

Genesis genesis_of(const Setup& setup, const std::deque<KeyPair>& keys,
                   const std::deque<KeyPair>& users) {
  Genesis genesis;
  genesis.chain_id = "sim";
  genesis.time = from_unix_ms(start_ms) - Duration{2'000};
  genesis.fee_min = *Amount::from(1);
  genesis.quorum = setup.quorum;
  genesis.devnet = true;
  for (const KeyPair& key : keys) genesis.authorities.push_back(key.public_key());
  for (const auto* owners : {&users, &keys}) {
    for (const KeyPair& owner : *owners) {
      genesis.allocations.push_back({address_of_user(owner), *Amount::from(user_balance)});
    }
  }
  std::sort(genesis.allocations.begin(), genesis.allocations.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  return genesis;
}

}  // namespace

World::World(const Setup& setup)
    : World(setup, genesis_of(setup, keys_from(1'000, setup.nodes), keys_from(2'000, setup.users)),
            from_unix_ms(start_ms), keys_from(1'000, setup.nodes), keys_from(2'000, setup.users)) {
  for (NodeIndex i = 0; i < setup.nodes + setup.followers; ++i) restart(i);
}

World::World(const Setup& setup, const Genesis& genesis, Time start, std::deque<KeyPair> keys,
             std::deque<KeyPair> users)
    : setup_(setup),
      rng_(setup.seed),
      scheduler_(start),
      keys_(std::move(keys)),
      users_(std::move(users)),
      genesis_(genesis),
      params_(params_of(genesis_)),
      notary_(params_),
      observer_(setup.seed, params_, setup.nodes + setup.followers + setup.clones),
      audit_(genesis_),
      nodes_(setup.nodes + setup.followers + setup.clones),
      links_(nodes_.size() * nodes_.size()),
      groups_(nodes_.size(), 0) {
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    node.key = i;
    if (!setup.directory.empty()) {
      node.machine.file = setup.directory + "/" + std::to_string(i) + ".db";
    }
    const auto skew = setup.skew_max.count();
    if (skew > 0) {
      const auto chosen = rng_.below(static_cast<std::uint64_t>(2 * skew + 1));
      node.machine.clock.set(now(), Duration{static_cast<std::int64_t>(chosen) - skew}, 0);
    }
  }
  name_peers();
}

// All others; of more than a node may have, some by chance, and whoever names one is named by it.
void World::name_peers() {
  const std::size_t count = nodes_.size();
  if (count <= limits::peers_max) {
    for (NodeIndex i = 0; i < count; ++i) {
      for (NodeIndex peer = 0; peer < count; ++peer) {
        if (peer != i) nodes_[i].peers.push_back(peer);
      }
    }
    return;
  }
  for (NodeIndex i = 0; i < count; ++i) {
    for (std::size_t tries = 0; tries < limits::peers_max / 8; ++tries) {
      const NodeIndex peer = tries == 0 ? (i + 1) % count : rng_.below(count);
      std::vector<NodeIndex>&mine = nodes_[i].peers, &theirs = nodes_[peer].peers;
      const bool known = std::find(mine.begin(), mine.end(), peer) != mine.end();
      if (peer == i || known || theirs.size() >= limits::peers_max) continue;
      mine.push_back(peer);
      theirs.push_back(i);
    }
  }
}

bool World::has_key(NodeIndex node) const {
  return !recorded() && (node < setup_.nodes || node >= setup_.nodes + setup_.followers);
}

// A node's next event waits until it has done this.
void World::charge(NodeIndex index, std::size_t signatures) {
  Node& node = nodes_[index];
  node.owed += setup_.costs.message + setup_.costs.signature * signatures;
  const auto whole = std::chrono::floor<Duration>(node.owed);
  node.owed -= whole;
  node.machine.busy += whole;
}

void World::run_for(Duration duration) {
  const Time end = now() + duration;
  while (!failure() && scheduler_.step(end)) {
  }
  scheduler_.advance_to(end);
}

void World::note(const std::string& line) {
  const std::string entry = std::to_string(to_unix_ms(now())) + " " + line;
  trace_ = hash("aitbc/sim-trace/1", {trace_.view(), as_bytes(entry)});
}

// ---- nodes --------------------------------------------------------------------------------------

std::string World::instance_of(NodeIndex index) const {
  return name_of(index) + "-" + std::to_string(nodes_[index].starts);
}

std::vector<std::string> World::urls_of_peers(NodeIndex index) const {
  std::vector<std::string> urls;
  for (const NodeIndex peer : nodes_[index].peers) urls.push_back(std::to_string(peer));
  return urls;
}

void World::set_peers(NodeIndex index, std::vector<NodeIndex> peers) {
  nodes_[index].peers = std::move(peers);
  note("peers of " + std::to_string(index) + " " + joined(urls_of_peers(index)));
  on_node(index, [this, index]() -> Result<Sends> {
    nodes_[index].replica->set_peers(urls_of_peers(index), local(index));
    return Sends();
  });
}

void World::restart(NodeIndex index) {
  Node& node = nodes_[index];
  if (node.replica) return;
  ++node.starts;
  sync::Replica::Options options;
  options.node_id = name_of(index);
  options.instance = instance_of(index);
  options.agent.asker = options.instance;
  node.askers = {};
  if (has_key(index)) {
    options.authority =
        Authority(KeyPair(Seed(key_of(index).seed().bytes())), open_guard(node.machine));
  }
  options.agent.peers = urls_of_peers(index);
  options.forced = node.forced;
  options.agent.poll_only = setup_.poll_only;
  options.agent.seed = rng_.next();
  options.agent.check_claim = [this](const GenesisHash&, const KeyClaim& claim) {
    return notary_.claim(claim);
  };
  const auto start = [&]() -> Status {
    AITBC_TRY_ASSIGN(auto store, open_store(node.machine));
    AITBC_TRY_ASSIGN(Chain chain, Chain::open(genesis_, std::move(store)));
    AITBC_TRY_ASSIGN(node.replica,
                     sync::Replica::create(std::move(chain), std::move(options), local(index)));
    return ok();
  };
  if (const auto started = start(); !started) return stopped(index, started.error());
  note("start " + std::to_string(index));
  node.busy_until = now();
  node.wake.reset();
  wake(index);
}

void World::crash(NodeIndex index) {
  Node& node = nodes_[index];
  if (!node.replica) return;
  note("crash " + std::to_string(index));
  node.reorgs_before += node.replica->status().reorgs;
  node.replica.reset();
  node.waiting.clear();
}

// A node that stops by itself, though its disk is only full: that is our bug.
void World::stopped(NodeIndex index, const Error& why) {
  fail("keeps_running", "node " + std::to_string(index + 1) +
                            " stopped: " + std::string(name(why.code)) + ": " + why.detail);
}

void World::wake(NodeIndex index) {
  on_node(index, [] { return Result<Sends>(Sends()); });
}

// Runs an event if the node still lives, lets it act, and looks at what changed.
void World::on_node(NodeIndex index, std::function<Result<Sends>()> event) {
  Node& node = nodes_[index];
  if (!node.replica) return;
  const std::uint64_t life = node.starts;
  const auto later = [this, index, life](Time at, std::function<void()> then) {
    scheduler_.at(at, [this, index, life, then = std::move(then)] {
      if (nodes_[index].replica && nodes_[index].starts == life) then();
    });
  };
  if (node.busy_until > now()) {
    later(node.busy_until, [this, index, event = std::move(event)] { on_node(index, event); });
    return;
  }
  auto sends = event();
  if (!sends && is_internal(sends.error())) return stopped(index, sends.error());
  Sends all = sends ? std::move(*sends) : Sends();
  auto step = node.replica->tick(local(index));
  if (!step && is_internal(step.error())) return stopped(index, step.error());
  if (step) {
    all.insert(all.end(), std::make_move_iterator(step->sends.begin()),
               std::make_move_iterator(step->sends.end()));
    if (step->sealed) {
      const Header& header = step->sealed->header();
      note("seal " + std::to_string(index) + " " + id_of(header).hex());
      observer_.sealed(header, now());
    }
  }
  note_head(index);
  const Duration busy = std::exchange(node.machine.busy, Duration{0});
  if (busy == Duration{0}) return publish(index, all);
  node.busy_until = now() + busy;
  later(node.busy_until, [this, index, all = std::move(all)] { publish(index, all); });
}

void World::publish(NodeIndex index, const Sends& sends) {
  for (const sync::Send& send : sends) transmit(index, send);
  answer_waiting(index);
  schedule_wake(index);
}

void World::answer_waiting(NodeIndex index) {
  std::vector<Waiting>& all = nodes_[index].waiting;
  for (std::size_t i = 0; i < all.size();) {
    if (!has_news(index, all[i].query) && now() < all[i].until) {
      ++i;
      continue;
    }
    const Waiting waiting = std::move(all[i]);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(i));
    waiting.answer(answer_now(index, waiting.query, now() - waiting.since));
  }
}

void World::schedule_wake(NodeIndex index) {
  Node& node = nodes_[index];
  const Time here = local(index);
  const auto next = node.replica->next_wake(here);
  if (!next) return;
  // A wake that is due at once still lets a millisecond pass, as real threads do.
  const Time at = now() + std::max(*next - here, Duration{1});
  if (node.wake && *node.wake > now() && *node.wake <= at) return;
  node.wake = at;
  const std::uint64_t life = node.starts;
  scheduler_.at(at, [this, index, life] {
    if (nodes_[index].starts == life) wake(index);
  });
}

void World::note_head(NodeIndex index) {
  Node& node = nodes_[index];
  const Chain& chain = node.replica->chain();
  if (node.head == chain.head() && node.final == chain.final().height) return;
  if (node.head != chain.head()) {
    note("head " + std::to_string(index) + " " + chain.head().id.hex());
    reorg_depth_max_ = std::max(reorg_depth_max_, node.replica->status().reorg_depth_max);
  }
  node.head = chain.head();
  node.final = chain.final().height;
  observer_.head_moved(index, chain, now());
}

// ---- clients ------------------------------------------------------------------------------------

bool World::pay(std::size_t user, NodeIndex through) {
  const std::size_t other = user + 1 + rng_.below(users_.size() - 1);
  const KeyPair& to = users_[other % users_.size()];
  return submit(users_[user], Transfer{address_of_user(to), *Amount::from(1 + rng_.below(50))},
                through);
}

bool World::cast(NodeIndex voter, AuthorityChange::Kind kind, NodeIndex whom) {
  return submit(key_of(voter), Ballot{{kind, key_of(whom).public_key()}, true}, voter);
}

bool World::is_authority(NodeIndex node) const {
  for (NodeIndex i = 0; i < setup_.nodes; ++i) {
    if (!is_up(i)) continue;
    return aitbc::is_authority(replica(i).chain().state().authorities(), key_of(node).public_key());
  }
  return true;
}

bool World::submit(const KeyPair& from, Payload payload, NodeIndex through) {
  if (!is_up(through) || nodes_[through].busy_until > now()) return false;
  const Chain& chain = nodes_[through].replica->chain();
  Tx body;
  body.nonce = chain.mempool().next_nonce(chain.state(), address_of_user(from));
  body.fee = *Amount::from(1 + rng_.below(5));
  body.payload = std::move(payload);
  const KeyPair* const signer = &from;
  auto signed_tx =
      sign(params_.genesis_hash, body, Policy::single(from.public_key()), std::span(&signer, 1));
  AITBC_CHECK(signed_tx.has_value());
  const auto tx = notary_.tx(*signed_tx);
  AITBC_CHECK(tx.has_value());
  bool acknowledged = false;
  on_node(through, [&]() -> Result<Sends> {
    AITBC_TRY_ASSIGN(const auto answers, nodes_[through].replica->submit(std::span(&*tx, 1)));
    acknowledged = answers.front().has_value();
    if (acknowledged) {
      observer_.acknowledged(tx->id(), through, now());
      audit_.expect({tx->id(), name_of(through)});
    }
    return Sends();
  });
  note("submit " + tx->id().hex());
  return acknowledged;
}

void World::traffic(Duration interval, Time until) {
  if (now() >= until) return;
  const std::size_t user = rng_.below(users_.size());
  const bool elsewhere = rng_.below(8) == 0;
  pay(user, elsewhere ? rng_.below(setup_.nodes) : user % setup_.nodes);
  scheduler_.after(interval, [this, interval, until] { traffic(interval, until); });
}

// ---- what came of it ----------------------------------------------------------------------------

// Of two final histories either is as good as the other.
std::vector<Seen> World::check_safety() {
  if (observer_.conflict()) return {};
  std::deque<ChainView> views;
  std::vector<NodeView*> nodes;
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    if (is_up(i)) nodes.push_back(&views.emplace_back(name_of(i), nodes_[i].replica->chain()));
  }
  Report report = audit_.look(nodes);
  for (const Violation& violation : report.violations) {
    fail(std::string(violation.invariant), text(violation));
  }
  for (const auto& [node, why] : report.silent) fail("keeps_running", node + ": " + why.detail);
  return std::move(report.seen);
}

std::string World::differences() const {
  std::string text;
  for (NodeIndex i = 0; i < setup_.nodes; ++i) {
    const std::string who = "node " + std::to_string(i + 1);
    if (!is_up(i)) {
      text += who + " is down; ";
      continue;
    }
    const Chain& chain = replica(i).chain();
    const Chain& first = is_up(0) ? replica(0).chain() : chain;
    if (chain.head() != first.head() || chain.state().root() != first.state().root()) {
      text += who + " is at " + std::to_string(chain.head().height) + " " +
              chain.head().id.hex().substr(0, 8) + "; ";
    }
    if (recorded()) continue;
    if (chain.final() != chain.head()) {
      text += who + " is final up to " + std::to_string(chain.final().height) + " of " +
              std::to_string(chain.head().height) + " and says " +
              replica(i).status().state.text() + "; ";
    }
    if (chain.mempool().has_includable(chain.state())) {
      text +=
          who + " has transactions to include and says " + replica(i).status().state.text() + "; ";
    }
  }
  return text;
}

std::uint64_t World::reorgs() const {
  std::uint64_t sum = 0;
  for (const Node& node : nodes_) {
    sum += node.reorgs_before + (node.replica ? node.replica->status().reorgs : 0);
  }
  return sum;
}

}  // namespace aitbc::sim
