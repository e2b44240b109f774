// The part of World between the nodes: links, requests and their answers.

#include <algorithm>

#include "sync/sim/world.hpp"

namespace aitbc::sim {

namespace {

// That whoever gets the answer checks.
struct Signatures {
  std::size_t operator()(const sync::Heard& heard) const {
    return heard.answer.votes.size() + heard.txs.size() + (*this)(heard.blocks);
  }
  std::size_t operator()(const std::vector<SealedHeader>&) const { return 0; }
  std::size_t operator()(const std::vector<CheckedBlock>& blocks) const {
    std::size_t count = blocks.size();
    for (const CheckedBlock& block : blocks) count += block.txs.size();
    return count;
  }
  std::size_t operator()(const std::vector<CheckedTx>& txs) const { return txs.size(); }
};

std::size_t signatures_of(const Result<sync::Reply>& reply) {
  return reply ? std::visit(Signatures(), *reply) : 0;
}

}  // namespace

void World::add_rule(NodeIndex from, NodeIndex to, const LinkRule& rule, Time until) {
  rules_.push_back({from, to, rule, until});
}

LinkRule World::rule_of(NodeIndex from, NodeIndex to) {
  LinkRule rule = setup_.links;
  if (setup_.way) rule.delay += setup_.way(from, to);
  if (groups_[from] != groups_[to]) rule.cut = true;
  std::erase_if(rules_, [this](const TimedRule& each) { return each.until <= now(); });
  for (const TimedRule& each : rules_) {
    if (each.from == from && each.to == to) rule = rule + each.rule;
  }
  return rule;
}

template <class Message>
void World::carry(NodeIndex from, NodeIndex to, const Message& message,
                  const std::function<void()>& arrive) {
  ++messages_;
  const LinkRule rule = rule_of(from, to);
  const bool counts = rule.bytes_per_second > 0 || setup_.way;
  const std::size_t bytes = counts ? sync::bytes_of(message) : 0;
  bytes_ += bytes;
  const auto arrivals = links_[from * nodes_.size() + to].carry(rule, rng_, now(), bytes);
  if (arrivals.empty()) ++lost_;
  for (const Duration arrival : arrivals) scheduler_.after(arrival, arrive);
}

// Each request is answered or fails exactly once, as the agent's carriers do it: what is lost comes
// back as a timeout.
void World::transmit(NodeIndex from, const sync::Send& send) {
  const NodeIndex to = std::stoul(send.to);
  const std::uint64_t life = nodes_[from].starts;
  const auto reply = [this, from, life, id = send.id](const Answer& answer) {
    if (nodes_[from].starts != life) return;
    charge(from, signatures_of(*answer));
    on_node(from, [this, from, id, answer] {
      return nodes_[from].replica->on_reply(id, *answer, local(from));
    });
  };
  const auto failed = [](Errc code, const char* what) {
    return std::make_shared<const Result<sync::Reply>>(error(code, what));
  };
  if (rule_of(from, to).cut || rule_of(to, from).cut) {
    ++lost_;
    scheduler_.after(limits::connect_time_max, [reply, failed] {
      reply(failed(Errc::unreachable, "simulated: no connection"));
    });
    return;
  }
  scheduler_.after(sync::patience_of(send.request), [reply, failed] {
    reply(failed(Errc::timeout, "simulated: no answer in time"));
  });
  carry(from, to, send.request, [this, from, to, reply, failed, what = send.request] {
    if (!nodes_[to].replica) {
      reply(failed(Errc::unreachable, "simulated: connection refused"));
      return;
    }
    serve(to, what, [this, from, to, reply](const Answer& answer) {
      charge(to, 0);
      carry(to, from, *answer, [reply, answer] { reply(answer); });
    });
  });
}

void World::serve(NodeIndex index, const sync::Request& request, Answered answer) {
  Node& node = nodes_[index];
  const std::uint64_t life = node.starts;
  if (node.busy_until > now()) {
    scheduler_.at(node.busy_until, [this, index, life, request, answer = std::move(answer)] {
      if (nodes_[index].replica && nodes_[index].starts == life) serve(index, request, answer);
    });
    return;
  }
  const auto* query = std::get_if<SyncQuery>(&request);
  if (query == nullptr) {
    answer(std::make_shared<const Result<sync::Reply>>(read(index, request)));
    return;
  }
  if (query->wait == Duration{0} || has_news(index, *query)) {
    answer(answer_now(index, *query, Duration{0}));
    return;
  }
  const Time until = now() + query->wait;
  node.waiting.push_back({*query, now(), until, std::move(answer)});
  scheduler_.at(until, [this, index, life] {
    if (nodes_[index].starts == life) wake(index);
  });
}

bool World::has_news(NodeIndex index, const SyncQuery& query) const {
  const Node& node = nodes_[index];
  return node.askers.has_news(query, instance_of(index),
                              node.replica->chain().mempool().last_sequence());
}

World::Answer World::answer_now(NodeIndex index, SyncQuery query, Duration held) {
  Node& node = nodes_[index];
  query.cursor = node.askers.release(query, instance_of(index),
                                     node.replica->chain().mempool().last_sequence());
  SyncAnswer answer = node.replica->answer(query, local(index));
  answer.held = held;
  const auto& lie = nodes_[index].lie;
  if (lie) sync::lie(*lie, answer);
  std::vector<SignedVote> fresh;
  auto heard = notary_.hear(std::move(answer), fresh);
  for (const SignedVote& vote : fresh) observer_.voted(vote, now());
  if (!heard) return std::make_shared<const Result<sync::Reply>>(heard.error());
  return std::make_shared<const Result<sync::Reply>>(sync::Reply(std::move(*heard)));
}

Result<sync::Reply> World::read(NodeIndex index, const sync::Request& request) {
  const Chain& chain = nodes_[index].replica->chain();
  const auto& lie = nodes_[index].lie;
  AITBC_TRY_ASSIGN(const auto snapshot, chain.reader().snapshot());
  if (const auto* asked = std::get_if<sync::GetHeaders>(&request)) {
    AITBC_TRY_ASSIGN(auto headers, snapshot->headers(asked->from, asked->limit));
    if (lie) sync::lie(*lie, chain.head(), headers);
    return sync::Reply(std::move(headers));
  }
  if (const auto* asked = std::get_if<sync::GetBlocks>(&request)) {
    AITBC_TRY_ASSIGN(auto blocks,
                     snapshot->blocks(asked->from, asked->limit, limits::range_bytes_max));
    if (lie) sync::lie(*lie, chain.head(), blocks);
    AITBC_TRY_ASSIGN(auto checked, notary_.blocks(blocks));
    return sync::Reply(std::move(checked));
  }
  std::vector<SignedTx> txs;
  for (const TxId& id : std::get<sync::GetTxs>(request).ids) {
    if (const auto* entry = chain.mempool().find(id)) txs.push_back(entry->tx.signed_tx());
  }
  if (lie) sync::lie(*lie, txs);
  std::vector<CheckedTx> checked;
  for (const SignedTx& tx : txs) {
    AITBC_TRY_ASSIGN(CheckedTx next, notary_.tx(tx));
    checked.push_back(std::move(next));
  }
  return sync::Reply(std::move(checked));
}

}  // namespace aitbc::sim
