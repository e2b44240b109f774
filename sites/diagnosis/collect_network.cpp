// The part of the look that asks the nodes, and looks again.

#include <algorithm>
#include <map>

#include "rpc/client.hpp"
#include "rpc/json.hpp"
#include "sites/diagnosis/collect.hpp"
#include "sites/parallel.hpp"

namespace aitbc::sites {

namespace {

constexpr Duration asking_patience{2'000};
constexpr Duration doubt_pause{500};
// A peer that was down is asked again only so late; a stall needs each authority's turn to pass.
constexpr Duration doubt_time_min = limits::backoff_max + Duration{2'000};
constexpr std::size_t senders_asked_max = 100;

using BySender = std::map<std::string, WaitingTxs>;

// One row of GET /rpc/mempool. What is not a payment costs its fee.
void take_pending(const rpc::Json& row, BySender& by_sender) {
  auto reader = rpc::ObjectReader::open(row);
  if (!reader) return;
  const auto sender = reader->text("sender", limits::address_bytes_max);
  const auto nonce = reader->integer("nonce");
  const auto fee = reader->integer("fee");
  if (!sender || !nonce || !fee) return;
  const auto amount = reader->optional_integer("amount");
  const std::uint64_t cost = *fee + (amount ? amount->value_or(0) : 0);
  const auto known = by_sender.find(*sender);
  if (known == by_sender.end()) {
    WaitingTxs txs;
    txs.sender = *sender;
    txs.count = 1;
    txs.lowest = *nonce;
    txs.cost = cost;
    by_sender.emplace(*sender, std::move(txs));
    return;
  }
  WaitingTxs& txs = known->second;
  ++txs.count;
  if (*nonce < txs.lowest) {
    txs.lowest = *nonce;
    txs.cost = cost;
  }
}

Result<std::vector<WaitingTxs>> waiting_at(rpc::Client& client) {
  AITBC_TRY_ASSIGN(const std::string body,
                   client.get("/rpc/mempool?limit=" + std::to_string(limits::page_items_max)));
  AITBC_TRY_ASSIGN(const rpc::Json document, rpc::parse_json(body));
  const auto rows = document.find("transactions");
  BySender by_sender;
  if (rows != document.end() && rows->is_array()) {
    for (const rpc::Json& row : *rows) take_pending(row, by_sender);
  }
  std::vector<WaitingTxs> waiting;
  for (auto& entry : by_sender) {
    if (waiting.size() == senders_asked_max) break;
    const auto address = parse_address(entry.first);
    if (!address) continue;
    AITBC_TRY_ASSIGN(const auto view, client.account(*address));
    entry.second.next = view.account.nonce;
    entry.second.balance = view.account.balance.units();
    waiting.push_back(std::move(entry.second));
  }
  return waiting;
}

// What only this question tells; a node that does not answer it has been seen not to.
void ask_more(const Network& network, NodeSymptoms& node, std::vector<WaitingTxs>& waiting) {
  const NodeStatus& answer = *node.report.answer;
  if (answer.evidence == 0 && answer.mempool_txs == 0) return;
  auto client = network.client_of(node.report.url, asking_patience);
  if (!client) return;
  if (answer.evidence > 0) {
    if (const auto said = client->sync({})) {
      for (const Evidence& each : said->evidence) node.proven.push_back(each.key());
    }
  }
  if (answer.mempool_txs == 0) return;
  auto found = waiting_at(*client);
  if (!found) return;
  waiting = std::move(*found);
  for (WaitingTxs& txs : waiting) txs.node = node.report.node;
}

std::size_t whole_seconds(Duration time) {
  return static_cast<std::size_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

Duration doubt_time(const Manifest& manifest) {
  // Each has its turn, and those who just sealed must wait for one more.
  const auto turns = static_cast<int>(manifest.authority_count() + 2);
  Duration time = manifest.features.block_interval * turns;
  if (manifest.features.poll_only) time += manifest.features.sync_interval;
  return std::max(time, doubt_time_min);
}

}  // namespace

Result<Symptoms> look_at_network(Network& network, Clock& clock, Symptoms symptoms) {
  look_at_processes(network, symptoms);
  AITBC_TRY_ASSIGN(NetworkStatus status, network.status(2 * asking_patience));
  AITBC_CHECK(status.nodes.size() == symptoms.nodes.size());
  symptoms.network_asked = true;
  symptoms.best = status.best;
  symptoms.waiting.clear();
  for (std::size_t i = 0; i < status.nodes.size(); ++i) {
    symptoms.nodes[i].report = std::move(status.nodes[i]);
    symptoms.nodes[i].proven.clear();
  }
  std::vector<std::vector<WaitingTxs>> waiting(symptoms.nodes.size());
  at_once(symptoms.nodes.size(), [&](std::size_t i) {
    if (symptoms.nodes[i].report.answer) ask_more(network, symptoms.nodes[i], waiting[i]);
  });
  for (const auto& of_node : waiting) {
    symptoms.waiting.insert(symptoms.waiting.end(), of_node.begin(), of_node.end());
  }
  LocalTransport files(clock);
  symptoms.healings = Healings(network.layout(), files).all();
  return symptoms;
}

Result<std::vector<Diagnosis>> find_reasons(Network& network, Clock& clock,
                                            const OnProgress& progress) {
  const Symptoms machines = look_at_machines(network);
  AITBC_TRY_ASSIGN(const Symptoms first, look_at_network(network, clock, machines));
  std::vector<Diagnosis> found = diagnose(first);
  const Time begun = clock.now();
  const Duration patience = doubt_time(network.manifest());
  while (is_doubtful(found) && clock.now() < begun + patience) {
    progress({"seconds looked whether it passes", whole_seconds(clock.now() - begun),
              whole_seconds(patience)});
    clock.sleep_until(clock.now() + doubt_pause);
    AITBC_TRY_ASSIGN(const Symptoms now, look_at_network(network, clock, machines));
    found = persisting(found, diagnose(now));
  }
  return found;
}

}  // namespace aitbc::sites
