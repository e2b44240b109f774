// The set of nodes changes under load, and those that stay go on as the same processes.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "cli/traffic.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/eventually.hpp"

using namespace aitbc;
using test::eventually;
using test::RunningNetwork;
using test::Shape;

namespace {

// Pays through one node, one payment after the other, from an account of its own, until it ends.
class Load {
 public:
  Load(std::size_t number, std::string url, const GenesisHash& chain)
      : key_(cli::traffic_key(number)), url_(std::move(url)), chain_(chain) {
    thread_ = std::jthread([this](const std::stop_token& end) { pay_until(end); });
  }
  void stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
  }
  // What was acknowledged so far.
  std::vector<TxId> acknowledged() const {
    const std::lock_guard lock(mutex_);
    return acknowledged_;
  }
  bool goes_on() const {
    const std::size_t before = acknowledged().size();
    return eventually([&] { return acknowledged().size() > before; });
  }

 private:
  void pay_until(const std::stop_token& end) {
    while (!end.stop_requested()) {
      auto client = rpc::Client::open(url_, {Duration{500}, Duration{5'000}});
      // One that was not answered is sent again as it was.
      while (client && !end.stop_requested() && pay(*client)) pause(end);
      pause(end);
    }
  }
  // As often as people pay, not as often as it can.
  static void pause(const std::stop_token& end) {
    constexpr std::chrono::milliseconds between{50};
    std::mutex mutex;
    std::condition_variable_any ended;
    std::unique_lock lock(mutex);
    ended.wait_for(lock, end, between, [] { return false; });
  }
  bool pay(rpc::Client& client) {
    const Policy policy = Policy::single(key_.public_key());
    Tx body;
    body.nonce = next_;
    body.fee = *Amount::from(1);
    body.payload = Transfer{cli::traffic_address(9), *Amount::from(1)};
    const KeyPair* const signer = &key_;
    const auto tx = sign(chain_, body, policy, std::span(&signer, 1));
    const auto taken = tx ? client.submit(*tx) : Result<TxId>(tx.error());
    if (!taken) return false;
    const std::lock_guard lock(mutex_);
    acknowledged_.push_back(*taken);
    ++next_;
    return true;
  }

  const KeyPair key_;
  const std::string url_;
  const GenesisHash chain_;
  Nonce next_ = 0;
  mutable std::mutex mutex_;
  std::vector<TxId> acknowledged_;
  std::jthread thread_;
};

std::string accounts() {
  std::string text = "  accounts:\n";
  for (std::size_t i = 0; i < 4; ++i) {
    text += "    - {address: " + to_text(cli::traffic_address(i)) + ", balance: 1000000}\n";
  }
  return text;
}

const Shape three{.nodes = 3, .genesis = "  faucet_balance: 1000000\n" + accounts()};

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

std::string with_a_follower() {
  Shape four = three;
  four.nodes = 4;
  return replaced(RunningNetwork::yaml(four), "{id: 4, rpc_port: 8082}",
                  "{id: 4, rpc_port: 8082, authority: false}");
}

std::string url_of(int node, int port = 8082) {
  return "http://" + test::own_address(node) + ":" + std::to_string(port);
}

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().detail);
  return std::move(*result);
}

NodeStatus ask(const std::string& url) { return must(must(rpc::Client::open(url)).network()); }

std::vector<std::string> peers_at(const std::string& url) {
  std::vector<std::string> urls;
  for (const PeerStatus& peer : ask(url).peers) urls.push_back(peer.url);
  return urls;
}

bool has_all(const std::string& url, const std::vector<TxId>& txs) {
  auto client = must(rpc::Client::open(url));
  return std::all_of(txs.begin(), txs.end(), [&](const TxId& tx) {
    const auto view = client.tx(tx);
    return view && view->where == rpc::Client::TxView::Where::included;
  });
}

std::vector<int> pids(const rpc::Json& ps) {
  std::vector<int> all;
  for (const rpc::Json& node : ps["nodes"]) all.push_back(node["pid"].get<int>());
  return all;
}

}  // namespace

TEST_CASE("nodes come, go and change their address under load, and the others go on") {
  const RunningNetwork net(three);
  const auto change = [&](const std::string& yaml) {
    net.write("network.yaml", yaml);
    return net.must("up", {"-f", net.file("network.yaml")})["changes"].get<int>();
  };
  const GenesisHash chain = must(must(rpc::Client::open(url_of(1))).sync({})).genesis_hash;
  const std::vector<int> first = pids(net.must("ps"));
  const std::string instance = ask(url_of(1)).instance;
  std::deque<Load> loads;
  for (std::size_t i = 0; i < 3; ++i) {
    loads.emplace_back(i, url_of(static_cast<int>(i) + 1), chain);
    REQUIRE(loads[i].goes_on());
  }

  CHECK(change(with_a_follower()) == 4);
  std::vector<int> now = pids(net.must("ps"));
  REQUIRE(now.size() == 4);
  CHECK(std::vector(now.begin(), now.begin() + 3) == first);
  CHECK(peers_at(url_of(1)) == std::vector{url_of(2), url_of(3), url_of(4)});
  loads.emplace_back(3, url_of(4), chain);
  for (const Load& load : loads) CHECK(load.goes_on());

  // What was paid through a node leaves with it, unless the others have it: so that ends first.
  loads[3].stop();
  REQUIRE(eventually([&] { return has_all(url_of(1), loads[3].acknowledged()); }));
  CHECK(change(RunningNetwork::yaml(three)) == 4);
  CHECK(pids(net.must("ps")) == first);
  CHECK(peers_at(url_of(1)) == std::vector{url_of(2), url_of(3)});
  for (int i = 0; i < 3; ++i) CHECK(loads[static_cast<std::size_t>(i)].goes_on());

  loads[2].stop();
  CHECK(change(replaced(RunningNetwork::yaml(three), "{id: 3, rpc_port: 8082}",
                        "{id: 3, rpc_port: 8083}")) == 3);
  now = pids(net.must("ps"));
  CHECK(std::vector(now.begin(), now.begin() + 2) == std::vector(first.begin(), first.begin() + 2));
  CHECK(now[2] != first[2]);
  CHECK(peers_at(url_of(2)) == std::vector{url_of(1), url_of(3, 8083)});
  CHECK(ask(url_of(1)).instance == instance);
  for (std::size_t i = 0; i < 2; ++i) CHECK(loads[i].goes_on());

  for (Load& load : loads) load.stop();
  net.wait_until_settled();
  for (const std::string& url : {url_of(1), url_of(2), url_of(3, 8083)}) {
    for (const Load& load : loads) {
      CHECK_FALSE(load.acknowledged().empty());
      CHECK(has_all(url, load.acknowledged()));
    }
  }
  CHECK(net.must("plan")["changes"] == 0);
  for (const std::string node : {"1", "2", "3"}) {
    CHECK(net.must("chain verify", {"--node", node})["valid"] == true);
  }
}
