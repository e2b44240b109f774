#include "tests/http/test_node.hpp"

#include "chain/memory_store.hpp"

namespace aitbc::test {

namespace {

template <class T>
T value_of(Result<T> result) {
  if (!result) check_failed(result.error().detail.c_str(), __FILE__, __LINE__);
  return std::move(result).value();
}

}  // namespace

TestNode::TestNode(const Genesis& genesis, std::unique_ptr<Store> store, Shape shape)
    : genesis_(genesis),
      params_(params_of(genesis)),
      now_(shape.now),
      journal_(Journal::Bounds{.events_max = shape.events_max}),
      chain_(value_of(Chain::open(
          genesis, std::make_unique<JournaledStore>(std::move(store), journal_), shape.mempool))) {
  chain_.on_vote([this](const SignedVote& vote) { journal_.note(VoteEvent{vote}); });
}

void TestNode::import_all(std::span<const Applied> blocks) {
  std::vector<CheckedBlock> branch;
  for (const Applied& applied : blocks) branch.push_back(applied.block);
  value_of(Asking(*this).import(branch));
}

Tip TestNode::head() const {
  const std::lock_guard lock(mutex_);
  return chain_.head();
}

Result<std::unique_ptr<Snapshot>> TestNode::FailingReader::snapshot() {
  if (node_.reader_failure) return *node_.reader_failure;
  return node_.chain_.reader().snapshot();
}

std::shared_ptr<const NodeStatus> TestNode::status() const {
  const std::lock_guard lock(mutex_);
  auto status = std::make_shared<NodeStatus>();
  status->node_id = "node-1";
  status->site = "here";
  status->instance = "0123456789abcdef";
  if (has_authority) status->authority = genesis_.authorities.front();
  status->state = sync_state;
  status->head = chain_.head();
  status->justified = chain_.justified();
  status->final = chain_.final();
  status->state_root = chain_.state().root();
  status->authorities_hash = chain_.state().authorities_hash();
  status->governance = chain_.state().governance();
  status->accounts = chain_.state().accounts();
  status->mempool_txs = chain_.mempool().size();
  status->txs_accepted = chain_.mempool().last_sequence();
  status->blocks_sealed = 3;
  status->reorgs = 1;
  status->reorg_depth_max = 2;
  status->evidence = chain_.evidence().size();
  status->clock_offset = Duration{-300};
  status->started = params_.genesis_time + Duration{1'125};
  PeerStatus known;
  known.url = "http://127.0.0.1:8081";
  known.node_id = "node-2";
  known.state = {SyncState::Kind::ahead, 2, {}};
  known.site = "there";
  known.authority = genesis_.authorities.back();
  known.head = Tip{5, 9, chain_.head().id};
  known.final = chain_.final();
  known.links = {{"node-1", Duration{11}}, {"node-3", {}}};
  known.round_trip = Duration{12};
  known.clock_offset = Duration{-3};
  known.last_answer = params_.genesis_time + Duration{2'000};
  PeerStatus silent;
  silent.url = "http://127.0.0.3:8082";
  silent.last_error = "connection refused";
  for (const std::string& url : peers_) {
    PeerStatus fresh;
    fresh.url = url;
    status->peers.push_back(url == known.url ? known : url == silent.url ? silent : fresh);
  }
  status->faults = faults_;
  return status;
}

template <class Decide>
auto TestNode::decide(const Decide& what) -> decltype(what()) {
  if (failure) return *failure;
  const std::lock_guard lock(mutex_);
  return what();
}

void TestNode::submit_all(std::vector<CheckedTx> txs, rpc::Tell<rpc::TxAnswers> tell) {
  ++submits;
  tell(decide([&]() -> Result<rpc::TxAnswers> {
    auto answers = chain_.submit(txs);
    journal_.publish(now_);
    return answers;
  }));
}

void TestNode::import(std::vector<CheckedBlock> branch, rpc::Tell<Imported> tell) {
  tell(decide([&]() -> Result<Imported> {
    auto imported = chain_.import(branch, now_);
    journal_.publish(now_);
    return imported;
  }));
}

void TestNode::add_votes(std::vector<SignedVote> votes, rpc::Tell<Done> tell) {
  tell(decide([&]() -> Result<Done> {
    const Status added = chain_.add_votes(votes);
    journal_.publish(now_);
    return added;
  }));
}

void TestNode::add_evidence(std::vector<Evidence> evidence, rpc::Tell<Done> tell) {
  tell(decide([&]() -> Result<Done> { return chain_.add_evidence(evidence); }));
}

void TestNode::unlock_authority(rpc::Tell<std::vector<EvidenceId>> tell) {
  tell(decide([&]() -> Result<std::vector<EvidenceId>> {
    if (!has_authority) return error(Errc::not_an_authority, "authority: this node has none");
    std::vector<EvidenceId> ids;
    for (const auto& proven : chain_.evidence()) ids.push_back(proven.id);
    return ids;
  }));
}

void TestNode::set_peers(std::vector<std::string> urls, rpc::Tell<Done> tell) {
  tell(decide([&]() -> Result<Done> {
    peers_ = std::move(urls);
    return ok();
  }));
}

void TestNode::sync(SyncQuery query, rpc::Tell<SyncAnswer> tell) {
  if (query.wait > Duration{0} && !failure) on_wait();
  tell(decide([&]() -> Result<SyncAnswer> {
    SyncAnswer answer;
    answer.chain_id = params_.chain_id;
    answer.genesis_hash = params_.genesis_hash;
    answer.head = chain_.head();
    answer.justified = chain_.justified();
    answer.final = chain_.final();
    answer.votes = chain_.finality().since(0);
    for (const auto& proven : chain_.evidence()) answer.evidence.push_back(proven.evidence);
    answer.authorities_hash = chain_.state().authorities_hash();
    answer.held = query.wait;
    answer.node_id = "node-1";
    answer.site = "here";
    answer.links = {{"node-2", Duration{12}}};
    answer.instance = "0123456789abcdef";
    answer.node_time = now_ + query.wait;
    const bool own = query.instance == answer.instance;
    const auto news = chain_.mempool().since(own ? query.cursor : 0, limits::sync_txs_max);
    for (const Mempool::Entry& entry : news) answer.txs.push_back(entry.tx.id());
    answer.more = news.size() == limits::sync_txs_max;
    answer.cursor = answer.more ? news.back().sequence : chain_.mempool().last_sequence();
    return answer;
  }));
}

void TestNode::prove(const Address& address, rpc::Tell<rpc::ProvenAccount> tell) {
  tell(decide([&]() -> Result<rpc::ProvenAccount> {
    const State& state = chain_.state();
    return rpc::ProvenAccount{chain_.head(), state.root(), state.accounts_root(),
                              state.authorities_hash(), state.prove(address)};
  }));
}

void TestNode::next_nonce(const Address& address, rpc::Tell<Nonce> tell) {
  tell(decide(
      [&]() -> Result<Nonce> { return chain_.mempool().next_nonce(chain_.state(), address); }));
}

std::vector<Fault> TestNode::faults() const {
  const std::lock_guard lock(mutex_);
  return faults_;
}

Result<Fault> TestNode::add_fault(Fault fault, Duration lasts) {
  if (failure) return *failure;
  const std::lock_guard lock(mutex_);
  fault.since = now_;
  fault.until = now_ + lasts;
  faults_.push_back(fault);
  return fault;
}

Result<std::size_t> TestNode::heal(const std::optional<std::string>& id) {
  if (failure) return *failure;
  const std::lock_guard lock(mutex_);
  const std::size_t healed =
      std::erase_if(faults_, [&](const Fault& fault) { return !id || fault.id == *id; });
  if (healed == 0 && id) return error(Errc::not_found, "there is no fault " + *id + " here");
  return healed;
}

Scene::Scene(std::unique_ptr<Store> store) : node(builder.genesis(), std::move(store)) {
  builder.append({builder.transfer(0, 1, 25)});
  const CheckedTx loser = builder.transfer(0, 2, 7);
  replaced = loser.id();
  builder.append({loser});
  builder.append({builder.transfer(1, 1, 3)});
  node.import_all(builder.blocks);

  builder.rewind_to(1);
  const CheckedTx winner = builder.transfer(0, 3, 9);
  included = winner.id();
  builder.append({winner, builder.transfer(2, 0, 4)});
  builder.append({builder.transfer(3, 0, 1)});
  builder.append({builder.transfer(1, 0, 2)});
  node.import_all(builder.blocks);

  const CheckedTx waiting = builder.transfer(2, 1, 6);
  pending = value_of(Asking(node).submit(waiting));
  node.on_wait = [this] { seal(); };
}

void Scene::seal() {
  std::vector<CheckedTx> txs;
  const auto snapshot = value_of(node.reader().snapshot());
  for (SignedTx& tx : value_of(snapshot->pending(0, 100))) {
    txs.push_back(value_of(CheckedTx::check(builder.params(), std::move(tx))));
  }
  if (txs.empty()) return;
  builder.append(txs);
  node.import_all(std::span(&builder.blocks.back(), 1));
}

std::vector<Block> Scene::blocks() const {
  std::vector<Block> all;
  for (const Applied& applied : builder.blocks) all.push_back(applied.block.block());
  return all;
}

NewNode::NewNode(const Genesis& genesis) : node(genesis, std::make_unique<MemoryStore>()) {}

Genesis without_devnet(Genesis genesis) {
  genesis.devnet = false;
  return genesis;
}

rpc::HttpRequest get(std::string path, std::map<std::string, std::string> query) {
  rpc::HttpRequest request;
  request.client = "127.0.0.1";
  request.method = "GET";
  request.path = std::move(path);
  request.query = std::move(query);
  return request;
}

rpc::HttpRequest post_json(std::string path, std::string body) {
  rpc::HttpRequest request;
  request.client = "127.0.0.1";
  request.method = "POST";
  request.path = std::move(path);
  request.content_type = rpc::json_type;
  request.body = std::move(body);
  return request;
}

rpc::HttpRequest put_json(std::string path, std::string body) {
  rpc::HttpRequest request = post_json(std::move(path), std::move(body));
  request.method = "PUT";
  return request;
}

rpc::HttpRequest post_binary(std::string path, const Buffer& body) {
  rpc::HttpRequest request = post_json(std::move(path), std::string(as_text(body)));
  request.content_type = rpc::binary_type;
  return request;
}

rpc::Json body_of(const rpc::HttpResponse& answer) { return rpc::parse_json(answer.body).value(); }

rpc::HttpResponse WaitingRouter::handle(const rpc::HttpRequest& request) const {
  rpc::HttpResponse response = Router::handle(request);
  if (!response.later) return response;
  std::promise<rpc::LaterResponse::Make> decided;
  response.later->begin(
      [&decided](rpc::LaterResponse::Make make) { decided.set_value(std::move(make)); });
  return response.later->finish(decided.get_future().get()());
}

}  // namespace aitbc::test
