// A network whose second machine has a systemd: what `up` makes of its units, and leaves of them.

#include <csignal>

#include "tests/unit/sites/systemd_fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using aitbc::test::must;
using Catch::Contains;

namespace {

// Sites of other kinds than `process` are on one machine with units.
class UnitProviders final : public Providers {
 public:
  UnitProviders(const test::FakeSystemd& systemd, std::filesystem::path home, Clock& clock)
      : here_(AITBC_FAKE_NODE, clock),
        files_(clock),
        nodes_(systemd.units(), clock),
        home_(std::move(home)) {}
  Provider here() override { return here_.here(); }
  Result<Provider> provider_for(const Manifest::Site& site) override {
    if (site.provider == ProviderKind::process) return here();
    return Provider{files_, nodes_, AITBC_FAKE_NODE, home_, {}, services};
  }
  ServiceManager services = ServiceManager::system;

 private:
  LocalProviders here_;
  LocalTransport files_;
  UnitSupervisor nodes_;
  const std::filesystem::path home_;
};

struct UnitNetwork {
  ~UnitNetwork() {
    systemd.mend();
    static_cast<void>(purge(home.dir.path(), "net", providers));
  }
  static std::string nodes(const std::string& ids, int address) {
    std::string text = "\n    bind: " + test::own_address(address) + "\n";
    if (!ids.empty()) text += "    blockchain_nodes:\n";
    for (const char id : ids) {
      const std::string authority = id == '3' ? ", authority: false" : "";
      text += std::string("      - {id: ") + id + ", rpc_port: 900" + id + authority + "}\n";
    }
    return text;
  }
  // The nodes here, and those there; 3 only follows.
  static std::string yaml(const std::string& here, const std::string& there,
                          const std::string& service = "", int address = 2) {
    return "network: net\nenvironments:\n  a:" + nodes(here, 1) +
           "  far:\n    access: ssh far\n    ip: " + test::own_address(address) + service +
           nodes(there, address);
  }
  Network network(const std::string& text) {
    return must(Network::make(home.dir.path(), test::manifest_of(text), providers, home.clock));
  }
  Result<Plan> up(const std::string& text) {
    UpOptions options = home.options();
    options.wait = false;
    return network(text).up(options);
  }
  std::string why(const std::string& text, const std::string& node) {
    for (const Step& step : must(network(text).plan()).steps) {
      if (step.node == node) return std::string(name(step.action)) + ": " + step.why;
    }
    return "no step";
  }
  RunState state(const std::string& text, const std::string& node) {
    for (const NodeProcess& process : must(network(text).processes())) {
      if (process.node == node) return process.state;
    }
    return RunState::stopped;
  }

  test::Home home;
  test::TempDir far;
  test::FakeSystemd systemd;
  UnitProviders providers{systemd, std::filesystem::canonical(far.path()), home.clock};
};

const std::string both = UnitNetwork::yaml("1", "2");

}  // namespace

TEST_CASE("nodes elsewhere are units, those here are processes, and purge leaves neither") {
  UnitNetwork net;
  must(net.network(both).up(net.home.options()));
  CHECK(must(net.network(both).plan()).changes() == 0);
  CHECK(std::filesystem::exists(net.systemd.unit("2")));
  CHECK_FALSE(std::filesystem::exists(net.systemd.unit("1")));
  const std::string unit = test::read_text(net.systemd.unit("2"));
  CHECK(unit.starts_with(
      "# The node in " +
      (std::filesystem::canonical(net.far.path()) / "networks/net/nodes/2").string() +
      ", a node of the network net."));
  CHECK_THAT(unit, Contains("\nStandardOutput=append:") && Contains("\nProtectSystem=strict\n") &&
                       !Contains("\nUser="));
  must(net.network(both).stop());
  CHECK_FALSE(net.systemd.is_enabled("2"));
  must(net.network(both).up(net.home.options()));
  CHECK(net.systemd.is_enabled("2"));
  must(purge(net.home.dir.path(), "net", net.providers));
  CHECK_FALSE(net.systemd.has_units());
}

TEST_CASE("a unit edited by hand is drift, and up restores it") {
  UnitNetwork net;
  must(net.up(both));
  std::string text = test::read_text(net.systemd.unit("2"));
  text.replace(text.find("LimitNOFILE=4096"), 16, "LimitNOFILE=64");
  test::write_text(net.systemd.unit("2"), text);
  CHECK(net.why(both, "2") ==
        "restart: unit aitbc-net-2.service: 'LimitNOFILE=64' -> 'LimitNOFILE=4096'");
  CHECK(net.why(both, "1") == "keep: unchanged");
  must(net.up(both));
  CHECK(must(net.network(both).plan()).changes() == 0);
  CHECK(test::read_text(net.systemd.unit("2")).find("LimitNOFILE=4096") != std::string::npos);
}

TEST_CASE("a node that systemd may be about to bring back is down before its config changes") {
  UnitNetwork net;
  must(net.up(both));
  const NodeProcess crashed = must(net.network(both).processes()).back();
  ::kill(crashed.facts->pid, SIGKILL);
  REQUIRE(wait_until(net.home.clock, net.home.clock.now() + Duration{10'000}, "its end",
                     [&] { return net.state(both, "2") == RunState::stopped; }));
  CHECK(net.systemd.is_enabled("2"));
  net.systemd.told();
  must(net.up(UnitNetwork::yaml("1", "2", "", 3)));
  const std::string told = net.systemd.told();
  const std::size_t down = told.find("stop aitbc-net-2.service\n");
  const std::size_t started = told.find("start aitbc-net-2.service\n");
  REQUIRE(started != std::string::npos);
  CHECK(down < started);
}

TEST_CASE("the file says whether nodes are units") {
  UnitNetwork net;
  const std::string none = UnitNetwork::yaml("1", "2", "\n    service: none");
  const std::string always = UnitNetwork::yaml("1", "2", "\n    service: systemd");
  must(net.up(always));
  CHECK(net.why(both, "2") == "keep: unchanged");
  CHECK(net.why(none, "2") == "restart: it has the unit aitbc-net-2.service");
  must(net.up(none));
  CHECK_FALSE(net.systemd.has_units());
  CHECK(net.state(none, "2") == RunState::running);
  CHECK(must(net.network(none).plan()).changes() == 0);
  CHECK(net.why(both, "2") == "restart: unit aitbc-net-2.service is missing");
  must(net.up(both));
  CHECK(must(net.network(both).plan()).changes() == 0);

  // Where there is no systemd.
  must(net.network(both).stop());
  net.providers.services = ServiceManager::none;
  const auto refused = net.network(always).plan();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::bad_manifest);
  CHECK_THAT(refused.error().detail,
             Contains("site far: service: systemd") && Contains("enable-linger"));
  must(net.up(both));
  CHECK(net.state(both, "2") == RunState::running);
  CHECK_FALSE(net.systemd.has_units());
}

TEST_CASE("the unit of a node that goes is gone, and no other") {
  UnitNetwork net;
  const std::string three_there = UnitNetwork::yaml("1", "23");
  const std::string three_here = UnitNetwork::yaml("13", "2");
  must(net.up(three_there));
  must(net.up(three_here));
  CHECK_FALSE(std::filesystem::exists(net.systemd.unit("3")));
  CHECK(std::filesystem::exists(net.systemd.unit("2")));
  CHECK(net.state(three_here, "3") == RunState::running);
  CHECK(must(net.network(three_here).plan()).changes() == 0);

  must(net.up(three_there));
  CHECK(net.systemd.is_enabled("3"));
  must(net.up(both));
  CHECK_FALSE(std::filesystem::exists(net.systemd.unit("3")));
  CHECK(net.systemd.is_enabled("2"));
  CHECK(must(net.network(both).plan()).changes() == 0);
}

TEST_CASE("a name that is taken is known before anything is done") {
  UnitNetwork net;
  test::write_text(net.systemd.unit("2"), "[Service]\n");
  const auto plan = net.network(both).plan();
  REQUIRE_FALSE(plan);
  CHECK(plan.error().code == Errc::in_use);
  CHECK_FALSE(net.up(both));
  CHECK_FALSE(std::filesystem::exists(net.home.node("1")));
  CHECK(test::read_text(net.systemd.unit("2")) == "[Service]\n");
  std::filesystem::remove(net.systemd.unit("2"));
}

TEST_CASE("an up that is cut off at any order to systemd is completed by the next") {
  constexpr std::size_t orders_max = 100;
  const std::string first = UnitNetwork::yaml("1", "23");
  const std::string second = UnitNetwork::yaml("12", "3", "", 3);
  bool done = false;
  for (std::size_t orders = 0; !done; ++orders) {
    INFO("order " << orders);
    REQUIRE(orders < orders_max);
    UnitNetwork net;
    net.systemd.set_fuse(orders);
    const bool upped = net.up(first).has_value();
    // The rest of the fuse is for a file by which one node moves and another one changes.
    done = upped && net.up(second);
    net.systemd.mend();
    const std::string& wanted = upped ? second : first;
    must(net.up(wanted));
    CHECK(must(net.network(wanted).plan()).changes() == 0);
    CHECK(std::filesystem::exists(net.systemd.unit("2")) != upped);
    CHECK(net.systemd.is_enabled("3"));
    for (const NodeProcess& node : must(net.network(wanted).processes())) {
      CHECK(node.state == RunState::running);
    }
    if (!done) net.systemd.set_fuse(orders);
    if (!purge(net.home.dir.path(), "net", net.providers)) {
      net.systemd.mend();
      must(purge(net.home.dir.path(), "net", net.providers));
    }
    CHECK_FALSE(net.systemd.has_units());
  }
}
