#include "tests/sim/world.hpp"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "chain/sqlite_store.hpp"

namespace aitbc::sim {

namespace {

constexpr std::int64_t start_ms = 1'770'000'000'000;
constexpr std::uint64_t user_balance = 1'000'000;

KeyPair key_of(std::uint64_t number) {
  std::array<Byte, 32> seed{};
  for (std::size_t i = 0; i < 8; ++i) seed[i] = static_cast<Byte>(number >> (8 * i));
  return KeyPair(Seed(seed));
}

Address address_of_user(const KeyPair& key) { return address_of(Policy::single(key.public_key())); }

template <class T>
T must(Result<T> result) {
  if (!result) {
    throw std::logic_error(std::string(name(result.error().code)) + ": " + result.error().detail);
  }
  return std::move(result).value();
}

}  // namespace

World::World(const Setup& setup)
    : setup_(setup), rng_(setup.seed), scheduler_(from_unix_ms(start_ms)) {
  genesis_.chain_id = "sim";
  genesis_.time = scheduler_.now() - Duration{2'000};
  genesis_.fee_min = *Amount::from(1);
  genesis_.devnet = true;
  for (std::size_t i = 0; i < setup.nodes; ++i) {
    genesis_.authorities.push_back(key_of(1'000 + i).public_key());
  }
  for (std::size_t i = 0; i < setup.users; ++i) {
    users_.push_back(key_of(2'000 + i));
    genesis_.allocations.push_back({address_of_user(users_[i]), *Amount::from(user_balance)});
  }
  std::sort(genesis_.allocations.begin(), genesis_.allocations.end(),
            [](const auto& a, const auto& b) { return a.address < b.address; });
  params_ = params_of(genesis_);
  if (setup.sqlite) {
    directory_ = std::filesystem::temp_directory_path() / ("aitbc-sim-XXXXXX");
    if (mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  nodes_.resize(setup.nodes);
  noted_heights_.resize(setup.nodes, 0);
  heal();
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    const auto skew = setup.faults.skew_max.count();
    if (skew > 0) {
      nodes_[i].skew = Duration{
          static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(2 * skew + 1))) - skew};
    }
    nodes_[i].disk = std::make_shared<MemoryDisk>();
    restart(i);
  }
}

World::~World() {
  nodes_.clear();
  if (!directory_.empty()) std::filesystem::remove_all(directory_);
}

void World::run_for(Duration duration) { scheduler_.run_until(scheduler_.now() + duration); }

void World::note(const std::string& line) {
  const std::string entry = std::to_string(to_unix_ms(scheduler_.now())) + " " + line;
  trace_ = hash("aitbc/sim-trace/1", {trace_.view(), as_bytes(entry)});
}

std::string World::trace() const { return trace_.hex(); }

// ---- nodes --------------------------------------------------------------------------------------

std::unique_ptr<Store> World::open_store(NodeIndex node) {
  if (!setup_.sqlite) return std::make_unique<MemoryStore>(nodes_[node].disk);
  return must(open_sqlite_store(directory_ + "/" + std::to_string(node) + ".db"));
}

void World::restart(NodeIndex index) {
  Node& node = nodes_[index];
  if (node.replica) return;
  ++node.starts;
  sync::Replica::Options options;
  options.node_id = std::to_string(index);
  options.instance = std::to_string(index) + "-" + std::to_string(node.starts);
  options.authority = Authority(key_of(1'000 + index), node.guard);
  for (NodeIndex peer = 0; peer < nodes_.size(); ++peer) {
    if (peer != index) options.agent.peers.push_back(std::to_string(peer));
  }
  options.agent.poll_only = setup_.poll_only;
  options.agent.seed = rng_.next();
  node.replica = must(sync::Replica::create(must(Chain::open(genesis_, open_store(index))),
                                            std::move(options), local(index)));
  note("start " + std::to_string(index));
  after_event(index);
}

void World::crash(NodeIndex index) {
  Node& node = nodes_[index];
  if (!node.replica) return;
  note("crash " + std::to_string(index));
  node.reorgs_before += node.replica->status().reorgs;
  node.replica.reset();
  node.waiting.clear();
}

// Runs an event if the node still lives, sends what it asks for, and looks at what changed.
void World::on_node(NodeIndex index, const std::function<std::vector<sync::Send>()>& event) {
  if (!nodes_[index].replica) return;
  for (const sync::Send& send : event()) transmit(index, send);
  after_event(index);
}

void World::after_event(NodeIndex index) {
  Node& node = nodes_[index];
  auto step = must(node.replica->tick(local(index)));
  if (step.sealed) {
    const Header& header = step.sealed->header();
    const BlockId id = id_of(header);
    note("seal " + std::to_string(index) + " " + id.hex());
    sealed_ids_.emplace(id, scheduler_.now());
    const auto [entry, first] = sealed_.emplace(std::pair(header.proposer, header.slot), id);
    if (!first && entry->second != id) throw std::logic_error("a slot was sealed twice");
  }
  for (const sync::Send& send : step.sends) transmit(index, send);
  note_head(index);

  std::vector<Waiting> due;
  for (auto it = node.waiting.begin(); it != node.waiting.end();) {
    if (node.replica->has_news(it->query) || scheduler_.now() >= it->until) {
      due.push_back(std::move(*it));
      it = node.waiting.erase(it);
    } else {
      ++it;
    }
  }
  for (Waiting& waiting : due) {
    SyncAnswer answer = node.replica->answer(waiting.query, local(index));
    answer.held = scheduler_.now() - waiting.since;
    waiting.answer(sync::Reply(must(sync::hear(params_, std::move(answer)))));
  }
  if (const auto wake = node.replica->next_wake(local(index))) {
    const std::uint64_t life = node.starts;
    // A wake that is due at once still lets a millisecond pass, as real threads do.
    scheduler_.at(std::max(*wake - node.skew, scheduler_.now() + Duration{1}), [this, index, life] {
      if (nodes_[index].starts == life) on_node(index, [] { return std::vector<sync::Send>(); });
    });
  }
}

void World::note_head(NodeIndex index) {
  const Tip head = nodes_[index].replica->chain().head();
  reorg_depth_max_ = std::max(reorg_depth_max_, nodes_[index].replica->status().reorg_depth_max);
  note("head " + std::to_string(index) + " " + head.id.hex());
  note_final(index);
  if (noted_heights_[index] == head.height) return;
  noted_heights_[index] = head.height;
  for (Payment& payment : paid_) {
    if (!payment.seen.contains(index) && is_settled(index, payment.id)) {
      payment.seen.emplace(index, scheduler_.now());
    }
  }
}

void World::note_final(NodeIndex index) {
  Node& node = nodes_[index];
  const Chain& chain = node.replica->chain();
  const Tip final = chain.final();
  if (final.height < node.final) throw std::logic_error("what was final is so no longer");
  while (node.final < final.height) {
    const BlockId id = must(chain.id_at(++node.final)).value();
    const auto [entry, first] = finals_.emplace(node.final, id);
    if (entry->second != id) throw std::logic_error("two final histories");
    final_on_[id].emplace(index, scheduler_.now());
  }
}

// ---- the network --------------------------------------------------------------------------------

bool World::passes(NodeIndex from, NodeIndex to) {
  return groups_[from] == groups_[to] && rng_.below(100) >= setup_.faults.loss_percent;
}

Duration World::delay() {
  const auto spread = static_cast<std::uint64_t>(setup_.faults.delay_spread.count());
  return setup_.faults.delay_min + Duration{static_cast<std::int64_t>(rng_.below(spread + 1))};
}

void World::transmit(NodeIndex from, const sync::Send& send) {
  const NodeIndex to = std::stoul(nodes_[from].replica->status().peers[send.to].url);
  const std::uint64_t life = nodes_[from].starts;
  const auto reply = [this, from, life, id = send.id](const Result<sync::Reply>& result) {
    if (nodes_[from].starts != life) return;
    on_node(from, [&] { return must(nodes_[from].replica->on_reply(id, result, local(from))); });
  };
  const auto* poll = std::get_if<SyncQuery>(&send.request);
  const Duration patience = limits::answer_time_max + (poll != nullptr ? poll->wait : Duration{0});
  scheduler_.after(patience,
                   [reply] { reply(error(Errc::timeout, "simulated: no answer in time")); });

  const auto request = [this, from, to, reply, what = send.request] {
    if (!nodes_[to].replica) {
      reply(error(Errc::unreachable, "simulated: connection refused"));
      return;
    }
    serve(to, what, [this, from, to, reply](const Result<sync::Reply>& result) {
      if (passes(to, from)) scheduler_.after(delay(), [reply, result] { reply(result); });
    });
  };
  const bool twice = rng_.below(100) < setup_.faults.duplicate_percent;
  for (int copies = twice ? 2 : 1; copies > 0; --copies) {
    if (passes(from, to)) scheduler_.after(delay(), request);
  }
}

void World::serve(NodeIndex index, const sync::Request& request,
                  std::function<void(Result<sync::Reply>)> answer) {
  Node& node = nodes_[index];
  const auto* query = std::get_if<SyncQuery>(&request);
  if (query == nullptr) {
    answer(read(index, request));
    return;
  }
  if (query->wait == Duration{0} || node.replica->has_news(*query)) {
    answer(sync::Reply(must(sync::hear(params_, node.replica->answer(*query, local(index))))));
    return;
  }
  const Time until = scheduler_.now() + query->wait;
  node.waiting.push_back({*query, scheduler_.now(), until, std::move(answer)});
  const std::uint64_t life = node.starts;
  scheduler_.at(until, [this, index, life] {
    if (nodes_[index].starts == life) on_node(index, [] { return std::vector<sync::Send>(); });
  });
}

Result<sync::Reply> World::read(NodeIndex index, const sync::Request& request) {
  const Chain& chain = nodes_[index].replica->chain();
  AITBC_TRY_ASSIGN(const auto snapshot, chain.reader().snapshot());
  if (const auto* asked = std::get_if<sync::GetHeaders>(&request)) {
    AITBC_TRY_ASSIGN(auto headers, snapshot->headers(asked->from, asked->limit));
    return sync::Reply(std::move(headers));
  }
  if (const auto* asked = std::get_if<sync::GetBlocks>(&request)) {
    AITBC_TRY_ASSIGN(const auto blocks,
                     snapshot->blocks(asked->from, asked->limit, limits::range_bytes_max));
    AITBC_TRY_ASSIGN(auto checked, check_blocks(params_, blocks));
    return sync::Reply(std::move(checked));
  }
  std::vector<CheckedTx> txs;
  for (const TxId& id : std::get<sync::GetTxs>(request).ids) {
    if (const auto* entry = chain.mempool().find(id)) txs.push_back(entry->tx);
  }
  return sync::Reply(std::move(txs));
}

// ---- clients ------------------------------------------------------------------------------------

bool World::pay(std::size_t user, NodeIndex through) {
  if (!is_up(through)) return false;
  const KeyPair& from = users_[user];
  const KeyPair& to = users_[(user + 1 + rng_.below(users_.size() - 1)) % users_.size()];
  const Chain& chain = nodes_[through].replica->chain();
  Tx body;
  body.nonce = chain.mempool().next_nonce(chain.state(), address_of_user(from));
  body.fee = *Amount::from(1 + rng_.below(5));
  body.payload = Transfer{address_of_user(to), *Amount::from(1 + rng_.below(50))};
  const KeyPair* const signer = &from;
  const CheckedTx tx = must(CheckedTx::check(
      params_, must(sign(params_.genesis_hash, body, Policy::single(from.public_key()),
                         std::span(&signer, 1)))));
  bool acknowledged = false;
  on_node(through, [&] {
    const auto answers = must(nodes_[through].replica->submit(std::span(&tx, 1)));
    acknowledged = answers.front().has_value();
    if (acknowledged) paid_.push_back({tx.id(), through, scheduler_.now(), {}});
    return std::vector<sync::Send>();
  });
  note("pay " + tx.id().hex());
  return acknowledged;
}

void World::traffic(Duration interval, Time until) {
  if (scheduler_.now() >= until) return;
  const std::size_t user = rng_.below(users_.size());
  pay(user, user % nodes_.size());
  scheduler_.after(interval, [this, interval, until] { traffic(interval, until); });
}

// ---- checkers -----------------------------------------------------------------------------------

bool World::all_agree() const { return differences().empty(); }

std::string World::differences() const {
  std::string text;
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    if (!is_up(i)) {
      text += "node " + std::to_string(i) + " is down; ";
      continue;
    }
    const Chain& chain = nodes_[i].replica->chain();
    if (chain.head() != nodes_[0].replica->chain().head() ||
        chain.state().root() != nodes_[0].replica->chain().state().root()) {
      text += "node " + std::to_string(i) + " is at " + std::to_string(chain.head().height) + " " +
              chain.head().id.hex().substr(0, 8) + "; ";
    }
    if (chain.final() != chain.head()) {
      text += "node " + std::to_string(i) + " is final up to " +
              std::to_string(chain.final().height) + " only; ";
    }
    if (chain.mempool().has_includable(chain.state())) {
      text += "node " + std::to_string(i) + " has transactions to include; ";
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

std::uint64_t World::orphans() const {
  const auto snapshot = must(nodes_[0].replica->chain().reader().snapshot());
  std::uint64_t count = 0;
  for (const auto& [id, time] : sealed_ids_) {
    if (!must(snapshot->height_of(id))) ++count;
  }
  return count;
}

std::vector<Duration> World::times_to_final(On on) const {
  std::vector<Duration> times;
  for (const auto& [id, nodes] : final_on_) {
    if (on == On::all && nodes.size() < nodes_.size()) continue;
    Time first = Time::max(), last = Time::min();
    for (const auto& [node, time] : nodes) {
      first = std::min(first, time);
      last = std::max(last, time);
    }
    times.push_back((on == On::one ? first : last) - sealed_ids_.at(id));
  }
  std::sort(times.begin(), times.end());
  return times;
}

std::vector<Duration> World::times_to_all() const {
  std::vector<Duration> times;
  for (const Payment& payment : paid_) {
    Duration last = Duration::max();
    if (payment.seen.size() == nodes_.size()) {
      last = Duration{0};
      for (const auto& [node, time] : payment.seen) {
        last = std::max(last, time - payment.acknowledged);
      }
    }
    times.push_back(last);
  }
  std::sort(times.begin(), times.end());
  return times;
}

bool World::is_settled(NodeIndex index, const TxId& id) const {
  const auto snapshot = must(nodes_[index].replica->chain().reader().snapshot());
  return must(snapshot->tx(id)).has_value();
}

void World::check_chain(NodeIndex index) const {
  const Chain& chain = nodes_[index].replica->chain();
  const auto snapshot = must(chain.reader().snapshot());
  State state = State::of(genesis_);
  Parent parent{genesis_tip(params_), {}};
  std::set<TxId> included;
  for (Height height = 1; height <= chain.head().height; ++height) {
    const auto block = must(snapshot->block(height));
    if (!block) throw std::logic_error("a block is missing");
    const CheckedBlock checked = must(CheckedBlock::check(params_, *block));
    must(apply_block(params_, parent, state, checked));
    parent.advance(checked.header(), state.authorities().size());
    for (const CheckedTx& tx : checked.txs) {
      if (!included.insert(tx.id()).second) throw std::logic_error("a payment is included twice");
    }
  }
  if (parent.tip != chain.head()) throw std::logic_error("the head is not the last block");
  if (state.root() != chain.state().root())
    throw std::logic_error("re-execution gives another state");
  std::uint64_t supply = 0;
  for (const auto& allocation : genesis_.allocations)
    supply += state.at(allocation.address).balance.units();
  for (const PublicKey& key : genesis_.authorities) {
    supply += state.at(address_of(Policy::single(key))).balance.units();
  }
  if (supply != supply_of(genesis_).units()) throw std::logic_error("the supply changed");
  for (const Payment& payment : paid_) {
    if (payment.through != index || included.contains(payment.id)) continue;
    const bool pending = chain.mempool().find(payment.id) != nullptr;
    if (!pending && !must(snapshot->replaced(payment.id))) {
      throw std::logic_error("an acknowledged payment is lost: " + payment.id.hex());
    }
  }
}

void World::check_final(NodeIndex index) const {
  const Chain& chain = nodes_[index].replica->chain();
  for (Height height = 1; height <= chain.final().height; ++height) {
    if (must(chain.id_at(height)) != finals_.at(height)) {
      throw std::logic_error("a block below the final one is not the one that was made final");
    }
  }
}

void World::check_safety() const {
  for (NodeIndex i = 0; i < nodes_.size(); ++i) {
    if (is_up(i)) check_chain(i);
    if (is_up(i)) check_final(i);
  }
}

}  // namespace aitbc::sim
