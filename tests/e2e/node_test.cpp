// Single nodes and files: what they refuse to start on, copies of chains, the agent as a daemon.

#include <filesystem>
#include <map>

#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using test::Answer;
using test::Home;
using test::Process;
using test::RunningNetwork;

namespace {

// A genesis of one authority and a node that seals, or one that only follows.
class OneNode : public Home {
 public:
  OneNode() {
    must("keygen", {"-o", file("node.key")});
    must("keygen", {"-o", file("rich.key")});
    const auto rich = must("keygen", {"-o", file("other.key")});
    must("genesis init",
         {"--authority", file("node.key"), "--devnet", "--slot", "200ms", "--tail-guard", "50ms",
          "--account", rich["address"].get<std::string>() + "=1000", "-o", file("genesis.json")});
  }
  std::vector<std::string> node(const std::string& id, const std::string& address,
                                const std::string& data) const {
    return {program(),  "node",  "run",       "--node-id",          id,
            "--listen", address, "--genesis", file("genesis.json"), "--data",
            data};
  }
};

std::string json_config(const Home& home, const std::string& extra) {
  return home.write("config.json", R"({"node_id":"1","listen":{"address":"127.0.0.1","port":0},)"
                                   R"("data":"chain.db","genesis":"genesis.json")" +
                                       extra + "}");
}

std::vector<std::string> with(std::vector<std::string> words, std::vector<std::string> more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// A node that cannot run: its exit code and what it said.
std::pair<int, std::string> failed_start(const Home& home, const std::vector<std::string>& argv) {
  Process node(argv, home.file("failed.log"));
  const int code = node.wait().value_or(-1);
  return {code, node.log()};
}

std::string listen_at(int last) { return test::own_address(last) + ":8090"; }

}  // namespace

TEST_CASE("a node starts, answers, and ends when it is told to") {
  const OneNode home;
  Process node(home.node("1", listen_at(1), home.file("data/chain.db")), home.file("log"));
  REQUIRE(test::eventually([&] { return node.logged("node_started"); }));
  const Answer head = home.ask("chain head", {"--node", "http://" + listen_at(1)});
  CHECK(head.exit == 0);
  CHECK(head.json["height"] == 0);
  CHECK(home.must("genesis verify",
                  {home.file("genesis.json"), "--node", "http://" + listen_at(1)})["same"] == true);
  CHECK(node.end(SIGTERM) == 0);
  CHECK(node.logged("node_stopped"));
}

TEST_CASE("a node that cannot run says why, and what to do") {
  const OneNode home;
  Process node(home.node("1", listen_at(1), home.file("chain.db")), home.file("log"));
  REQUIRE(test::eventually([&] { return node.logged("node_started"); }));

  const auto same_data = failed_start(home, home.node("2", listen_at(2), home.file("chain.db")));
  CHECK(same_data.first == 2);
  CHECK(same_data.second.find("uses") != std::string::npos);
  const auto same_port = failed_start(home, home.node("2", listen_at(1), home.file("two.db")));
  CHECK(same_port.first == 2);
  CHECK(same_port.second.find(test::own_address(1)) != std::string::npos);
  CHECK(node.end(SIGTERM) == 0);

  home.must("genesis init", {"--authority", home.file("rich.key"), "-o", home.file("g2.json")});
  const auto foreign = failed_start(home, with(home.node("1", listen_at(1), home.file("chain.db")),
                                               {"--genesis", home.file("g2.json")}));
  CHECK(foreign.first != 0);

  const auto other_chain = failed_start(
      home, with(home.node("1", listen_at(1), home.file("new.db")), {"--chain-id", "ait-mainnet"}));
  CHECK(other_chain.first == 2);
  CHECK(other_chain.second.find("chain_id") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(home.file("new.db")));

  const auto unguarded = failed_start(home, home.node("1", "0.0.0.0:0", home.file("unguarded.db")));
  CHECK(unguarded.first == 2);
  CHECK(unguarded.second.find("access.keys is missing") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(home.file("unguarded.db")));

  home.write("garbage.db", std::string(10'000, 'x'));
  const auto corrupt = failed_start(home, home.node("1", listen_at(1), home.file("garbage.db")));
  CHECK(corrupt.first == 70);
  CHECK(corrupt.second.find("garbage.db") != std::string::npos);
}

TEST_CASE("a wrong configuration file is refused before anything is made") {
  const OneNode home;
  struct Case {
    std::string extra, said;
  };
  const std::vector<Case> cases{
      {R"(,"colour":1)", "colour"},
      {R"(,"peers":["nonsense"])", "peers[0]"},
      {R"(,"sync":{"interval_s":"10"})", "sync.interval_s"},
      {R"(,"log":{"level":"loud"})", "log.level"},
      {",", "config.json"},
  };
  for (const Case& each : cases) {
    INFO(each.extra);
    const auto failed = failed_start(
        home, {home.program(), "node", "run", "--config", json_config(home, each.extra)});
    CHECK(failed.first == 2);
    CHECK(failed.second.find(each.said) != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(home.file("chain.db")));
  Process good({home.program(), "node", "run", "--config", json_config(home, "")},
               home.file("log"));
  CHECK(test::eventually([&] { return good.logged("node_started"); }));
  CHECK(good.end(SIGINT) == 0);
}

TEST_CASE("a node's settings are shown with where they come from") {
  const OneNode home;
  const rpc::Json shown = home.must(
      "node config", {"--config", json_config(home, ""), "--interval", "7", "--peer", "http://a"});
  std::map<std::string, std::pair<std::string, std::string>> rows;
  for (const rpc::Json& row : shown["settings"]) {
    rows[row["setting"].get<std::string>()] = {row["value"].get<std::string>(),
                                               row["from"].get<std::string>()};
  }
  CHECK(rows["node_id"] == std::pair<std::string, std::string>("1", home.file("config.json")));
  CHECK(rows["sync.interval_s"] == std::pair<std::string, std::string>("7", "--interval"));
  CHECK(rows["peers"] == std::pair<std::string, std::string>("http://a", "--peer"));
  CHECK(rows["log.level"] == std::pair<std::string, std::string>("info", "default"));
  CHECK(rows.size() == 24);
  CHECK(shown["ignored"].empty());
}

TEST_CASE("a wrong network file is refused with its line") {
  const Home home;
  const std::string good = RunningNetwork::yaml({});
  const auto refused = [&](const std::string& text) {
    const Answer answer = home.ask("up", {"-f", home.write("network.yaml", text)});
    CHECK(answer.exit == 2);
    CHECK(answer.json["error"]["code"] == "bad_manifest");
    return answer.json["error"]["detail"].get<std::string>();
  };
  CHECK(refused(good + "colour: red\n").find("network.yaml:") != std::string::npos);
  CHECK(refused("network: [\n").find("network.yaml:") != std::string::npos);
  CHECK(refused(good + "  fee_min: 2\n").find("fee_min") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(home.file("home/networks/test-net")));
  CHECK(home.must("new", {"default"})["text"].get<std::string>().find("ait-devnet") !=
        std::string::npos);
}

TEST_CASE("nodes of a network do not take settings or secrets from who starts them") {
  const Home home;
  home.write("network.yaml", RunningNetwork::yaml({.nodes = 2}));
  sites::Command up;
  up.argv = {"env",
             "AITBC_NODE_ID=other",
             "AITBC_DATA=" + home.file("other.db"),
             "AITBC_WALLET_PASSWORD=hidden",
             home.program(),
             "--home",
             home.file("home"),
             "up",
             "-f",
             home.file("network.yaml")};
  up.timeout = Duration{60'000};
  const auto ran = sites::run(up, sites::SystemClock());
  REQUIRE(ran.has_value());
  CHECK(ran->exit_code == 0);
  const rpc::Json processes = home.must("ps");
  for (const rpc::Json& node : processes["nodes"]) {
    const auto pid = node["pid"].get<pid_t>();
    const std::string environment = test::read_text("/proc/" + std::to_string(pid) + "/environ");
    CHECK_FALSE(environment.empty());
    CHECK(environment.find("hidden") == std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(home.file("other.db")));
  home.must("down", {"--purge"});
}

TEST_CASE("nothing is signed for a node that runs on another genesis than its network") {
  const RunningNetwork net({.nodes = 1});
  net.new_wallet("alice");
  net.must("faucet", {"alice", "5"});
  net.must("stop");
  const OneNode other;
  const std::string at = test::own_address(1) + ":8082";
  Process impostor(other.node("1", at, other.file("chain.db")), other.file("log"));
  REQUIRE(test::eventually([&] { return impostor.logged("node_started"); }));
  for (const Answer& answer :
       {net.ask("faucet", {"alice", "1"}), net.ask("send", {"alice", "alice", "1"}),
        net.ask("chain verify"), net.ask("genesis verify")}) {
    CHECK(answer.exit == 1);
    if (answer.json.contains("error")) CHECK(answer.json["error"]["code"] == "wrong_genesis");
  }
  CHECK(other.must("chain head", {"--node", "http://" + at})["height"] == 0);
}

TEST_CASE("a chain is verified, exported and imported; a changed copy is found out") {
  const RunningNetwork net({.nodes = 1});
  net.new_wallet("alice");
  for (int i = 0; i < 3; ++i) net.must("faucet", {"alice", "5"});
  const rpc::Json head = net.must("chain head");
  const std::string copy = net.file("copy");
  CHECK(net.must("chain export", {copy})["head"] == head["hash"]);
  CHECK(net.must("chain verify", {copy})["state_root"] == head["state_root"]);
  CHECK(net.must("chain verify", {copy})["certificates"].is_null());
  const auto certified = [&](std::vector<std::string> where) {
    where.push_back("--certificates");
    return net.must("chain verify", where);
  };
  for (const rpc::Json& verdict :
       {certified({copy}), certified({"--db", net.database(1)}), certified({"--node", "1"})}) {
    CHECK(verdict["final_height"] == head["height"]);
    CHECK(verdict["certificates"] >= 1);
  }
  const rpc::Json live = net.must("chain verify", {"--db", net.database(1)});
  CHECK(live["head"] == head["hash"]);
  CHECK(live["state_root"] == head["state_root"]);

  const std::string at = test::own_address(9) + ":8090";
  Process follower({net.program(), "node", "run", "--node-id", "9", "--listen", at, "--genesis",
                    net.folder() + "/genesis.json", "--data", net.file("follower.db")},
                   net.file("follower.log"));
  REQUIRE(test::eventually([&] { return follower.logged("node_started"); }));
  const rpc::Json imported = net.must("chain import", {copy, "--node", "http://" + at});
  CHECK(imported["appended"] == head["height"]);
  CHECK(imported["head"] == head["hash"]);
  CHECK(net.must("chain import", {copy, "--node", "http://" + at})["appended"] == 0);
  CHECK(follower.end(SIGTERM) == 0);
  CHECK(net.must("chain verify", {"--db", net.file("follower.db")})["head"] == head["hash"]);

  const std::string bytes = test::read_text(copy);
  const auto changed = [&](std::size_t byte) {
    std::string other = bytes;
    other[byte] = static_cast<char>(other[byte] ^ 1);
    return net.write("changed", other);
  };
  const Answer broken = net.ask("chain verify", {changed(bytes.size() / 2)});
  CHECK(broken.exit == 1);
  CHECK(broken.json["valid"] == false);
  // The file ends in the signature of the last vote.
  CHECK(net.must("chain verify", {changed(bytes.size() - 10)})["valid"] == true);
  const Answer unproven = net.ask("chain verify", {changed(bytes.size() - 10), "--certificates"});
  CHECK(unproven.exit == 1);
  CHECK(unproven.json["code"] == "bad_certificate");
  const Answer cut = net.ask("chain verify", {net.write("cut", bytes.substr(0, 200))});
  CHECK(cut.exit == 2);
  CHECK(net.ask("chain verify", {copy, "--db", net.database(1)}).exit == 2);
}

TEST_CASE("the agent as a daemon makes a node follow one that it does not know") {
  const bool poll_only = GENERATE(false, true);
  const RunningNetwork net({.nodes = 1});
  net.new_wallet("alice");
  net.must("faucet", {"alice", "5"});
  const std::string at = "http://" + test::own_address(9) + ":8090";
  Process follower(
      {net.program(), "node", "run", "--node-id", "9", "--listen", test::own_address(9) + ":8090",
       "--genesis", net.folder() + "/genesis.json", "--data", net.file("follower.db"), "--no-sync"},
      net.file("follower.log"));
  REQUIRE(test::eventually([&] { return follower.logged("node_started"); }));
  // An agent makes one node follow; two make both follow each other.
  const auto agent_of = [&](const std::string& local, const std::string& peer) {
    std::vector<std::string> words{net.program(), "sync", "run",        "--local", local,
                                   "--peer",      peer,   "--interval", "1s"};
    if (poll_only) words.push_back("--poll-only");
    return words;
  };
  Process agent(agent_of(at, net.url(1)), net.file("agent.log"));
  const auto follows = [&] {
    return net.must("chain head", {"--node", at})["hash"] == net.must("chain head")["hash"];
  };
  CHECK(test::eventually(follows));
  // What is paid at the follower gets into the other's block.
  Process back(agent_of(net.url(1), at), net.file("back.log"));
  CHECK(net.must("faucet", {"alice", "6", "--node", at})["status"] == "included");
  CHECK(test::eventually(follows));
  CHECK(net.must("balance", {"alice", "--node", at})["balance"] == 11);
  CHECK(agent.end(SIGTERM) == 0);
  CHECK(agent.logged("sync_stopped"));
  CHECK(back.end(SIGTERM) == 0);
  CHECK(follower.end(SIGTERM) == 0);
}
