#include <catch2/catch.hpp>
#include <set>

#include "chain/memory_store.hpp"
#include "rpc/errors.hpp"
#include "rpc/json.hpp"
#include "rpc/native.hpp"
#include "rpc/native_fields.hpp"
#include "tests/http/test_node.hpp"

using namespace aitbc;
using namespace aitbc::test;

TEST_CASE("a path of another method names the methods it has") {
  const Scene scene(std::make_unique<MemoryStore>());
  rpc::HttpRequest request = get("/rpc/head");
  request.method = "DELETE";
  rpc::HttpResponse answer = scene.router.handle(request);
  CHECK(answer.status == 405);
  CHECK(answer.allow == "GET");

  // The literal path goes before the parameter that would match it too.
  answer = scene.router.handle(get("/rpc/blocks/import"));
  CHECK(answer.status == 405);
  CHECK(answer.allow == "POST");
}

TEST_CASE("paths match whole") {
  const Scene scene(std::make_unique<MemoryStore>());
  for (const char* path : {"", "/rpc", "/rpc/", "/rpc/head/", "//rpc/head", "/RPC/head",
                           "/rpc/blocks/1/2", "/rpc/proof/account", "/health/x", "health"}) {
    INFO(path);
    CHECK(scene.router.handle(get(path)).status == 404);
  }
  CHECK(scene.router.handle(get("/rpc/blocks/")).status == 422);
}

TEST_CASE("what the node decides comes later, and an answer is held back for its whole wait") {
  Scene scene(std::make_unique<MemoryStore>());
  const rpc::Router& router = scene.router;
  const auto time_max = [&](const rpc::HttpRequest& request) {
    CHECK_FALSE(rpc::Router::waits(request));
    const rpc::HttpResponse response = router.handle(request);
    REQUIRE(response.later);
    return response.later->time_max;
  };
  CHECK(time_max(get("/rpc/sync", {{"wait", "10"}})) == Duration{10'000} + limits::submit_time_max);
  CHECK(time_max(get("/rpc/sync")) == limits::submit_time_max);
  const CheckedTx tx = scene.builder.transfer(0, 1, 2);
  CHECK(time_max(post_binary("/rpc/sendTx", encode(tx.signed_tx()))) == limits::submit_time_max);
  CHECK_FALSE(router.handle(get("/rpc/head", {{"wait", "10"}})).later);
  CHECK_FALSE(router.handle(post_binary("/rpc/sendTx", {1, 2})).later);
}

TEST_CASE("an answer that comes too late is an error like any other, and counted") {
  Scene scene(std::make_unique<MemoryStore>());
  rpc::HttpRequest request = get("/rpc/sync");
  request.origin = "http://localhost:3000";
  rpc::HttpResponse response = static_cast<const rpc::Router&>(scene.router).handle(request);
  REQUIRE(response.later);
  const rpc::HttpResponse overdue =
      response.later->finish(rpc::no_decision(response.later->time_max));
  CHECK(overdue.status == 503);
  CHECK(rpc::error_from_answer(overdue).code == Errc::timeout);
  const auto has = [&](std::string_view name) {
    return std::any_of(overdue.fields.begin(), overdue.fields.end(),
                       [name](const auto& field) { return field.first == name; });
  };
  CHECK(has(rpc::node_field));
  CHECK(has("Access-Control-Allow-Origin"));
  const std::string metrics = scene.router.handle(get("/metrics")).body;
  CHECK(metrics.find(R"(route="/rpc/sync",status="5xx"} 1)") != std::string::npos);
}

TEST_CASE("the head's answer holds for this machine's callers until there is another") {
  Scene scene(std::make_unique<MemoryStore>());
  rpc::HttpRequest request = get("/rpc/head");
  request.client = "127.0.0.1";
  const auto answer = scene.router.handle(request);
  REQUIRE(answer.again);
  CHECK(answer.again());
  const auto counted = [&] {
    const std::string text = scene.router.handle(get("/metrics")).body;
    const std::string row = "route=\"/rpc/head\",status=\"2xx\"} ";
    const std::size_t at = text.find(row);
    REQUIRE(at != std::string::npos);
    return std::stoi(text.substr(at + row.size()));
  };
  const int before = counted();
  CHECK(answer.again());
  CHECK(counted() == before + 1);
  scene.router.handle(get("/rpc/sync", {{"wait", "1"}}));  // seals what is pending
  CHECK_FALSE(answer.again());

  CHECK_FALSE(scene.router.handle(get("/rpc/info")).again);
  request.client = "192.0.2.1";
  CHECK_FALSE(scene.router.handle(request).again);
}

TEST_CASE("a wait reaches the node in milliseconds") {
  Scene scene(std::make_unique<MemoryStore>());
  const auto time_after = [&](const char* wait) {
    const auto answer =
        rpc::parse_sync_answer(scene.router.handle(get("/rpc/sync", {{"wait", wait}})).body);
    return answer ? answer->node_time : Time{};
  };
  const Time start = time_after("0");
  CHECK(time_after("10") - start == Duration{10'000});
  CHECK(time_after("2.5") - start == Duration{2'500});
  CHECK(time_after("0.025") - start == Duration{25});
}

TEST_CASE("numbers in a query have one spelling") {
  const Scene scene(std::make_unique<MemoryStore>());
  for (const char* text : {"", "+1", "-1", "01", "1.0", "1e2", " 1", "0x1", "1 ",
                           "18446744073709551616", "9007199254740992", "\xff\xfe"}) {
    INFO(text);
    CHECK(scene.router.handle(get("/rpc/mempool", {{"offset", text}})).status == 422);
  }
  for (const char* text : {"", ".", "1.", ".5", "1.0000", "-1", "1e1", "10.001", "11", "1.5.5"}) {
    INFO(text);
    CHECK(scene.router.handle(get("/rpc/sync", {{"wait", text}})).status == 422);
  }
}

namespace {

// Real paths, parameters and bodies with pieces changed: nearer to what breaks a parser than noise.
class Mess {
 public:
  Mess(const Scene& scene, gen::Rng& rng) : rng_(rng) {
    for (const rpc::Route& route : rpc::Router::routes()) paths_.emplace_back(route.pattern);
    const SignedTx tx = scene.builder.transfer(0, 1).signed_tx();
    paths_.push_back("/rpc/tx/" + hash_text(scene.included));
    paths_.push_back("/rpc/account/" + scene.address(0));
    bodies_ = {"",
               "{}",
               "[]",
               "null",
               "{\"blocks\":[]}",
               rpc::tx_json(scene.builder.params(), tx),
               rpc::block_json(scene.builder.params(), scene.blocks()[1], {}),
               std::string(as_text(encode(tx))),
               std::string(as_text(encode(scene.blocks())))};
  }

  rpc::HttpRequest request() {
    rpc::HttpRequest made;
    made.client = "127.0.0.1";
    made.method = pick({"GET", "POST", "PUT", "", "get"});
    made.path = bent(paths_[rng_.index(paths_.size())]);
    for (std::size_t i = rng_.index(3); i > 0; --i) {
      made.query[pick(
          {"start", "end", "limit", "offset", "wait", "cursor", "instance", "include_tx", "x"})] =
          bent(pick({"0", "1", "true", "1.5", "9007199254740991", ""}));
    }
    made.content_type = pick({"application/json", "application/vnd.aitbc", "", "text/plain"});
    made.accept = pick({"application/vnd.aitbc", "*/*", ""});
    made.body = bent(bodies_[rng_.index(bodies_.size())]);
    return made;
  }

 private:
  std::string pick(std::vector<std::string> from) { return from[rng_.index(from.size())]; }

  std::string bent(std::string text) {
    for (std::size_t i = rng_.index(4); i > 0 && !text.empty(); --i) {
      const std::size_t at = rng_.index(text.size());
      switch (rng_.below(4)) {
        case 0:
          text[at] = static_cast<char>(rng_.below(256));
          break;
        case 1:
          text.erase(at, 1 + rng_.index(8));
          break;
        case 2:
          text.insert(at, text.substr(rng_.index(text.size()), 40));
          break;
        default:
          text.resize(at);
          break;
      }
    }
    return text;
  }

  gen::Rng& rng_;
  std::vector<std::string> paths_;
  std::vector<std::string> bodies_;
};

}  // namespace

TEST_CASE("any request gets an answer that says what it is") {
  const auto seed = Catch::rngSeed();
  INFO("seed=" << seed);
  gen::Rng rng(seed);
  const Scene scene(std::make_unique<MemoryStore>());
  Mess mess(scene, rng);
  std::map<int, std::size_t> statuses;
  for (int i = 0; i < 5'000; ++i) {
    const rpc::HttpRequest request = mess.request();
    INFO(request.method << " " << request.path << " body=" << to_hex(as_bytes(request.body)));
    const rpc::HttpResponse answer = scene.router.handle(request);
    ++statuses[answer.status];
    rpc::Router::waits(request);
    const bool known =
        std::set<int>{200, 400, 404, 405, 409, 413, 415, 422, 426}.contains(answer.status);
    if (!known) FAIL("status " << answer.status);
    if (answer.content_type != rpc::json_type) continue;
    const auto body = rpc::parse_json(answer.body);
    if (!body) FAIL("no JSON: " << answer.body);
    if (answer.status != 200 && !(body->contains("detail") && body->contains("code"))) {
      FAIL("no error: " << answer.body);
    }
  }
  CHECK(statuses[200] > 10);
  CHECK(statuses[422] > 50);
}

TEST_CASE("answers are counted by route and class, and timed unless they waited on purpose") {
  Scene scene(std::make_unique<MemoryStore>());
  rpc::RequestStats::Elapsed now{0};
  rpc::Router::Options options;
  options.clock = [&now] { return now += std::chrono::milliseconds(3); };
  const test::WaitingRouter router(scene.node, scene.log, std::move(options));
  const auto metrics = [&] { return router.handle(get("/metrics")).body; };
  const auto has = [](const std::string& text, const std::string& line) {
    return text.find("\n" + line + "\n") != std::string::npos;
  };

  router.handle(get("/rpc/head"));
  router.handle(get("/rpc/head"));
  router.handle(get("/rpc/blocks/99"));
  router.handle(get("/no/such/path"));
  scene.node.reader_failure = error(Errc::storage, "broken");
  router.handle(get("/rpc/head"));
  scene.node.reader_failure.reset();
  router.handle(get("/rpc/sync", {{"wait", "5"}}));
  const std::string text = metrics();
  const std::string name = "aitbc_http_requests_total{method=\"GET\",route=\"";
  CHECK(has(text, name + "/rpc/head\",status=\"2xx\"} 2"));
  CHECK(has(text, name + "/rpc/head\",status=\"5xx\"} 1"));
  CHECK(has(text, name + "/rpc/blocks/{height}\",status=\"4xx\"} 1"));
  CHECK(has(text, "aitbc_http_requests_total{method=\"\",route=\"none\",status=\"4xx\"} 1"));
  CHECK(has(text, "rpc_requests_total 6"));
  CHECK(has(text, "rpc_client_errors_total 2"));
  CHECK(has(text, "rpc_server_errors_total 1"));
  CHECK(has(text, "rpc_request_failures_total 3"));
  // Five of them were timed, each with 3 ms, the one that waited was not.
  CHECK(has(text, "rpc_request_duration_seconds_bucket{le=\"0.001\"} 0"));
  CHECK(has(text, "rpc_request_duration_seconds_bucket{le=\"0.005\"} 5"));
  CHECK(has(text, "rpc_request_duration_seconds_bucket{le=\"+Inf\"} 5"));
  CHECK(has(text, "rpc_request_duration_seconds_sum 0.015"));
  CHECK(has(text, "rpc_request_duration_seconds_count 5"));
}

TEST_CASE("a node without a key has no proposer to run, and one that is paused does not run it") {
  Scene scene(std::make_unique<MemoryStore>());
  const auto line = [&] {
    const std::string text = scene.router.handle(get("/metrics")).body;
    const std::size_t at = text.find("\npoa_proposer_running ");
    return at == std::string::npos ? std::string("none") : text.substr(at + 22, 1);
  };
  CHECK(line() == "1");
  scene.node.sync_state = {SyncState::Kind::paused, 0, "no quorum"};
  CHECK(line() == "0");
  scene.node.has_authority = false;
  CHECK(line() == "none");
}
