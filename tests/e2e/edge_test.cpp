// The edge of a real node from outside: every route that it describes, and more connections than it
// keeps.

#include <sys/resource.h>

#include <map>

#include "rpc/http_client.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/websocket_client.hpp"

using namespace aitbc;
using test::RunningNetwork;

namespace {

rpc::HttpResponse ask(const std::string& url, const rpc::HttpRequest& request) {
  rpc::HttpClient client(rpc::parse_url(url).value());
  rpc::HttpClient::CallLimits patience;
  patience.total = Duration{30'000};
  const auto answer = client.send(request, patience);
  REQUIRE(answer.has_value());
  return *answer;
}

rpc::HttpResponse ask(const std::string& url, const std::string& path) {
  rpc::HttpRequest request;
  request.method = "GET";
  request.path = path;
  return ask(url, request);
}

rpc::Json json_of(const rpc::HttpResponse& answer) {
  const auto json = rpc::parse_json(answer.body);
  INFO(answer.body.substr(0, 500));
  REQUIRE(json.has_value());
  return *json;
}

// As the network's coordinator signs it, with a sender who has a name.
std::string claim(const RunningNetwork& net) {
  const auto receipt = net.run({"receipt", "sign", "miner", "1.9", "--job", "job-7"});
  REQUIRE(receipt.exit == 0);
  return R"({"type":"RECEIPT_CLAIM","sender":"alice","nonce":0,"fee":1,"payload":)" + receipt.out +
         R"(,"sig":null})";
}

// What stands for the parameters and bodies of the description on this network.
class Caller {
 public:
  Caller(const RunningNetwork& net, const rpc::Json& document)
      : url_(net.url(1)), check_(document["components"]["schemas"]) {
    const rpc::Json head = json_of(ask(url_, "/rpc/head"));
    const rpc::Json block = json_of(ask(url_, "/rpc/blocks/1"));
    const std::string tx = block["transactions"][0]["tx_hash"].get<std::string>();
    const std::string receipt =
        json_of(ask(url_, "/rpc/receipts"))["receipts"][0]["receipt_id"].get<std::string>();
    parameters_ = {
        {"height", "1"},        {"address", "alice"}, {"id", tx},    {"start", "1"},
        {"end", "2"},           {"limit", "2"},       {"wait", "0"}, {"receipt_id", receipt},
        {"file", "network.js"}, {"types", "none"}};
    claim_ = claim(net);
    bodies_ = {
        {"NewFault", R"({"id":"clock-1","what":"","kind":"clock","for_ms":1,"offset_ms":5})"},
        {"Heal", "{}"},
        {"EvidenceBody", R"({"evidence":[]})"},
        {"PeerUrls", R"({"peers":[]})"},
        {"Gift", R"({"address":"carol","amount":5})"},
        {"Votes", R"({"votes":[]})"},
        {"Branch", block.dump()},
        {"Block", block.dump()},
        {"FeeQuestion", R"({"type":"transfer","payload":{"to":"bob","amount":1}})"},
        {"Submission", R"({"type":"TRANSFER","sender":"alice","nonce":7,"fee":1,)"
                       R"("payload":{"to":"bob","amount":3},"sig":null})"},
        {"BatchOrUnsigned", "[" + block["transactions"][0].dump() + "]"},
        {"Ids", R"({"ids":[")" + tx + R"("]})"}};
  }

  // The route answers 200, and as it says (a stream, which would not end: with a refusal); without
  // its parameters, or with wrong ones, it is one of the refusals that it announces.
  void check(const std::string& path, const std::string& method, const rpc::Json& route) const {
    rpc::HttpRequest request = request_for(path, method, route);
    INFO(method << " " << request.path << " " << request.body);
    CHECK(answered(request, route) == status_of(route));
    request.query["no such parameter"] = "1";
    if (!request.body.empty()) request.body = "{";
    answered(request, route);
  }

 private:
  static int status_of(const rpc::Json& route) {
    if (route["responses"].contains("101")) return 426;
    return route["responses"]["200"]["content"].contains("text/event-stream") ? 422 : 200;
  }

  rpc::HttpRequest request_for(const std::string& path, const std::string& method,
                               const rpc::Json& route) const {
    rpc::HttpRequest request;
    for (const char c : method) {
      request.method += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    request.path = path == "/explorer/{file}" ? "/explorer/app.js" : path;
    for (const rpc::Json& parameter : route["parameters"]) {
      const std::string name = parameter["name"].get<std::string>();
      if (parameter["in"] == "path") {
        const std::string place = "{" + name + "}";
        const std::size_t at = request.path.find(place);
        if (at != std::string::npos) request.path.replace(at, place.size(), parameters_.at(name));
        // A block goes by its hash as well.
        if (path.find("by_hash") != std::string::npos) {
          request.path = "/rpc/blocks/by_hash/" + head_hash();
        }
      } else if (parameters_.contains(name) && name != "address") {
        request.query[name] = parameters_.at(name);
      }
    }
    if (!route.contains("requestBody")) return request;
    const rpc::Json& schema = route["requestBody"]["content"]["application/json"]["schema"];
    const std::string reference = schema["$ref"].get<std::string>();
    request.content_type = rpc::json_type;
    request.body = path == "/rpc/submitReceipt"
                       ? claim_
                       : bodies_.at(reference.substr(reference.rfind('/') + 1));
    return request;
  }

  std::string head_hash() const {
    return json_of(ask(url_, "/rpc/head"))["hash"].get<std::string>();
  }

  int answered(const rpc::HttpRequest& request, const rpc::Json& route) const {
    const rpc::HttpResponse answer = ask(url_, request);
    const std::string status = std::to_string(answer.status);
    INFO(status << ": " << answer.body.substr(0, 500));
    CHECK(route["responses"].contains(status));
    if (!route["responses"].contains(status)) return answer.status;
    const rpc::Json& content = route["responses"][status]["content"];
    CHECK(content.contains(answer.content_type));
    if (answer.content_type == rpc::json_type && content.contains(answer.content_type)) {
      const auto fault =
          check_.fault(json_of(answer), content[std::string(rpc::json_type)]["schema"]);
      CHECK(fault.value_or("fits") == "fits");
    }
    return answer.status;
  }

  const std::string url_;
  const test::SchemaCheck check_;
  std::map<std::string, std::string> parameters_, bodies_;
  std::string claim_;
};

std::uint64_t resident_bytes(const RunningNetwork& net) {
  return net.must("ps")["nodes"][0]["rss_bytes"].get<std::uint64_t>();
}

// What processes get that are started from now on.
void limit_files(rlim_t most) {
  rlimit files{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  REQUIRE(files.rlim_max >= most);
  files.rlim_cur = most;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &files) == 0);
}

bool serves(rpc::SocketClient& client) {
  client.send("GET /rpc/head HTTP/1.1\r\n\r\n");
  return client.answer().starts_with("HTTP/1.1 200 ");
}

}  // namespace

TEST_CASE("every route that a live node describes answers as it says") {
  const RunningNetwork net;
  rpc::HttpRequest request;
  request.method = "POST";
  request.path = "/rpc/faucet";
  request.content_type = rpc::json_type;
  request.body = R"({"address":"alice","amount":1000})";
  REQUIRE(ask(net.url(1), request).status == 200);
  request.path = "/rpc/submitReceipt";
  request.body = claim(net);
  REQUIRE(ask(net.url(1), request).status == 200);
  net.wait("all: final >= 2, head == same, mempool == 0");

  const rpc::Json document = json_of(ask(net.url(1), "/openapi.json"));
  const Caller caller(net, document);
  std::size_t routes = 0;
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, route] : methods.items()) {
      caller.check(path, method, route);
      ++routes;
    }
  }
  CHECK(routes > 50);
}

TEST_CASE("every node tells its listeners of each block and each transaction") {
  const RunningNetwork net({.nodes = 2});
  const rpc::Json document = json_of(ask(net.url(1), "/openapi.json"));
  const test::SchemaCheck check(document["components"]["schemas"]);
  const auto listener = [](int node, const std::string& what) {
    auto opened =
        std::make_unique<test::WebSocketClient>(test::own_address(node), 8082, "/rpc/ws/" + what);
    REQUIRE(opened->open());
    return opened;
  };
  const auto next = [&](test::WebSocketClient& from, const char* schema) {
    const auto text = from.next();
    REQUIRE(text.has_value());
    auto json = rpc::parse_json(*text).value();
    const rpc::Json reference = {{"$ref", std::string("#/components/schemas/") + schema}};
    CHECK(check.fault(json, reference).value_or("fits") == "fits");
    return json;
  };
  std::vector<std::unique_ptr<test::WebSocketClient>> blocks, txs;
  for (const int node : {1, 2}) {
    blocks.push_back(listener(node, "blocks"));
    txs.push_back(listener(node, "transactions"));
  }
  rpc::HttpRequest gift;
  gift.method = "POST";
  gift.path = "/rpc/faucet";
  gift.content_type = rpc::json_type;
  gift.body = R"({"address":"alice","amount":1000})";
  const auto given = json_of(ask(net.url(1), gift));
  for (auto& each : txs) {
    const rpc::Json told = next(*each, "TxNews");
    CHECK(told["tx_hash"] == given["tx_hash"]);
    CHECK(told["payload"]["amount"] == 1000);
  }
  const rpc::Json first = next(*blocks[0], "BlockNews");
  CHECK(first["tx_count"] == 1);
  CHECK(next(*blocks[1], "BlockNews") == first);
  const rpc::Json block =
      json_of(ask(net.url(2), "/rpc/blocks/" + first["hash"].get<std::string>()));
  CHECK(block["transactions"][0]["tx_hash"] == given["tx_hash"]);

  net.must("down");
  CHECK_FALSE(txs[0]->next());
  CHECK(txs[0]->code() == 1001);
}

TEST_CASE("a flood of connections takes a node no memory, and others are served") {
  limit_files(1'024);
  const RunningNetwork net({.nodes = 1});
  limit_files(4'096);
  const std::string address = test::own_address(1);
  rpc::SocketClient other(address, 8082);
  REQUIRE(serves(other));
  [[maybe_unused]] const std::uint64_t before = resident_bytes(net);

  std::vector<rpc::SocketClient> idle;
  for (int i = 0; i < 1'000; ++i) {
    idle.emplace_back(address, 8082);
    REQUIRE(idle.back().connected());
    if (i % 2 == 0) idle.back().send("GET /rpc/he");
    if (i % 100 == 0) CHECK(serves(other));
  }
  CHECK(serves(other));
  for (int i = 0; i < 2'000; ++i) {
    rpc::SocketClient short_lived(address, 8082);
    CHECK(short_lived.connected());
    if (i % 100 == 0) CHECK(serves(other));
  }
  rpc::SocketClient newcomer(address, 8082);
  CHECK(serves(newcomer));
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(resident_bytes(net) < before + (32 << 20));
#endif
  idle.clear();
  CHECK(serves(other));
}
