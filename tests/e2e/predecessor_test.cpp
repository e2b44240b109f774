// The predecessor's requests, unsigned and in its words, against a running network.

#include "rpc/http_client.hpp"
#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::RunningNetwork;

namespace {

constexpr const char* alice = "aitbc1alice00000000000000000000000000000000000";
constexpr const char* bob = "aitbc1bob0000000000000000000000000000000000000";

rpc::Json ask(const RunningNetwork& net, int node, const std::string& path,
              const std::string& body = "") {
  rpc::HttpRequest request;
  request.method = body.empty() ? "GET" : "POST";
  request.path = path;
  request.content_type = body.empty() ? "" : rpc::json_type;
  request.body = body;
  rpc::HttpClient client(rpc::parse_url(net.url(node)).value());
  rpc::HttpClient::CallLimits patience;
  patience.total = Duration{30'000};
  const auto answer = client.send(request, patience);
  REQUIRE(answer.has_value());
  INFO(path << ": " << answer->body);
  REQUIRE(answer->status == 200);
  return rpc::parse_json(answer->body).value();
}

}  // namespace

TEST_CASE("a receipt that the network's coordinator signed is claimed once, on every node") {
  const RunningNetwork net;
  const auto signed_receipt = net.run({"receipt", "sign", "miner", "1.9", "--job", "job-7"});
  REQUIRE(signed_receipt.exit == 0);
  const std::string& receipt = signed_receipt.out;
  const std::string body =
      R"({"sender":"alice","nonce":0,"fee":1,"payload":)" + receipt + R"(,"sig":null})";
  ask(net, 1, "/rpc/submitReceipt", body);
  net.wait_until_settled();
  const std::string id = rpc::parse_json(receipt).value()["receipt_id"].get<std::string>();
  for (int node = 1; node <= 3; ++node) {
    CHECK(ask(net, node, "/rpc/getBalance/miner")["balance"] == 1'900);
    const rpc::Json found = ask(net, node, "/rpc/receipts/" + id);
    CHECK(found["job_id"] == "job-7");
    CHECK(found["minted_amount"] == 1'900);
    CHECK(ask(net, node, "/rpc/receipts")["total"] == 1);
  }
}

TEST_CASE("unsigned requests of the predecessor's tools end in one balance on every node") {
  const RunningNetwork net;
  const rpc::Json minted =
      ask(net, 1, "/rpc/admin/mintFaucet", R"({"address":"carol","amount":1000})");
  CHECK(minted["balance"] == 1'000);

  const std::string transfer = std::string(R"({"type":"TRANSFER","sender":")") + alice +
                               R"(","nonce":0,"fee":10,"payload":{"to":")" + bob +
                               R"(","amount":100},"sig":null})";
  const std::string hash = ask(net, 2, "/rpc/sendTx", transfer)["tx_hash"].get<std::string>();
  ask(net, 3, "/rpc/transaction", R"({"from":"carol","to":"dave","amount":250})");
  net.wait_until_settled();

  const rpc::Json head = ask(net, 1, "/rpc/head");
  for (int node = 1; node <= 3; ++node) {
    CHECK(ask(net, node, "/rpc/head")["hash"] == head["hash"]);
    CHECK(ask(net, node, std::string("/rpc/getBalance/") + bob)["balance"] == 100);
    CHECK(ask(net, node, "/rpc/getBalance/dave")["balance"] == 250);
    CHECK(ask(net, node, "/rpc/getBalance/carol")["balance"] == 1'000 - 250 - 36);
    const rpc::Json tx = ask(net, node, "/rpc/tx/" + hash);
    CHECK(tx["block_height"].get<std::uint64_t>() > 0);
    CHECK(tx["payload"]["amount"] == 100);
  }
}
