#include <catch2/catch.hpp>

#include <algorithm>
#include <map>

#include "chain/memory_store.hpp"
#include "rpc/access.hpp"
#include "rpc/json.hpp"
#include "tests/http/test_node.hpp"
#include "tests/support/log_texts.hpp"

using namespace aitbc;
using namespace aitbc::test;

namespace {

constexpr const char* stranger = "192.0.2.1";

rpc::HttpRequest from_elsewhere(rpc::HttpRequest request, const std::string& key = {}) {
  request.client = stranger;
  request.api_key = key;
  return request;
}

// A scene whose router knows one key of each scope.
struct Guarded {
  explicit Guarded(rpc::AccessRules rules = {}) : scene(std::make_unique<MemoryStore>()) {
    for (const rpc::Scope scope : {rpc::Scope::read, rpc::Scope::submit, rpc::Scope::admin}) {
      const std::string word(name(scope));
      rules.keys.push_back({word, scope, rpc::digest_of_key(word + " key")});
    }
    rpc::Router::Options options;
    options.access = std::move(rules);
    options.audit = &audit;
    options.clock = [this] { return now; };
    router.emplace(scene.node, scene.log, std::move(options));
  }
  int status(const rpc::HttpRequest& request) const { return router->handle(request).status; }

  rpc::RequestStats::Elapsed now = std::chrono::seconds(1);
  LogTexts audit;
  Scene scene;
  std::optional<test::WaitingRouter> router;
};

// All that is more than asking.
const std::map<std::string, rpc::Scope> scopes = {
    {"POST /rpc/sendTx", rpc::Scope::submit},
    {"POST /rpc/submitReceipt", rpc::Scope::submit},
    {"POST /rpc/transaction", rpc::Scope::submit},
    {"POST /rpc/transactions", rpc::Scope::submit},
    {"POST /rpc/votes", rpc::Scope::submit},
    {"POST /rpc/evidence", rpc::Scope::submit},
    {"POST /rpc/admin/mintFaucet", rpc::Scope::admin},
    {"POST /rpc/faucet", rpc::Scope::admin},
    {"POST /rpc/chaos", rpc::Scope::admin},
    {"POST /rpc/chaos/heal", rpc::Scope::admin},
    {"POST /rpc/authority/unlock", rpc::Scope::admin},
    {"PUT /rpc/peers", rpc::Scope::admin},
    {"POST /rpc/blocks/import", rpc::Scope::admin},
    {"POST /rpc/block", rpc::Scope::admin},
    {"POST /rpc/importBlock", rpc::Scope::admin},
    {"POST /rpc/estimateFee", rpc::Scope::read},
    {"POST /rpc/sync/transactions", rpc::Scope::read},
};

}  // namespace

TEST_CASE("every route has its scope, and its requests are let in by it alone") {
  const Guarded guarded;
  std::size_t posts = 0;
  for (const rpc::Route& route : rpc::Router::routes()) {
    const std::string row = std::string(route.method) + " " + std::string(route.pattern);
    INFO(row);
    if (route.method != "GET") {
      ++posts;
      REQUIRE(scopes.contains(row));
      CHECK(route.scope == scopes.at(row));
    } else {
      CHECK(route.scope == rpc::Scope::read);
    }
    rpc::HttpRequest request =
        from_elsewhere(route.method == "GET" ? get(std::string(route.pattern))
                                             : post_json(std::string(route.pattern), "{}"));
    request.method = route.method;
    const bool open = route.is_open != nullptr && route.is_open(request);
    CHECK((guarded.status(request) == 401) == !open);
    request.api_key = "no such key";
    CHECK((guarded.status(request) == 401) == !open);
    for (const rpc::Scope scope : {rpc::Scope::read, rpc::Scope::submit, rpc::Scope::admin}) {
      request.api_key = std::string(name(scope)) + " key";
      const bool refused = guarded.status(request) == 403;
      CHECK(refused == (scope < route.scope));
    }
  }
  CHECK(posts == scopes.size());
  // What is there is told to nobody who may not ask.
  CHECK(guarded.status(from_elsewhere(get("/no/such/path"))) == 401);
}

TEST_CASE("whoever asks too often waits, other nodes excepted") {
  rpc::AccessRules rules;
  rules.rate_per_minute = 2;
  Guarded guarded(rules);
  const rpc::HttpRequest head = from_elsewhere(get("/rpc/head"), "read key");
  CHECK(guarded.status(head) == 200);
  CHECK(guarded.status(head) == 200);
  const rpc::HttpResponse over = guarded.router->handle(head);
  CHECK(over.status == 429);
  CHECK(over.retry_after_s == 30);
  CHECK(rpc::parse_json(over.body).value()["detail"] == "Rate limit exceeded");
  CHECK(rpc::parse_json(over.body).value()["code"] == "rate_limited");
  for (int i = 0; i < 10; ++i) {
    CHECK(guarded.status(from_elsewhere(get("/rpc/sync"), "read key")) == 200);
    CHECK(guarded.status(get("/rpc/head")) == 200);
  }
  // The sync path is open to nobody without a key.
  const rpc::HttpRequest nosy = from_elsewhere(get("/rpc/sync"));
  CHECK(guarded.status(nosy) == 401);
  CHECK(guarded.status(nosy) == 401);
  CHECK(guarded.status(nosy) == 429);
  CHECK(guarded.router->handle(get("/metrics")).body.find("\nrpc_rate_limited_total 2\n") !=
        std::string::npos);
  guarded.now += std::chrono::seconds(30);
  CHECK(guarded.status(head) == 200);
}

TEST_CASE("every privileged act is in the audit log, whether done or refused") {
  Guarded guarded;
  const auto logged = [&](const std::string& field, const std::string& text) {
    return guarded.audit.has("audit_event", field, text);
  };
  guarded.status(get("/rpc/chaos"));
  guarded.status(from_elsewhere(post_json("/rpc/sendTx", "{}"), "submit key"));
  CHECK_FALSE(logged("audit.user_id", "local"));
  CHECK_FALSE(logged("audit.user_id", "submit"));

  CHECK(guarded.status(post_json("/rpc/chaos/heal", "{}")) == 200);
  CHECK(logged("audit.action", "POST /rpc/chaos/heal"));
  CHECK(logged("audit.user_id", "local"));
  CHECK(logged("audit.details.body", "{}"));

  CHECK(guarded.status(from_elsewhere(post_json("/rpc/faucet", "{}"), "submit key")) == 403);
  CHECK(logged("audit.action", "POST /rpc/faucet"));
  CHECK(logged("audit.user_id", "submit"));
  CHECK(logged("audit.details.client", stranger));
  CHECK_FALSE(logged("audit.user_id", "anonymous"));
  CHECK(guarded.status(from_elsewhere(post_json("/rpc/faucet", "{}"))) == 401);
  CHECK(logged("audit.user_id", "anonymous"));
}

TEST_CASE("every answer names its node, refusals and preflights too") {
  const Guarded guarded;
  rpc::HttpRequest preflight = get("/rpc/head");
  preflight.method = "OPTIONS";
  preflight.origin = "http://evil.example";
  preflight.asked_method = "GET";
  const std::string node =
      guarded.scene.node.params().chain_id + "/" + guarded.scene.node.status()->node_id;
  for (const auto& [request, status] :
       {std::pair{get("/rpc/head"), 200}, std::pair{get("/nowhere"), 404},
        std::pair{from_elsewhere(get("/rpc/head")), 401}, std::pair{preflight, 400}}) {
    const rpc::HttpResponse answer = guarded.router->handle(request);
    CHECK(answer.status == status);
    const std::pair<std::string_view, std::string> expected{rpc::node_field, node};
    CHECK(std::count(answer.fields.begin(), answer.fields.end(), expected) == 1);
  }
}

TEST_CASE("a page is answered as its origin allows") {
  const Guarded guarded;
  rpc::HttpRequest head = get("/rpc/head");
  head.origin = "http://evil.example";
  CHECK(guarded.status(head) == 200);
  rpc::HttpRequest heal = post_json("/rpc/chaos/heal", "{}");
  heal.origin = "http://evil.example";
  CHECK(guarded.status(heal) == 403);
  heal.method = "OPTIONS";
  heal.asked_method = "POST";
  CHECK(guarded.status(heal) == 400);
  heal.origin = "http://localhost:8080";
  CHECK(guarded.status(heal) == 200);
}
