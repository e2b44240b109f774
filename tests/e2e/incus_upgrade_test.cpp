// Other builds for nodes that are units of systemd: one that does, and one with which the chain
// stands still. Needs an incus with the image of scripts/incus_lab.

#include "tests/e2e/incus_fixture.hpp"

using namespace aitbc;
using test::does;
using test::Process;

namespace {

constexpr std::string_view patience = "15s";

// The containers first: a build that does not do is found out there.
class UpgradedNetwork : public test::ContainedNetwork {
 public:
  UpgradedNetwork() : other_build_(file("other")) {
    write("network.yaml", file_of(site(2, "256MiB") + site(3, "256MiB") + here()));
    REQUIRE(does("strip --strip-debug -o " + other_build_ + " " + program()));
    up();
    must("wallet create", {"alice", "--no-password"});
    must("faucet", {"alice", "1000000"});
  }
  const std::string& other_build() const { return other_build_; }

  // A command of that build.
  std::unique_ptr<Process> begin(const std::string& build, std::vector<std::string> words,
                                 const std::string& log) const {
    words.insert(words.begin(), {build, "--home", file("home")});
    return std::make_unique<Process>(std::move(words), file(log));
  }
  // Somebody pays, each time when the last payment is in a block, for as long as this is kept.
  std::unique_ptr<Process> payments() const {
    return std::make_unique<Process>(
        std::vector<std::string>{"sh", "-c",
                                 "while :; do " + program() + " --home " + file("home") +
                                     " send alice alice 1 --node 1; done"},
        file("payments"));
  }
  // What the node's unit starts, and what runs.
  std::string program_of(int node) const {
    const std::string lines =
        run({"exec", std::to_string(node), "--", "cat", "/etc/systemd/system/" + unit(node)}).out;
    const std::string key = "\nExecStart=";
    const std::size_t at = lines.find(key) + key.size();
    const std::string said = lines.substr(at, lines.find(' ', at) - at);
    CHECK(sh(node,
             "test $(readlink /proc/" + rpc::dump(process(node)["pid"]) + "/exe) = " + said) == 0);
    return said;
  }
  void check_units() const {
    for (const int node : {2, 3}) {
      CHECK(systemd("is-active", node) == "active");
      CHECK(systemd("is-enabled", node) == "enabled");
    }
  }
  rpc::Json plan(const std::string& build) const {
    const auto command = begin(build, {"plan", "--json"}, "plan");
    REQUIRE(command->wait() == 0);
    return *rpc::parse_json(command->log());
  }

 private:
  const std::string other_build_;
};

}  // namespace

TEST_CASE("units run another build after an upgrade, and the earlier one after a bad one") {
  AITBC_NEEDS_INCUS()
  const UpgradedNetwork net;
  const std::string first = net.program_of(2);
  const auto upgrade =
      net.begin(net.other_build(), {"upgrade", "--timeout", std::string(patience)}, "upgrade");
  CHECK(upgrade->wait() == 0);
  INFO(upgrade->log());
  const std::string second = net.program_of(2);
  CHECK(second != first);
  CHECK(net.program_of(3) == second);
  net.check_units();
  CHECK(net.plan(net.other_build())["changes"] == 0);
  CHECK(net.must("plan")["changes"] == 3);  // this one is another build than theirs

  // A network of three bears one that seals nothing, and not two.
  const auto bad =
      net.begin(AITBC_IDLE_BUILD, {"upgrade", "--timeout", std::string(patience)}, "bad");
  REQUIRE(test::eventually([&] { return bad->logged("site box2") || bad->exit(); }));
  auto payments = net.payments();
  CHECK(bad->wait() != 0);
  payments.reset();
  INFO(bad->log());
  CHECK(bad->logged("site box3 does not do with this build: transactions wait and no blocks come"));
  CHECK(bad->logged("2, 3 run what they ran before"));
  CHECK(net.program_of(2) == second);
  CHECK(net.program_of(3) == second);
  net.check_units();
  CHECK(net.plan(net.other_build())["changes"] == 0);
  net.wait("all: head == same, mempool == 0, state == in_sync");
}
