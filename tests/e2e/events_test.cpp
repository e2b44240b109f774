// Server-sent events of running nodes: nothing is missed and nothing told twice, whatever happens
// to the connection; many listeners; and the trace of a transaction over a real network.

#include <map>

#include "rpc/http_client.hpp"
#include "rpc/json.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/node_in_process.hpp"
#include "tests/unit/rpc/socket_client.hpp"

using namespace aitbc;
using test::eventually;

namespace {

constexpr Duration event_patience{30'000};

std::uint16_t port_of_url(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

// A listener as a browser is one: it goes on from the last id when it connects again.
class Listener {
 public:
  Listener(std::string host, std::uint16_t port, std::string query)
      : host_(std::move(host)), port_(port), query_(std::move(query)) {
    connect();
  }

  void connect() {
    client_.emplace(host_, port_);
    const std::string resume = id_.empty() ? "" : "Last-Event-ID: " + id_ + "\r\n";
    client_->send("GET /rpc/events" + query_ + " HTTP/1.1\r\nHost: localhost\r\n" + resume +
                  "\r\n");
    read_ = 0;
    REQUIRE(next_frame().starts_with("HTTP/1.1 200"));
    REQUIRE(next_frame().starts_with("retry: "));
  }

  // The next event of the type; others are passed over.
  rpc::Json next(const std::string& type) {
    while (true) {
      const std::string frame = next_frame();
      if (frame.find("event: " + type + "\n") == std::string::npos) continue;
      return rpc::parse_json(frame.substr(frame.find("data: ") + 6)).value();
    }
  }

 private:
  // Without the empty line that ends it; its id is remembered.
  std::string next_frame() {
    std::size_t end = 0;
    const auto whole = [&](const std::string& text) {
      end = text.find(read_ == 0 ? "\r\n\r\n" : "\n\n", read_);
      return end != std::string::npos;
    };
    REQUIRE(client_->read_until(whole, event_patience));
    const std::string frame = client_->input().substr(read_, end - read_);
    read_ = end + (read_ == 0 ? 4 : 2);
    const std::size_t id = ("\n" + frame).find("\nid: ");
    if (id != std::string::npos) id_ = frame.substr(id + 4, frame.find('\n', id + 1) - id - 4);
    return frame;
  }

  const std::string host_;
  const std::uint16_t port_;
  const std::string query_;
  std::optional<rpc::SocketClient> client_;
  std::size_t read_ = 0;  // of what this connection said
  std::string id_;
};

}  // namespace

TEST_CASE("a listener sees each of 200 blocks once, over a connection that ends in the middle") {
  const test::ChainBuilder builder = test::live_builder();
  const auto nodes = test::start_mesh(builder, 3);
  Listener listener("127.0.0.1", port_of_url(nodes[2]->url()), "?types=head,reorg");
  std::map<Height, std::string> chain;
  Nonce sent = 0;
  const auto send = [&] {
    REQUIRE(nodes[0]->ask().submit(builder.transfer(0, 1, 1, sent++)).has_value());
  };
  constexpr Height blocks = 200;
  while (chain.size() < blocks) {
    send();
    if (chain.size() == blocks / 2) {
      const Height seen = nodes[2]->runner().status()->head.height;
      send();
      REQUIRE(eventually([&] { return nodes[2]->runner().status()->head.height > seen; }));
      listener.connect();
    }
    const rpc::Json head = listener.next("head");
    const Height height = head["height"].get<Height>();
    const std::string hash = head["hash"].get<std::string>();
    // A block that was lost may come back; one that stands is not told again.
    CHECK((!chain.contains(height) || chain[height] != hash));
    // It stands on the one before, which a reorganisation may have changed.
    chain.erase(chain.lower_bound(height), chain.end());
    if (height > 1) {
      REQUIRE(chain.contains(height - 1));
      CHECK(chain[height - 1] == head["parent_hash"]);
    }
    chain[height] = hash;
  }
  const auto snapshot = nodes[2]->runner().reader().snapshot().value();
  for (const auto& [height, hash] : chain) {
    const auto header = snapshot->header(height).value();
    REQUIRE(header.has_value());
    CHECK(hash_text(id_of(header->header)) == hash);
  }
}

TEST_CASE("a hundred listeners hear the same, and others are answered meanwhile") {
  const test::ChainBuilder builder = test::live_builder();
  test::NodeInProcess node(builder, {.authority = 0});
  std::vector<Listener> listeners;
  const std::uint16_t port = port_of_url(node.url());
  for (int i = 0; i < 100; ++i) listeners.emplace_back("127.0.0.1", port, "?types=transaction");
  rpc::HttpClient client(rpc::parse_url(node.url()).value());
  std::vector<std::string> sent;
  for (Nonce nonce = 0; nonce < 20; ++nonce) {
    const CheckedTx tx = builder.transfer(0, 1, 1, nonce);
    sent.push_back(hash_text(node.ask().submit(tx).value()));
    rpc::HttpRequest head;
    head.method = "GET";
    head.path = "/rpc/head";
    CHECK(client.send(head, {}).value().status == 200);
  }
  for (Listener& listener : listeners) {
    std::vector<std::string> heard;
    while (heard.size() < sent.size()) {
      const rpc::Json event = listener.next("transaction");
      if (event["status"] == "pending") heard.push_back(event["tx_hash"].get<std::string>());
    }
    CHECK(heard == sent);
  }
}

TEST_CASE("the way of a transaction through a network can be traced") {
  const test::RunningNetwork net;
  net.must("wallet create", {"alice", "--no-password"});
  Listener listener(test::own_address(3), 8082, "?types=transaction,final");
  const std::string id = net.must("faucet", {"alice", "100"})["id"].get<std::string>();
  rpc::Json event = listener.next("transaction");
  CHECK(event["tx_hash"] == id);
  while (event["status"] != "final") event = listener.next("transaction");
  CHECK(event["tx_hash"] == id);

  const rpc::Json trace = net.must("tx trace", {id, "--wait"});
  CHECK(trace["over"] == true);
  const rpc::Json& stages = trace["stages"];
  REQUIRE(stages.size() >= 7);
  CHECK(stages[0]["stage"] == "received");
  CHECK(stages[0]["after_ms"] == 0);
  std::map<std::string, std::size_t> count;
  for (const rpc::Json& stage : stages) ++count[stage["stage"].get<std::string>()];
  CHECK(count["sealed"] == 1);
  CHECK(count["included"] == 2);
  CHECK(count["final"] == 3);
  CHECK(net.ask("tx trace", {"0x" + std::string(64, '0')}).exit == 1);

  // What a node was told before it was started again it does not remember, and says so.
  net.must("node restart", {"2"});
  net.wait_until_settled();
  const rpc::Json later = net.must("tx trace", {id});
  CHECK(later["over"] == true);
  for (const rpc::Json& node : later["nodes"]) {
    const bool restarted = node["node"] == "2";
    CHECK(node["note"].is_null() == !restarted);
  }
}
