#include "cli/traffic.hpp"

#include <algorithm>
#include <set>

#include "chain/core/limits.hpp"
#include "cli/payment.hpp"
#include "rpc/json.hpp"

namespace aitbc::cli {

namespace {

constexpr rpc::Client::Limits patience{.connect = Duration{1'000}, .total = Duration{5'000}};
constexpr Duration watch_pause{50};
constexpr std::size_t watched_blocks_max = 64;

Policy policy_of(const KeyPair& key) { return Policy::single(key.public_key()); }

// Of times in any order.
std::optional<Duration> p95(std::vector<Duration> times) {
  if (times.empty()) return std::nullopt;
  std::sort(times.begin(), times.end());
  return times[std::min(times.size() - 1, times.size() * 95 / 100)];
}

// The ids of the losing blocks that a node keeps, and how often it changed branches.
Status ask_forks(const NodeAddress& node, std::set<std::string>& ids, std::uint64_t& reorgs) {
  AITBC_TRY_ASSIGN(rpc::Client client, node.open(patience));
  AITBC_TRY_ASSIGN(const NodeStatus status, client.network());
  reorgs = std::max(reorgs, status.reorgs);
  AITBC_TRY_ASSIGN(const std::string text, client.get("/rpc/forks?limit=1000"));
  AITBC_TRY_ASSIGN(const rpc::Json json, rpc::parse_json(text));
  AITBC_TRY_ASSIGN(rpc::ObjectReader reader, rpc::ObjectReader::open(json));
  AITBC_TRY_ASSIGN(auto blocks, reader.objects("blocks", limits::side_blocks_max));
  for (rpc::ObjectReader& block : blocks) {
    AITBC_TRY_ASSIGN(std::string id, block.text("hash", 2 + 2 * BlockId::size));
    ids.insert(std::move(id));
  }
  return ok();
}

}  // namespace

KeyPair traffic_key(std::size_t node) {
  const Hash seed = hash("aitbc/scenario-traffic/1", {as_bytes(std::to_string(node))});
  return KeyPair(Seed(seed.data));
}

Address traffic_address(std::size_t node) { return address_of(policy_of(traffic_key(node))); }

Traffic::Traffic(const Params& params, std::vector<NodeAddress> nodes) : params_(params) {
  for (NodeAddress& node : nodes) {
    KeyPair key = traffic_key(lanes_.size());
    lanes_.push_back({std::move(node), std::move(key), {}, 0});
  }
}

Traffic::~Traffic() {
  stop();
  {
    const std::lock_guard lock(mutex_);
    watching_ = false;
  }
  changed_.notify_all();
  for (std::thread& thread : watchers_) thread.join();
}

// False once the flag has been taken away.
bool Traffic::pause(bool& flag, Clock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [&] { return !flag; });
  return flag;
}

// ---- paying -------------------------------------------------------------------------------------

void Traffic::start(const TrafficPlan& plan) {
  stop();
  paying_ = true;
  std::vector<Lane*> chosen;
  for (Lane& lane : lanes_) {
    const auto& through = plan.through;
    const bool wanted =
        through.empty() || std::find(through.begin(), through.end(), lane.node.id) != through.end();
    if (wanted) chosen.push_back(&lane);
  }
  const auto now = Clock::now();
  const auto lanes = static_cast<Duration::rep>(chosen.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    payers_.emplace_back(&Traffic::drive, this, std::ref(*chosen[i]),
                         now + plan.every * static_cast<Duration::rep>(i), plan.every * lanes);
  }
}

void Traffic::stop() {
  {
    const std::lock_guard lock(mutex_);
    paying_ = false;
  }
  changed_.notify_all();
  for (std::thread& thread : payers_) thread.join();
  payers_.clear();
}

void Traffic::drive(Lane& lane, Clock::time_point first, Duration every) {
  auto client = lane.node.open(patience);
  if (!client) return;
  // A node that does not answer costs its own lane some payments and no other lane any.
  for (auto due = first; pause(paying_, due); due = std::max(due + every, Clock::now())) {
    pay(lane, *client);
  }
}

Status Traffic::submit(Lane& lane, rpc::Client& client, TxId& id) {
  if (!lane.next) {
    AITBC_TRY_ASSIGN(const auto account, client.account(address_of(policy_of(lane.key))));
    lane.next = account.next_nonce;
  }
  Tx body;
  body.from = address_of(policy_of(lane.key));
  body.nonce = *lane.next;
  body.fee = params_.fee_min;
  const std::size_t to = static_cast<std::size_t>(&lane - lanes_.data() + 1) % lanes_.size();
  lane.amount = lane.amount % 50 + 1;
  body.payload =
      Transfer{address_of(policy_of(lanes_[to].key)), Amount::from(lane.amount).value_or(Amount{})};
  const KeyPair* const keys[] = {&lane.key};
  AITBC_TRY_ASSIGN(const SignedTx tx, sign(params_.genesis_hash, body, policy_of(lane.key), keys));
  AITBC_TRY_ASSIGN(id, client.submit(tx));
  ++*lane.next;
  return ok();
}

void Traffic::pay(Lane& lane, rpc::Client& client) {
  TxId id;
  const Status taken = submit(lane, client, id);
  const std::lock_guard lock(mutex_);
  if (taken && sent_.size() < limits::scenario_txs_max) {
    sent_.emplace(id, Sent{lane.node.id, Clock::now(), {}, {}});
  } else if (!taken) {
    // Whether it has the payment after all, it will say itself.
    lane.next.reset();
    ++refused_;
    refusal_ = lane.node.id + ": " + taken.error().detail;
  }
}

std::string Traffic::acknowledged() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [id, sent] : sent_) text += hash_text(id) + " " + sent.through + "\n";
  return text;
}

// ---- watching -----------------------------------------------------------------------------------

void Traffic::watch() {
  if (watching_) return;
  watching_ = true;
  for (const Lane& lane : lanes_) {
    watchers_.emplace_back(&Traffic::follow, this, std::cref(lane.node));
  }
}

void Traffic::follow(const NodeAddress& node) {
  auto client = node.open(patience);
  if (!client) return;
  Sight sight;
  while (pause(watching_, Clock::now() + watch_pause)) {
    // What it does not answer now it answers the next time.
    static_cast<void>(look(node, *client, sight));
  }
}

Status Traffic::look(const NodeAddress& node, rpc::Client& client, Sight& sight) {
  AITBC_TRY_ASSIGN(const NodeStatus status, client.network());
  const auto now = Clock::now();
  if (status.head != sight.head) {
    std::map<Height, std::vector<TxId>> open;
    for (Height height = sight.final + 1; height <= status.head.height;) {
      AITBC_TRY_ASSIGN(const auto blocks, client.blocks(height, watched_blocks_max));
      if (blocks.empty()) break;
      for (const Block& block : blocks) {
        for (const SignedTx& tx : block.txs) {
          open[height].push_back(id_of(params_.genesis_hash, tx.body));
        }
        ++height;
      }
    }
    sight.open = std::move(open);
    sight.head = status.head;
  }
  const std::lock_guard lock(mutex_);
  reorgs_[node.id] = std::max(reorgs_[node.id], status.reorgs);
  for (const auto& [height, ids] : sight.open) {
    for (const TxId& id : ids) {
      const auto found = sent_.find(id);
      if (found == sent_.end()) continue;
      found->second.included.emplace(node.id, now);
      if (height <= status.final.height) found->second.final.emplace(node.id, now);
    }
  }
  // A payment may be in a block before its acknowledgement is here: some final blocks are kept.
  const Height final = status.final.height;
  sight.final = final > watched_blocks_max ? final - watched_blocks_max : 0;
  return ok();
}

Figures Traffic::figures() const {
  Figures figures;
  std::set<std::string> orphans;
  std::map<std::string, std::uint64_t> reorgs;
  for (const Lane& lane : lanes_) {
    static_cast<void>(ask_forks(lane.node, orphans, reorgs[lane.node.id]));
  }
  figures.orphans = orphans.size();
  const std::lock_guard lock(mutex_);
  figures.acknowledged = sent_.size();
  figures.refused = refused_;
  figures.refusal = refusal_;
  // A restarted node counts from 0: what it had said before is remembered where it is watched.
  for (const auto& [node, count] : reorgs_) reorgs[node] = std::max(reorgs[node], count);
  for (const auto& [node, count] : reorgs) figures.reorgs += count;
  std::vector<Duration> included, final;
  const auto add = [&](std::vector<Duration>& times, const Sent& sent, const auto& by_node) {
    if (by_node.size() < lanes_.size()) return false;
    auto last = sent.acknowledged;
    for (const auto& [node, time] : by_node) last = std::max(last, time);
    times.push_back(std::chrono::duration_cast<Duration>(last - sent.acknowledged));
    return true;
  };
  for (const auto& [id, sent] : sent_) {
    add(included, sent, sent.included);
    if (!add(final, sent, sent.final)) ++figures.waiting;
  }
  figures.included_p95 = p95(std::move(included));
  figures.final_p95 = p95(std::move(final));
  return figures;
}

}  // namespace aitbc::cli
