#include "cli/load.hpp"

#include <algorithm>

#include "chain/core/limits.hpp"

namespace aitbc::cli {

namespace {

constexpr rpc::Client::Limits lane_limits{.connect = Duration{2'000}, .total = Duration{30'000}};
constexpr Duration again_pause{50};             // a node that is busy is left alone for so long
constexpr Duration again_max{30'000};           // after the end, for what was put off
constexpr std::uint64_t ahead_max = 1'000'000;  // some 300 bytes each
constexpr std::uint64_t batches_a_second = 10;  // at least, of a lane that keeps a rate

// What passes by waiting.
bool passes(const Error& failure) {
  const Category kind = category(failure.code);
  return kind == Category::busy || kind == Category::early || kind == Category::unreachable;
}

}  // namespace

LoadAccount::LoadAccount(KeyPair pair)
    : key(std::move(pair)), policy(Policy::single(key.public_key())), address(address_of(policy)) {}

SignedTx LoadAccount::pay(const Params& params, Nonce nonce, const Address& to,
                          Amount amount) const {
  Tx body;
  body.from = address;
  body.nonce = nonce;
  body.fee = params.fee_min;
  body.payload = Transfer{to, amount};
  const KeyPair* const keys[] = {&key};
  auto tx = sign(params.genesis_hash, std::move(body), policy, keys);
  AITBC_CHECK(tx.has_value());
  return *std::move(tx);
}

Load::Load(const Params& params, std::vector<NodeAddress> nodes, std::vector<LoadAccount> accounts,
           const LoadPlan& plan)
    : params_(params), plan_(plan), accounts_(std::move(accounts)) {
  const std::size_t count = nodes.size() * plan_.connections;
  AITBC_CHECK(count > 0 && accounts_.size() >= count && plan_.batch > 0);
  for (std::size_t i = 0; i < count; ++i) {
    Lane& lane = lanes_.emplace_back();
    lane.node = nodes[i % nodes.size()];
    lane.quota = plan_.payments / count + (i < plan_.payments % count ? 1 : 0);
  }
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    Lane& lane = lanes_[i % count];
    places_.emplace(accounts_[i].address, Place{i % count, lane.accounts.size()});
    lane.accounts.push_back(i);
  }
}

Load::~Load() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

// ---- making -------------------------------------------------------------------------------------

// Each pays one unit to the next of its lane, so that money goes round and only fees are spent.
SignedTx Load::make(Lane& lane) {
  const std::uint64_t number = lane.made++;
  const std::size_t count = lane.accounts.size();
  const LoadAccount& from = accounts_[lane.accounts[number % count]];
  const LoadAccount& to = accounts_[lane.accounts[(number + 1) % count]];
  return from.pay(params_, from.first + number / count, to.address, *Amount::from(1));
}

void Load::sign_ahead() {
  const std::uint64_t share = ahead_max / lanes_.size();
  std::atomic<std::size_t> next = 0;
  std::vector<std::jthread> signers;
  for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    signers.emplace_back([&] {
      for (std::size_t at = next++; at < lanes_.size(); at = next++) {
        Lane& lane = lanes_[at];
        while (lane.made < std::min(lane.quota, share)) lane.ahead.push_back(make(lane));
      }
    });
  }
}

// ---- sending ------------------------------------------------------------------------------------

// A lane that keeps a rate sends small batches often, so that the load is even.
std::size_t Load::batch_max() const {
  if (plan_.per_second == 0) return plan_.batch;
  const std::uint64_t even = plan_.per_second / lanes_.size() / batches_a_second;
  return std::clamp<std::uint64_t>(even, 1, plan_.batch);
}

// Of the lane's next payment, after `sent` of them. Lanes take turns.
LoadTime Load::due(std::size_t lane, std::uint64_t sent) const {
  if (plan_.per_second == 0) return begun_;
  const auto before = static_cast<double>(sent * lanes_.size() + lane * batch_max());
  const std::chrono::duration<double> after(before / static_cast<double>(plan_.per_second));
  return begun_ + std::chrono::duration_cast<LoadTime::duration>(after);
}

void Load::start() {
  begun_ = LoadTime::clock::now();
  end_ = begun_ + plan_.lasts;
  patience_end_ = end_ + again_max;
  running_ = lanes_.size();
  for (std::size_t i = 0; i < lanes_.size(); ++i) threads_.emplace_back(&Load::drive, this, i);
}

void Load::tell_final(std::uint64_t payments) {
  {
    const MutexLock lock(mutex_);
    final_ = payments;
  }
  changed_.notify_all();
}

// How many of `count` may be sent now: none once the time is over.
std::size_t Load::wait_for_turn(std::size_t count, LoadTime due) {
  const auto is_before = [](LoadTime time) { return LoadTime::clock::now() < time; };
  const MutexLock lock(mutex_);
  if (due >= end_) return 0;
  while (!ending_ && is_before(due)) changed_.wait_until(mutex_, due);
  while (!ending_ && is_before(end_) && sent_ >= final_ + plan_.waiting_max) {
    changed_.wait_until(mutex_, end_);
  }
  if (ending_ || !is_before(end_)) return 0;
  sent_ += count;
  return count;
}

// False when it is over.
bool Load::pause() {
  const auto until = LoadTime::clock::now() + again_pause;
  const MutexLock lock(mutex_);
  while (!ending_ && changed_.wait_until(mutex_, until) == std::cv_status::no_timeout) {
  }
  return !ending_ && until < patience_end_;
}

void Load::fill(Lane& lane, Batch& batch, std::size_t count, LoadTime sent) {
  for (std::size_t i = 0; i < count; ++i) {
    if (lane.ahead.empty()) lane.ahead.push_back(make(lane));
    batch.txs.push_back(std::move(lane.ahead.front()));
    lane.ahead.pop_front();
    batch.places.push_back(lane.sent.size());
    lane.sent.push_back({sent, {}, 0});
  }
}

// Keeps in the batch what was put off. The error of what does not pass by waiting.
Status Load::exchange(Lane& lane, rpc::Client& client, Batch& batch) {
  const auto answers = client.submit_all(batch.txs);
  const LoadTime now = LoadTime::clock::now();
  if (!answers) {
    ++lane.put_off[answers.error().code];
    return passes(answers.error()) ? ok() : answers.error();
  }
  Batch again;
  for (std::size_t i = 0; i < batch.txs.size(); ++i) {
    const auto& answer = (*answers)[i];
    if (answer) {
      lane.sent[batch.places[i]].answered = now;
      ++taken_;
      continue;
    }
    ++lane.put_off[answer.error().code];
    if (!passes(answer.error())) return answer.error();
    again.txs.push_back(std::move(batch.txs[i]));
    again.places.push_back(batch.places[i]);
  }
  batch = std::move(again);
  return ok();
}

void Load::drive(std::size_t number) {
  Lane& lane = lanes_[number];
  auto client = lane.node.open(lane_limits);
  Batch batch;
  lane.outcome = client ? ok() : client.error();
  while (lane.outcome) {
    // What was put off goes first, so that nonces stay in order and none is left out at the end.
    const bool again = !batch.txs.empty();
    if (again && !pause()) break;
    if (!again) {
      const auto left = static_cast<std::size_t>(lane.quota - lane.sent.size());
      if (left == 0) break;
      const LoadTime when = due(number, lane.sent.size());
      const std::size_t count = wait_for_turn(std::min(batch_max(), left), when);
      if (count == 0) break;
      // Of a rate, since it was due: a node that is slow to answer delays what comes after.
      fill(lane, batch, count, plan_.per_second == 0 ? LoadTime::clock::now() : when);
    }
    lane.outcome = exchange(lane, *client, batch);
  }
  --running_;
}

// ---- what became of them ------------------------------------------------------------------------

Status Load::outcome() const {
  for (const Lane& lane : lanes_) {
    if (lane.outcome) continue;
    const Error& failure = lane.outcome.error();
    return error(failure.code, "node " + lane.node.id + ": " + failure.detail);
  }
  return ok();
}

std::map<Errc, std::uint64_t> Load::put_off() const {
  std::map<Errc, std::uint64_t> sum;
  for (const Lane& lane : lanes_) {
    for (const auto& [code, count] : lane.put_off) sum[code] += count;
  }
  return sum;
}

std::size_t Load::settle(const Block& block) {
  std::size_t count = 0;
  blocks_.push_back(tip_of(block.header()));
  for (const SignedTx& tx : block.txs) {
    const auto found = places_.find(tx.body.from);
    if (found == places_.end()) continue;
    Lane& lane = lanes_[found->second.lane];
    const std::size_t accounts = lane.accounts.size();
    const Nonce first = accounts_[lane.accounts[found->second.position]].first;
    if (tx.body.nonce < first) continue;
    const std::uint64_t place = (tx.body.nonce - first) * accounts + found->second.position;
    if (place >= lane.sent.size()) continue;
    lane.sent[place].block = static_cast<std::uint32_t>(blocks_.size());
    ++count;
  }
  return count;
}

std::vector<PaymentTimes> Load::payments(std::span<const NodeSight> nodes) const {
  std::vector<Reached> reached_by_block(1);
  for (const Tip& block : blocks_) reached_by_block.push_back(reached(block, nodes));
  std::vector<PaymentTimes> times;
  for (const Lane& lane : lanes_) {
    for (const Sent& sent : lane.sent) {
      if (sent.answered == LoadTime{}) continue;
      times.push_back({sent.sent, sent.answered, reached_by_block[sent.block]});
    }
  }
  return times;
}

}  // namespace aitbc::cli
