#pragma once
// A whole node inside the test's process: Runner, SQLite file, Router and HttpServer on a free
// port. The server listens before the runner starts, so that nodes can know one another's URLs.

#include <atomic>
#include <memory>

#include "rpc/http_server.hpp"
#include "rpc/router.hpp"
#include "sync/runner.hpp"
#include "sync/time_of_day.hpp"
#include "sync/wal_copier.hpp"
#include "tests/support/asking.hpp"
#include "tests/support/authority.hpp"
#include "tests/support/chain_builder.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

// Its chain began a little ago, and its slots are short.
inline ChainBuilder live_builder(std::size_t users = 4) {
  ChainBuilder builder(LedgerShape{.users = users});
  Genesis& genesis = builder.ledger.genesis;
  genesis.slot = Duration{100};
  genesis.tail_guard = Duration{25};
  genesis.time = sync::time_of_day() - Duration{10'000};
  builder.ledger.params = params_of(genesis);
  builder.ledger.parent.tip = genesis_tip(builder.ledger.params);
  return builder;
}

class NodeInProcess {
 public:
  struct Shape {
    std::optional<std::size_t> authority = {};  // whose key of the builder it seals with
    bool starts = true;                         // or waits for start()
    Log* log = nullptr;                         // where it writes, if anywhere
    std::size_t body_bytes_max = limits::http_body_bytes_max;
  };

  NodeInProcess(const ChainBuilder& builder, Shape shape) : builder_(builder), shape_(shape) {
    rpc::HttpService service;
    service.handle = [this](const rpc::HttpRequest& request) {
      const rpc::Router* router = router_;
      rpc::HttpResponse not_yet;
      not_yet.status = 503;
      return router != nullptr ? router->handle(request) : not_yet;
    };
    service.waits = [](const rpc::HttpRequest& request) { return rpc::Router::waits(request); };
    auto server = rpc::HttpServer::start(
        {.address = "127.0.0.1", .limits = {.body_bytes_max = shape_.body_bytes_max}},
        std::move(service), log());
    AITBC_CHECK(server.has_value());
    server_ = std::move(*server);
    if (shape_.starts) start({});
  }
  ~NodeInProcess() {
    if (runner_) runner_->stop();
    server_->stop();
  }
  NodeInProcess(const NodeInProcess&) = delete;
  NodeInProcess& operator=(const NodeInProcess&) = delete;

  void start(std::vector<std::string> peers) {
    sync::Runner::Options options;
    options.node_id = "node" + std::to_string(server_->port());
    options.instance = options.node_id + "-1";
    options.peers = std::move(peers);
    if (shape_.authority) {
      options.authority = authority_of(builder_.ledger.authorities[*shape_.authority]);
    }
    auto store = sync::open_node_store(directory_.file("chain.db"));
    AITBC_CHECK(store.has_value());
    auto runner = sync::Runner::start(builder_.genesis(), std::move(*store), std::move(options),
                                      log(), [](const Error&) {});
    AITBC_CHECK(runner.has_value());
    runner_ = std::move(*runner);
    owned_router_ = std::make_unique<rpc::Router>(*runner_, log());
    router_ = owned_router_.get();
  }

  sync::Runner& runner() { return *runner_; }
  Asking ask() { return Asking(*runner_); }
  std::uint16_t port() const { return server_->port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

 private:
  Log& log() { return shape_.log != nullptr ? *shape_.log : no_log_; }

  const ChainBuilder& builder_;
  const Shape shape_;
  NullLog no_log_;
  TempDir directory_;
  std::unique_ptr<sync::Runner> runner_;
  std::unique_ptr<rpc::Router> owned_router_;
  std::atomic<const rpc::Router*> router_ = nullptr;
  std::unique_ptr<rpc::HttpServer> server_;
};

// Authorities that know one another, running.
inline std::vector<std::unique_ptr<NodeInProcess>> start_mesh(const ChainBuilder& builder,
                                                              std::size_t count) {
  std::vector<std::unique_ptr<NodeInProcess>> nodes;
  for (std::size_t i = 0; i < count; ++i) {
    nodes.push_back(std::make_unique<NodeInProcess>(
        builder, NodeInProcess::Shape{.authority = i, .starts = false}));
  }
  for (const auto& node : nodes) {
    std::vector<std::string> peers;
    for (const auto& other : nodes) {
      if (other != node) peers.push_back(other->url());
    }
    node->start(std::move(peers));
  }
  return nodes;
}

}  // namespace aitbc::test
