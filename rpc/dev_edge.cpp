#include "rpc/dev_edge.hpp"

#include <algorithm>

#include "chain/core/dev_account.hpp"

namespace aitbc::rpc {

namespace {

constexpr std::uint64_t grant_part = 1'000;  // of what the faucet has
constexpr std::size_t nonces_tried_max = 3;
constexpr std::size_t gifts_max = 3;  // tries, if another node's faucet is faster

Status check_devnet(const Params& params) {
  if (params.devnet) return ok();
  return error(Errc::not_devnet,
               "expected a signed transaction: names and faucets are for devnets, " +
                   params.chain_id + " is none");
}

Tx body_of(const DevEdge::Payment& payment) {
  return {{}, payment.nonce, payment.fee, payment.payload};
}

Hash identity(const Params& params, const DevEdge::Payment& payment) {
  const TxId asked = id_of(params.genesis_hash, body_of(payment));
  return hash("aitbc/dev-request/1", {as_bytes(payment.sender), asked.view()});
}

}  // namespace

DevEdge::DevEdge(Node& node, std::optional<KeyPair> faucet)
    : node_(node), faucet_(std::move(faucet)) {}

std::optional<Address> DevEdge::faucet() const {
  if (!faucet_) return std::nullopt;
  return address_of(Policy::single(faucet_->public_key()));
}

Result<TxId> DevEdge::submit(CheckedTx tx) {
  AITBC_TRY_ASSIGN(auto answers, wait_for<TxAnswers>([&](Tell<TxAnswers> tell) {
                     node_.submit_all({std::move(tx)}, std::move(tell));
                   }));
  return std::move(answers.front());
}

Result<TxId> DevEdge::sign_and_submit(const KeyPair& key, const Payload& payload, Amount fee) {
  const Params& params = node_.params();
  const Policy policy = Policy::single(key.public_key());
  Tx tx;
  tx.from = address_of(policy);
  tx.fee = fee;
  tx.payload = payload;
  const KeyPair* const keys[] = {&key};
  const MutexLock lock(signing_);
  for (std::size_t tries = 1;; ++tries) {
    AITBC_TRY_ASSIGN(tx.nonce, wait_for<Nonce>([&](Tell<Nonce> tell) {
                       node_.next_nonce(tx.from, std::move(tell));
                     }));
    AITBC_TRY_ASSIGN(const SignedTx signed_tx, sign(params.genesis_hash, tx, policy, keys));
    AITBC_TRY_ASSIGN(CheckedTx checked, node_.verifier().tx(signed_tx));
    auto sent = submit(std::move(checked));
    // Another node signed the same for somebody else, and its payment has just come.
    const bool taken = !sent && sent.error().code == Errc::duplicate;
    if (!taken || tries == nonces_tried_max) return sent;
  }
}

Result<TxId> DevEdge::pay(const Payment& payment) {
  AITBC_TRY(check_devnet(node_.params()));
  if (!is_dev_name(payment.sender)) {
    return error(Errc::bad_address,
                 "sender: expected a name of letters, digits, '.', '_' and '-'; "
                 "for an address of its own send policy and signatures");
  }
  const Hash request = identity(node_.params(), payment);
  if (const auto id = known(request)) return *id;
  const KeyPair key = dev_key(payment.sender);
  const auto send = [&] { return sign_and_submit(key, payment.payload, payment.fee); };
  auto sent = send();
  if (!sent && sent.error().code == Errc::insufficient_balance && faucet_) {
    AITBC_TRY_ASSIGN(const Amount gift, gift_for(payment));
    AITBC_TRY(give(address_of(Policy::single(key.public_key())), gift));
    sent = send();
  }
  if (sent) remember(request, *sent);
  return sent;
}

// What it lacks, and something for the next payments: a faucet that has little gives little.
Result<Amount> DevEdge::gift_for(const Payment& payment) {
  AITBC_TRY_ASSIGN(const auto snapshot, node_.reader().snapshot());
  AITBC_TRY_ASSIGN(const Account faucet, snapshot->account(*this->faucet()));
  const std::uint64_t more = std::min(limits::dev_grant, faucet.balance.units() / grant_part);
  const auto cost = cost_of(body_of(payment));
  const auto gift = cost ? Amount::from(cost->units() + more) : std::nullopt;
  if (!gift) return error(Errc::bad_amount, "amount and fee: expected less than 2^53 together");
  return *gift;
}

Result<TxId> DevEdge::give(const Address& recipient, Amount amount) {
  AITBC_TRY(check_devnet(node_.params()));
  if (!faucet_) {
    return error(Errc::refused,
                 "faucet: this node has no faucet key (faucet_key of its "
                 "configuration)");
  }
  Status done = ok();
  for (std::size_t i = 0; i < gifts_max; ++i) {
    auto sent = sign_and_submit(*faucet_, Transfer{recipient, amount}, node_.params().fee_min);
    if (!sent) return error(sent.error().code, "faucet: " + sent.error().detail);
    done = await(*sent);
    if (done) return *sent;
    if (done.error().code != Errc::nonce_used) break;
  }
  return error(done.error().code, "faucet: " + done.error().detail);
}

Status DevEdge::await(const TxId& id) {
  SyncQuery query;
  Duration waited{0};
  while (waited < limits::dev_inclusion_time_max) {
    {
      AITBC_TRY_ASSIGN(const auto snapshot, node_.reader().snapshot());
      AITBC_TRY_ASSIGN(const auto included, snapshot->tx(id));
      if (included) return ok();
      AITBC_TRY_ASSIGN(const auto replaced, snapshot->replaced(id));
      if (replaced) {
        return error(Errc::nonce_used, "transaction " + hash_text(id) + " was replaced by " +
                                           hash_text(replaced->by) + "; try again");
      }
    }
    query.wait = std::min<Duration>(limits::dev_inclusion_time_max - waited, limits::poll_interval);
    AITBC_TRY_ASSIGN(
        const SyncAnswer news,
        wait_for<SyncAnswer>([&](Tell<SyncAnswer> tell) { node_.sync(query, std::move(tell)); },
                             query.wait + limits::submit_time_max));
    query.instance = news.instance;
    query.cursor = news.cursor;
    waited += news.held;
  }
  return error(Errc::timeout, "transaction " + hash_text(id) +
                                  " was taken and will not be lost, but is in no block after " +
                                  std::to_string(waited.count()) + " ms");
}

std::optional<TxId> DevEdge::known(const Hash& request) {
  const MutexLock lock(memory_);
  const auto found = requests_.find(request);
  return found == requests_.end() ? std::nullopt : std::optional(found->second);
}

void DevEdge::remember(const Hash& request, const TxId& id) {
  const MutexLock lock(memory_);
  if (!requests_.emplace(request, id).second) return;
  order_.push_back(request);
  if (order_.size() <= limits::dev_requests_max) return;
  requests_.erase(order_.front());
  order_.pop_front();
}

}  // namespace aitbc::rpc
