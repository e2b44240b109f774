#pragma once
// A node for the HTTP edge alone: a real Chain over a store, driven by the test, with a fixed clock
// and no peers. Each of its calls can be made to fail. Thread-safe if its store's reader is.

#include <atomic>
#include <functional>
#include <mutex>

#include "chain/chain.hpp"
#include "chain/journaled_store.hpp"
#include "rpc/json.hpp"
#include "rpc/router.hpp"
#include "tests/support/asking.hpp"
#include "tests/support/chain_builder.hpp"

namespace aitbc::test {

class TestNode final : public rpc::Node {
 public:
  struct Shape {
    Time now = from_unix_ms(1'700'000'100'000);
    Mempool::Limits mempool = {};
    std::size_t events_max = limits::events_kept_max;
  };
  TestNode(const Genesis& genesis, std::unique_ptr<Store> store, Shape shape);
  TestNode(const Genesis& genesis, std::unique_ptr<Store> store)
      : TestNode(genesis, std::move(store), Shape{}) {}

  // What every later call of the node, but not of its reader, answers.
  std::optional<Error> failure;
  std::optional<Error> reader_failure;
  std::atomic<std::size_t> submits = 0;
  bool has_authority = true;
  SyncState sync_state{SyncState::Kind::behind, 2, {}};
  // Called when somebody waits for news, before the answer.
  std::function<void()> on_wait = [] {};

  void import_all(std::span<const Applied> blocks);
  Tip head() const;
  const Chain& chain() const { return chain_; }  // while nobody calls the node

  const Genesis& genesis() const override { return genesis_; }
  const Params& params() const override { return params_; }
  std::shared_ptr<const NodeStatus> status() const override;
  Reader& reader() override { return reader_; }
  Verifier& verifier() override { return verifier_; }
  void submit_all(std::vector<CheckedTx> txs, rpc::Tell<rpc::TxAnswers> tell) override;
  void import(std::vector<CheckedBlock> branch, rpc::Tell<Imported> tell) override;
  void add_votes(std::vector<SignedVote> votes, rpc::Tell<Done> tell) override;
  void add_evidence(std::vector<Evidence> evidence, rpc::Tell<Done> tell) override;
  void unlock_authority(rpc::Tell<std::vector<EvidenceId>> tell) override;
  void set_peers(std::vector<std::string> urls, rpc::Tell<Done> tell) override;
  void sync(SyncQuery query, rpc::Tell<SyncAnswer> tell) override;
  const Journal& journal() const override { return journal_; }
  // Tells what a test says, as the node would.
  void tell(Event::What what) {
    const std::lock_guard lock(mutex_);
    journal_.note(std::move(what));
    journal_.publish(now_);
  }
  void close_journal() { journal_.close(); }
  void prove(const Address& address, rpc::Tell<rpc::ProvenAccount> tell) override;
  void next_nonce(const Address& address, rpc::Tell<Nonce> tell) override;
  std::vector<Fault> faults() const override;
  Result<Fault> add_fault(Fault fault, Duration lasts) override;
  Result<std::size_t> heal(const std::optional<std::string>& id) override;

 private:
  class FailingReader final : public Reader {
   public:
    explicit FailingReader(TestNode& node) : node_(node) {}
    Result<std::unique_ptr<Snapshot>> snapshot() override;

   private:
    TestNode& node_;
  };

  template <class Decide>
  auto decide(const Decide& what) -> decltype(what());

  const Genesis genesis_;
  const Params params_;
  Verifier verifier_{params_};
  const Time now_;
  mutable std::mutex mutex_;
  Journal journal_;
  Chain chain_;
  FailingReader reader_{*this};
  std::vector<std::string> peers_{"http://127.0.0.1:8081", "http://127.0.0.3:8082"};
  std::vector<Fault> faults_;
};

// A reserve, so that receipts can be claimed.
inline constexpr LedgerShape scene_shape{.reserve = 1'000'000};

// Answers without a server: what comes later is waited for.
class WaitingRouter final : public rpc::Router {
 public:
  using Router::Router;
  rpc::HttpResponse handle(const rpc::HttpRequest&) const;
};

// A chain of four blocks, three of which replaced a branch of two, with one transaction pending,
// one replaced, and everything else that answers can show. The same in every run.
class Scene {
 public:
  explicit Scene(std::unique_ptr<Store> store);

  ChainBuilder builder{scene_shape};
  TestNode node;
  TxId included, pending, replaced;
  NullLog log;
  // The faucet is the last user's account. Whoever waits for news gets a block of what is pending.
  WaitingRouter router{
      node, log, {.faucet = KeyPair(Seed(builder.ledger.users.back().seed().bytes()))}};

  std::string address(std::size_t user) const { return to_text(builder.address(user)); }
  std::vector<Block> blocks() const;

 private:
  void seal();
};

// A node as it stands after its first start, without a faucet.
struct NewNode {
  explicit NewNode(const Genesis& genesis);
  TestNode node;
  NullLog log;
  WaitingRouter router{node, log};
};
// The same chain, but no devnet.
Genesis without_devnet(Genesis genesis);

rpc::HttpRequest get(std::string path, std::map<std::string, std::string> query = {});
rpc::HttpRequest post_json(std::string path, std::string body);
rpc::HttpRequest put_json(std::string path, std::string body);
rpc::HttpRequest post_binary(std::string path, const Buffer& body);
rpc::Json body_of(const rpc::HttpResponse& answer);

}  // namespace aitbc::test
