// `aitbc check` against live networks, in order and not, and `aitbc test` with a scenario that
// holds and one that does not.

#include <atomic>
#include <filesystem>

#include "rpc/binary.hpp"
#include "rpc/http_client.hpp"
#include "rpc/http_server.hpp"
#include "tests/e2e/network_fixture.hpp"

using namespace aitbc;
using namespace aitbc::test;
using rpc::Json;

namespace {

// A node that passes a real one's answers on, but for its blocks, which a test may change.
class FalseNode {
 public:
  using Change = std::function<void(std::vector<Block>&)>;

  FalseNode(const std::string& url, Change change)
      : real_(*rpc::parse_url(url)), change_(std::move(change)) {
    rpc::HttpService service;
    service.handle = [this](const rpc::HttpRequest& request) { return answer(request); };
    service.waits = [](const rpc::HttpRequest&) { return false; };
    auto server = rpc::HttpServer::start({.address = "127.0.0.1"}, std::move(service), log_);
    REQUIRE(server.has_value());
    server_ = std::move(*server);
  }
  ~FalseNode() { server_->stop(); }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }

 private:
  rpc::HttpResponse answer(const rpc::HttpRequest& request) {
    const std::lock_guard lock(mutex_);
    const rpc::HttpClient::CallLimits limits{limits::connect_time_max, limits::answer_time_max,
                                             limits::http_body_bytes_max};
    auto answered = real_.send(request, limits);
    if (!answered) {
      rpc::HttpResponse down;
      down.status = 503;
      return down;
    }
    if (request.path != "/rpc/blocks-range") return std::move(*answered);
    auto blocks = decode_blocks(as_bytes(answered->body), limits::range_blocks_max);
    if (!blocks) return std::move(*answered);
    change_(*blocks);
    answered->body = as_text(encode(std::span<const Block>(*blocks)));
    return std::move(*answered);
  }

  NullLog log_;
  std::mutex mutex_;
  rpc::HttpClient real_;
  Change change_;
  std::unique_ptr<rpc::HttpServer> server_;
};

std::string verdict(const Json& report, const std::string& invariant) {
  for (const Json& row : report["invariants"]) {
    if (row["name"] == invariant) return row["verdict"].get<std::string>();
  }
  return "none";
}

// Whether any process has the text in its command line.
bool runs(const std::string& text) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    if (read_text(entry.path() / "cmdline").find(text) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("check holds a network against every invariant, and tells who breaks one") {
  const RunningNetwork net;
  net.new_wallet("alice");
  std::string acked;
  for (int i = 0; i < 4; ++i) {
    const Json sent = net.must("faucet", {"alice", "10", "--wait", "final"});
    acked += sent["id"].get<std::string>() + "\n";
  }
  net.wait("all: head == same, final >= 4");
  const std::string file = net.write("acked", acked);
  const Json good = net.must("check", {"--acked", file});
  CHECK(good["holds"] == true);
  CHECK(good["height"] == 4);
  CHECK(good["transactions"] == 4);
  CHECK(good["nodes"].size() == 3);
  CHECK(verdict(good, "nothing_lost") == "holds");
  CHECK(verdict(good, "grows_after_heal") == "not_asked");

  // Nobody pays, so nothing grows.
  CHECK(net.ask("check", {"--growing", "200ms"}).exit == 1);
  const Answer lost = net.ask("check", {"--acked", net.write("lost", "0x" + std::string(64, 'a'))});
  CHECK(lost.exit == 1);
  CHECK(lost.json["violations"][0]["invariant"] == "nothing_lost");
  CHECK(net.ask("check", {"--acked", net.write("none", "what\n")}).exit == 2);

  {
    const FalseNode other(net.url(3), [](std::vector<Block>& blocks) {
      for (Block& block : blocks) {
        if (block.header().height == 2) ++block.sealed.header.slot;
      }
    });
    const Answer answer = net.ask("check", {"--node", "1", "--node", other.url(), "--node", "2"});
    CHECK(answer.exit == 1);
    const Json& first = answer.json["violations"][0];
    CHECK(first["invariant"] == "same_id");
    CHECK(first["height"] == 2);
    CHECK(first["nodes"] == Json::array({other.url()}));
  }
  {
    const FalseNode other(net.url(3), [](std::vector<Block>& blocks) {
      for (Block& block : blocks) {
        if (block.header().height != 3) continue;
        std::get<Transfer>(block.txs[0].body.payload).amount = *Amount::from(11);
      }
    });
    const Answer answer = net.ask("check", {"--node", other.url(), "--node", net.url(1)});
    CHECK(answer.exit == 1);
    CHECK(answer.json["violations"][0]["invariant"] == "roots_reexecute");
    CHECK(answer.json["violations"][0]["nodes"] == Json::array({other.url()}));
  }

  {
    std::atomic<bool> lies = false;
    const FalseNode other(net.url(3), [&](std::vector<Block>& blocks) {
      for (Block& block : blocks) {
        if (lies && block.header().height == 5) ++block.sealed.header.slot;
      }
    });
    Process watch({net.program(), "--home", net.file("home"), "check", "--json", "--watch", "50ms",
                   "--node", "1", "--node", other.url()},
                  net.file("watch"));
    CHECK(eventually([&] { return watch.log().rfind("\"holds\":true") > 2'000; }));
    lies = true;
    net.must("faucet", {"alice", "10"});
    CHECK(watch.wait() == 1);
    CHECK(watch.logged("\"holds\":false"));
  }

  net.must("node kill", {"2"});
  const Answer silent = net.run({"check", "--json"});
  CHECK(silent.exit == 3);
  const Json report = *rpc::parse_json(silent.out);
  CHECK(report["silent"][0]["node"] == "2");
  CHECK(report["holds"] == true);
}

TEST_CASE("what was recorded of a network is what the simulator goes on from") {
  const RunningNetwork net;
  net.new_wallet("alice");
  for (int i = 0; i < 3; ++i) net.must("faucet", {"alice", "10", "--wait", "final"});
  const std::string file = net.file("dump.json");
  const Json recorded = net.must("dump", {"-o", file});
  CHECK(recorded["nodes"] == 3);
  CHECK(recorded["blocks"] == 9);
  CHECK(recorded["silent"].empty());
  CHECK(net.must("sim", {"--replay", file, "--count", "1"})["failed"] == 0);
}

TEST_CASE("a scenario that holds leaves nothing behind, one that does not says why") {
  const Home home;
  const std::string network =
      "about: two payments\nnetwork: {sites: {a: 1, b: 1}, slot: 1s, poll: 1s}\nsteps:\n"
      "  - traffic: {every: 200ms}\n"
      "  - wait: 'all: final >= 1'\n";
  const std::string good = home.write("good.yaml", "scenario: good\n" + network +
                                                       "  - run: balance nobody\n"
                                                       "    exit: 1\n"
                                                       "    says: neither an address\n"
                                                       "  - shell: test -d \"$NETWORK\"\n"
                                                       "  - no_final: 0s\n"
                                                       "  - traffic: stop\n"
                                                       "  - measure: {acknowledged: 1}\n");
  const std::string junit = home.file("junit.xml");
  const Json passed = home.must("test", {good, "--junit", junit});
  CHECK(passed["passed"] == true);
  CHECK(passed["scenarios"][0]["folder"].is_null());
  CHECK(passed["scenarios"][0]["figures"]["acknowledged"].get<int>() > 0);
  CHECK(passed["scenarios"][0]["figures"]["final_p95_ms"].is_number());
  CHECK(read_text(junit).find("failures=\"0\"") != std::string::npos);
  CHECK_FALSE(runs("aitbc-good-"));

  const std::string bad =
      home.write("bad.yaml", "scenario: bad\n" + network + "  - expect: 'any: height > 1000'\n");
  const Answer failed = home.ask("test", {bad, "--junit", junit});
  CHECK(failed.exit == 1);
  const std::string why = failed.json["scenarios"][0]["failure"].get<std::string>();
  CHECK(why.find("bad.yaml:7: expect: any: height > 1000\nexpected exit code 0, got 3: ") !=
        std::string::npos);
  CHECK(why.find("in_sync") != std::string::npos);
  const std::string folder = failed.json["scenarios"][0]["folder"].get<std::string>();
  CHECK(why.find("logs: " + folder + "/logs") != std::string::npos);
  CHECK(std::filesystem::exists(folder + "/logs/1.log"));
  CHECK_FALSE(runs(folder));
  std::filesystem::remove_all(folder);
  CHECK(read_text(junit).find("<failure message=\"") != std::string::npos);

  CHECK(home.must("test", {"--list"})["scenarios"].size() >= 10);
  CHECK(home.ask("test", {"no-such"}).exit == 2);
  CHECK(home.ask("test").exit == 2);
}
