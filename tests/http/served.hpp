#pragma once
// The scene behind a real socket, over a database on disk, so that many clients may ask at once.

#include <atomic>
#include <memory>
#include <string>

#include "chain/sqlite_store.hpp"
#include "rpc/client.hpp"
#include "rpc/http_server.hpp"
#include "tests/http/test_node.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

// The directory outlives the store in it, the scene the server that asks it.
class Served {
 public:
  Served() : scene(open_sqlite_store(dir_.file("chain.db")).value()) {
    rpc::HttpService service;
    service.handle = [this](rpc::HttpRequest request) {
      if (json_alone) request.accept = rpc::json_type;
      return scene.router.rpc::Router::handle(request);
    };
    service.waits = rpc::Router::waits;
    server_ = rpc::HttpServer::start({.address = "127.0.0.1"}, service, log_).value();
  }

  std::uint16_t port() const { return server_->port(); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port()); }
  rpc::Client client() const { return rpc::Client::open(url()).value(); }
  const Params& params() const { return scene.builder.params(); }

 private:
  TempDir dir_;

 public:
  Scene scene;
  std::atomic<bool> json_alone = false;  // as a node from before

 private:
  NullLog log_;
  std::unique_ptr<rpc::HttpServer> server_;
};

}  // namespace aitbc::test
