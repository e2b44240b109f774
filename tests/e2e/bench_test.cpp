// What `aitbc bench` sends is all paid, and what it tells holds on the network.

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::Answer;
using test::RunningNetwork;

namespace {

std::vector<std::string> few(std::vector<std::string> more) {
  std::vector<std::string> words{"--accounts", "30", "--connections", "2"};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::uint64_t txs_on_chain(const RunningNetwork& net) {
  return net.must("check")["transactions"].get<std::uint64_t>();
}

}  // namespace

TEST_CASE("bench pays through all nodes, and each payment is final at all of them") {
  const RunningNetwork net;
  const rpc::Json paid = net.must("bench", few({"--txs", "400", "--batch", "7", "--for", "60s"}));
  CHECK(paid["nodes"] == 3);
  CHECK(paid["taken"] == 400);
  CHECK(paid["final"] == 400);
  CHECK(paid["answered"]["per_s"] > 0);
  CHECK(paid["finality"]["p50_ms"] >= paid["included"]["p50_ms"]);
  CHECK(paid["included"]["p99_ms"] >= paid["answered"]["p50_ms"]);
  CHECK(paid["signature_checks_per_s"]["one_thread"] > 0);
  CHECK(paid["cpu"]["nodes"].size() == 3);
  // The accounts were given their money first.
  CHECK(txs_on_chain(net) == 30 + 400);

  // They have some of it left, and go on with the nonces that follow. A window of ten makes every
  // lane wait for blocks.
  const rpc::Json again =
      net.must("bench", few({"--txs", "60", "--waiting", "10", "--batch", "5", "--for", "60s"}));
  CHECK(again["final"] == 60);
  CHECK(txs_on_chain(net) == 30 + 400 + 60);

  const rpc::Json steady = net.must("bench", few({"--rate", "40", "--for", "3s"}));
  CHECK(steady["rate"] == 40);
  CHECK(steady["final"] == steady["taken"]);
  CHECK(steady["taken"] >= 100);
  CHECK(steady["taken"] <= 121);
}

TEST_CASE("bench says what it cannot do") {
  const RunningNetwork net;
  CHECK(net.ask("bench", {"--accounts", "5"}).exit == 2);
  CHECK(net.ask("bench", {"--batch", "0"}).exit == 2);
  // More than the faucet has.
  const Answer poor = net.ask("bench", {"--accounts", "30", "--txs", "1000000000"});
  CHECK(poor.exit == 4);
  CHECK(poor.json["error"]["code"] == "insufficient_balance");
  net.must("node kill", {"3"});
  CHECK(net.ask("bench", few({"--txs", "10"})).exit == 3);
  CHECK(net.must("bench", few({"--txs", "10", "--node", "1"}))["nodes"] == 1);
}
