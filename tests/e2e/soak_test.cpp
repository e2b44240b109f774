// Load and harm together. Short in a normal run; AITBC_SOAK_S=60 makes it the long form.

#include <chrono>
#include <cstdlib>
#include <thread>

#include "rpc/client.hpp"
#include "tests/e2e/network_fixture.hpp"
#include "tests/support/generators.hpp"

using namespace aitbc;
using test::RunningNetwork;

namespace {

using Clock = std::chrono::steady_clock;

std::chrono::seconds soak_time() {
  const char* text = std::getenv("AITBC_SOAK_S");
  return std::chrono::seconds(text != nullptr ? std::atoi(text) : 8);
}

// Each pays through its own node, the next only after the last was acknowledged; the same
// transaction is sent again until it is.
struct User {
  KeyPair key;
  int node;
  std::optional<SignedTx> open;
  std::vector<TxId> acknowledged;
};

struct Crowd {
  static constexpr std::size_t size = 12;
  std::vector<User> users;
  std::string genesis_lines = "  accounts:\n";

  Crowd() {
    gen::Rng rng(Catch::rngSeed());
    for (std::size_t i = 0; i < size; ++i) {
      users.push_back({gen::key(rng), static_cast<int>(i % 3) + 1, std::nullopt, {}});
      genesis_lines += "    - {address: " + to_text(address(users[i])) + ", balance: 1000000}\n";
    }
  }
  static Address address(const User& user) {
    return address_of(Policy::single(user.key.public_key()));
  }

  // One payment; false if its node did not acknowledge it.
  static bool pay(User& user, const User& to, const GenesisHash& chain, rpc::Client& client) {
    if (!user.open) {
      Tx body;
      body.nonce = user.acknowledged.size();
      body.fee = *Amount::from(1);
      body.payload = Transfer{address(to), *Amount::from(1)};
      const KeyPair* const signer = &user.key;
      const Policy policy = Policy::single(user.key.public_key());
      user.open = *sign(chain, body, policy, std::span(&signer, 1));
    }
    const auto answer = client.submit(*user.open);
    if (!answer) return false;
    user.acknowledged.push_back(*answer);
    user.open.reset();
    return true;
  }
};

// 50 payments a second, in turn, until the time is over; `harm` runs every two seconds.
void load(Crowd& crowd, const RunningNetwork& net, const std::function<void()>& harm) {
  std::vector<rpc::Client> clients;
  for (int node = 1; node <= 3; ++node) clients.push_back(*rpc::Client::open(net.url(node)));
  const GenesisHash chain = params_of(*clients[0].genesis()).genesis_hash;
  constexpr std::chrono::milliseconds pause{20};
  const auto start = Clock::now();
  auto harmed = start;
  for (std::size_t turn = 0; Clock::now() - start < soak_time(); ++turn) {
    User& user = crowd.users[turn % Crowd::size];
    const User& to = crowd.users[(turn + 5) % Crowd::size];
    Crowd::pay(user, to, chain, clients[static_cast<std::size_t>(user.node - 1)]);
    if (Clock::now() - harmed > std::chrono::seconds(2)) {
      harmed = Clock::now();
      harm();
    }
    const auto due = start + pause * static_cast<int>(turn + 1);
    test::eventually([&] { return Clock::now() >= due; });
  }
}

// Every acknowledged payment is on every node, once, and all nodes say the same.
void require_all_kept(const Crowd& crowd, const RunningNetwork& net) {
  net.wait_until_settled();
  std::size_t acknowledged = 0;
  for (const User& user : crowd.users) acknowledged += user.acknowledged.size();
  CHECK(acknowledged > 0);
  for (int node = 1; node <= 3; ++node) {
    rpc::Client client = *rpc::Client::open(net.url(node));
    for (const User& user : crowd.users) {
      // Nonces are strict, so this many transactions of the user are in the chain, each once.
      const Nonce nonce = client.account(Crowd::address(user))->account.nonce;
      CHECK(nonce >= user.acknowledged.size());
      CHECK(nonce <= user.acknowledged.size() + (user.open ? 1 : 0));
      for (const TxId& id : user.acknowledged) {
        const auto found = client.tx(id);
        REQUIRE(found);
        CHECK(found->where == rpc::Client::TxView::Where::included);
      }
    }
    CHECK(net.must("chain verify", {"--node", std::to_string(node)})["valid"] == true);
  }
  const rpc::Json status = net.must("status");
  for (const rpc::Json& node : status["nodes"]) {
    CHECK(node["head"] == status["nodes"][0]["head"]);
    CHECK(node["state_root"] == status["nodes"][0]["state_root"]);
  }
  WARN(acknowledged << " payments acknowledged, all included");
}

// The node knows only these peers from now on.
void set_peers(const RunningNetwork& net, int node, const std::vector<int>& peers) {
  const std::string path = net.folder() + "/nodes/" + std::to_string(node) + "/config.json";
  rpc::Json config = *rpc::parse_json(test::read_text(path));
  config["peers"] = rpc::Json::array();
  for (const int peer : peers) config["peers"].push_back(net.url(peer));
  std::ofstream(path) << rpc::dump(config);
  net.must("node restart", {std::to_string(node)});
}

}  // namespace

TEST_CASE("kill -9 of a random node every two seconds under load loses nothing") {
  Crowd crowd;
  test::Shape shape;
  shape.genesis += crowd.genesis_lines;
  const RunningNetwork net(shape);
  gen::Rng rng(Catch::rngSeed());
  load(crowd, net, [&] {
    const std::string victim = std::to_string(1 + rng.below(3));
    net.must("node kill", {victim});
    net.must("node start", {victim});
  });
  require_all_kept(crowd, net);
}

TEST_CASE("two partitions with traffic on both sides heal into one chain, and nothing is lost") {
  Crowd crowd;
  test::Shape shape;
  shape.genesis += crowd.genesis_lines;
  const RunningNetwork net(shape);
  for (const int alone : {1, 3}) {
    const int one = alone == 1 ? 2 : 1;
    const int other = alone == 3 ? 2 : 3;
    set_peers(net, alone, {});
    set_peers(net, one, {other});
    set_peers(net, other, {one});
    load(crowd, net, [] {});
    for (const int node : {1, 2, 3}) {
      std::vector<int> peers;
      for (const int peer : {1, 2, 3}) {
        if (peer != node) peers.push_back(peer);
      }
      set_peers(net, node, peers);
    }
    const auto healed = Clock::now();
    net.wait("all: head == same, mempool == 0");
    const std::chrono::duration<double> took = Clock::now() - healed;
    WARN("one chain " << took.count() << " s after healing");
    require_all_kept(crowd, net);
  }
}
