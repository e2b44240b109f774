// What wallets may do: passwords, payments at once, what is refused and by whom.

#include <set>

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::Answer;
using test::RunningNetwork;

namespace {

std::string code_of(const Answer& answer) {
  return answer.json.contains("error") ? answer.json["error"]["code"].get<std::string>() : "";
}

}  // namespace

TEST_CASE("an encrypted wallet pays with its password and not without") {
  const RunningNetwork net({.nodes = 1});
  const std::string password = net.write("password", "correct horse\n");
  const std::string wrong = net.write("wrong", "correct house\n");
  CHECK(net.must("wallet create", {"alice", "--password-file", password})["encrypted"] == true);
  net.new_wallet("bob");
  net.must("faucet", {"alice", "100"});
  const Answer closed = net.ask("send", {"alice", "bob", "1"});
  CHECK(closed.exit == 1);
  CHECK(code_of(closed) == "refused");
  CHECK(net.ask("send", {"alice", "bob", "1", "--password-file", wrong}).exit == 1);
  net.must("send", {"alice", "bob", "1", "--password-file", password});

  sites::Command with_variable;
  with_variable.argv = {"env",
                        "AITBC_WALLET_PASSWORD=correct horse",
                        net.program(),
                        "--home",
                        net.file("home"),
                        "send",
                        "alice",
                        "bob",
                        "1"};
  with_variable.timeout = Duration{60'000};
  const sites::SystemClock clock;
  const auto ran = sites::run(with_variable, clock);
  REQUIRE(ran.has_value());
  CHECK(ran->exit_code == 0);
  CHECK(net.balance("bob", "1") == 2);

  net.must("wallet export", {"alice", "-o", net.file("alice.key"), "--password-file", password});
  const rpc::Json copied =
      net.must("wallet import", {"copy", "--key-file", net.file("alice.key"), "--no-password"});
  CHECK(copied["address"] == net.must("wallet show", {"alice"})["address"]);
  net.must("send", {"copy", "bob", "1"});
  CHECK(net.must("wallet list")["wallets"].size() == 3);
  CHECK(net.ask("wallet delete", {"copy"}).exit == 2);
  net.must("wallet delete", {"copy", "--yes"});
  CHECK(net.ask("wallet show", {"copy"}).exit == 1);
}

TEST_CASE("payments of one account at the same time all get through") {
  const RunningNetwork net({.nodes = 1});
  net.new_wallet("alice");
  std::vector<std::unique_ptr<test::Process>> payments;
  for (int amount = 1; amount <= 5; ++amount) {
    payments.push_back(std::make_unique<test::Process>(
        std::vector<std::string>{net.program(), "--home", net.file("home"), "faucet", "alice",
                                 std::to_string(amount)},
        net.file("payment" + std::to_string(amount))));
  }
  for (const auto& payment : payments) {
    INFO(payment->log());
    CHECK(payment->wait() == 0);
  }
  CHECK(net.balance("alice", "1") == 15);
}

TEST_CASE("equal payments through different nodes are all made, however fast they follow") {
  const RunningNetwork net;
  net.new_wallet("alice");
  net.new_wallet("bob");
  net.must("faucet", {"alice", "1000"});
  net.wait_until_settled();
  std::set<std::string> ids;
  for (int i = 0; i < 12; ++i) {
    const std::string node = std::to_string(i % 3 + 1);
    ids.insert(net.must("send", {"alice", "bob", "1", "--wait", "none", "--node", node})["id"]
                   .get<std::string>());
  }
  CHECK(ids.size() == 12);
  net.wait_until_settled();
  CHECK(net.balance("bob", "2") == 12);
}

TEST_CASE("what a node refuses is exit 4 and changes nothing") {
  const RunningNetwork net({.nodes = 1});
  net.new_wallet("alice");
  net.new_wallet("bob");
  net.must("faucet", {"alice", "100"});
  struct Case {
    std::vector<std::string> arguments;
    std::string code;
  };
  const std::vector<Case> cases{
      {{"alice", "bob", "1000"}, "insufficient_balance"},
      {{"alice", "bob", "1", "--fee", "0"}, "fee_too_low"},
      {{"alice", "bob", "1", "--nonce", "5000"}, "nonce_gap"},
  };
  for (const Case& each : cases) {
    INFO(each.code);
    const Answer answer = net.ask("send", each.arguments);
    CHECK(answer.exit == 4);
    CHECK(code_of(answer) == each.code);
  }
  CHECK(net.balance("alice", "1") == 100);
  CHECK(net.ask("send", {"alice", "bob", "0"}).exit == 2);
  CHECK(net.ask("send", {"alice", "bob", "-1"}).exit == 2);
  CHECK(net.ask("send", {"alice", "aitbc1qqqq", "1"}).exit == 2);
  CHECK(net.ask("send", {"alice", "nobody", "1"}).exit == 1);
  CHECK(net.ask("balance", {"bob", "--at", "9"}).exit == 2);
  CHECK(net.ask("tx show", {"0x" + std::string(64, '0')}).exit == 1);

  // A gap keeps a transaction waiting for longer than this one is waited for.
  const Answer waiting = net.ask("send", {"alice", "bob", "1", "--nonce", "2", "--timeout", "1s"});
  CHECK(waiting.exit == 3);
  CHECK(code_of(waiting) == "timeout");
  CHECK(net.must("tx pending")["count"] == 1);
}

TEST_CASE("a chain that is no devnet has no faucet and no open wallets") {
  const RunningNetwork net({.nodes = 1, .features = {}, .genesis = "  devnet: false\n"});
  CHECK(code_of(net.ask("wallet create", {"alice", "--no-password"})) == "refused");
  net.must("wallet create", {"alice", "--password-file", net.write("password", "x")});
  CHECK(code_of(net.ask("faucet", {"alice", "1"})) == "refused");
}
