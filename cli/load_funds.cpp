#include "cli/load_funds.hpp"

#include <algorithm>

#include "cli/nonce_memory.hpp"
#include "cli/running.hpp"

namespace aitbc::cli {

namespace {

constexpr Duration settle_time_max{60'000};
constexpr Duration settle_pause{50};
constexpr std::size_t funded_at_once = limits::nonce_gap_max;  // all wait for the first one

struct Lack {
  Address address;
  Amount amount;
};

Seed seed_of(std::size_t account) {
  return Seed(hash("aitbc/bench/1", {as_bytes(std::to_string(account))}).data);
}

// All on one head, with nothing that waits for a block.
Outcome<bool> is_settled(std::vector<rpc::Client>& clients) {
  std::optional<Tip> head;
  for (rpc::Client& client : clients) {
    AITBC_TRY_ASSIGN(const NodeStatus status, asked(client.network()));
    if (status.mempool_txs > 0 || (head && status.head != *head)) return false;
    head = status.head;
  }
  return true;
}

Outcome<Done> wait_until_settled(Invocation& invocation, std::vector<rpc::Client>& clients) {
  const Time end = invocation.clock.now() + settle_time_max;
  while (true) {
    AITBC_TRY_ASSIGN(const bool settled, is_settled(clients));
    if (settled) return Done{};
    if (invocation.clock.now() >= end) {
      return error(Errc::timeout, "the nodes are not on one head with all payments in blocks");
    }
    invocation.clock.sleep_until(invocation.clock.now() + settle_pause);
  }
}

// Also finds out where each account's nonces begin.
Outcome<std::vector<Lack>> lacks_of(rpc::Client& client, std::vector<LoadAccount>& accounts,
                                    Amount each) {
  std::vector<Lack> lacks;
  for (LoadAccount& account : accounts) {
    AITBC_TRY_ASSIGN(const auto view, asked(client.account(account.address)));
    account.first = view.next_nonce;
    if (const auto lack = each.minus(view.account.balance); lack && *lack != Amount{}) {
      lacks.push_back({account.address, *lack});
    }
  }
  return lacks;
}

Outcome<Done> pay_all(Invocation& invocation, rpc::Client& client, const Params& params,
                      const LoadAccount& faucet, std::span<const Lack> lacks) {
  AITBC_TRY_ASSIGN(auto memory, NonceMemory::open(invocation, params.genesis_hash, faucet.address));
  AITBC_TRY_ASSIGN(const auto view, asked(client.account(faucet.address)));
  Nonce nonce = std::max(view.next_nonce, memory.next());
  std::vector<SignedTx> txs;
  for (const Lack& lack : lacks) {
    txs.push_back(faucet.pay(params, nonce++, lack.address, lack.amount));
  }
  AITBC_TRY_ASSIGN(const auto answers, asked(client.submit_all(txs)));
  for (const auto& answer : answers) {
    if (!answer) return Failure{answer.error(), Origin::node};
  }
  AITBC_TRY(memory.used(nonce - 1));
  return Done{};
}

}  // namespace

Outcome<std::vector<LoadAccount>> funded_accounts(Invocation& invocation,
                                                  const std::vector<NodeAddress>& nodes,
                                                  const Params& params, std::size_t count,
                                                  Amount each) {
  std::vector<rpc::Client> clients;
  for (const NodeAddress& node : nodes) {
    AITBC_TRY_ASSIGN(rpc::Client client, node.open());
    clients.push_back(std::move(client));
  }
  std::vector<LoadAccount> accounts;
  for (std::size_t i = 0; i < count; ++i) accounts.emplace_back(KeyPair(seed_of(i)));
  AITBC_TRY_ASSIGN(KeyPair faucet_pair, faucet_key(invocation));
  const LoadAccount faucet(std::move(faucet_pair));
  Progress progress = invocation.progress();
  while (true) {
    AITBC_TRY(wait_until_settled(invocation, clients));
    AITBC_TRY_ASSIGN(const auto lacks, lacks_of(clients.front(), accounts, each));
    progress.step("accounts have what they need", count - lacks.size(), count);
    if (lacks.empty()) return accounts;
    const auto some = std::span(lacks).first(std::min<std::size_t>(lacks.size(), funded_at_once));
    AITBC_TRY(pay_all(invocation, clients.front(), params, faucet, some));
  }
}

}  // namespace aitbc::cli
