// A network over real containers: made by `up`, cut off, put back, and gone with the network.
// Needs an incus with the image of scripts/incus_lab.

#include "sites/diagnosis/collect.hpp"
#include "sites/remote/host.hpp"
#include "tests/e2e/incus_fixture.hpp"

using namespace aitbc;
using test::ContainedNetwork;
using test::does;
using test::has_container;

namespace {

// A container in which somebody who is not root has services that live without a session. Its image
// has neither dbus nor logind, so what they would start is started here.
class UserBox final : public sites::Providers {
 public:
  explicit UserBox(const test::Home& home)
      : box_(test::lab_container(4)),
        here_(home.program(), clock_),
        host_("site user", [this] { return dial(); }) {
    home.must("package", {"-o", home.file("package")});
    const std::string into = " " + box_ + "/tmp/package";
    REQUIRE(does("incus launch -q " + std::string(test::lab_image) + " " + box_));
    REQUIRE(does("incus file push " + home.file("package") + into));
    REQUIRE(
        sh("mkdir /opt/aitbc; tar -xzf /tmp/package -C /opt/aitbc; useradd -m -d /srv/joe -u 1000 "
           "joe; "
           "mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/joe"));
    REQUIRE(test::eventually([&] { return sh("test -e /run/systemd/private"); }));
    REQUIRE(
        sh("systemd-run -q -p User=joe -p Delegate=yes -p Type=notify "
           "-p RuntimeDirectory=user/1000 -E HOME=/srv/joe "
           "-E XDG_RUNTIME_DIR=/run/user/1000 /lib/systemd/systemd --user"));
  }
  ~UserBox() override { does("incus delete -f " + box_); }

  bool sh(const std::string& line) const {
    return does("incus exec " + box_ + " -- sh -c '" + line + "'");
  }
  sites::Provider here() override { return here_.here(); }
  Result<sites::Provider> provider_for(const sites::Manifest::Site& site) override {
    if (site.provider == sites::ProviderKind::process) return here();
    AITBC_TRY_ASSIGN(const sites::remote::Machine machine, host_.machine());
    return sites::Provider{host_, host_, machine.program, machine.home, {}, machine.services};
  }
  sites::SystemClock& clock() { return clock_; }
  sites::remote::Host& host() { return host_; }

 private:
  Result<std::unique_ptr<sites::remote::Session>> dial() {
    return sites::remote::Session::open(
        {"incus", "exec", "--user", "1000", "--group", "1000", "--env", "HOME=/srv/joe", box_, "--",
         "/opt/aitbc/bin/aitbc", "--home", "/srv/joe/.aitbc", "host", "serve"},
        clock_, Duration{20'000});
  }

  const std::string box_;
  sites::SystemClock clock_;
  sites::LocalProviders here_;
  sites::remote::Host host_;
};

}  // namespace

TEST_CASE("one file makes containers, runs one chain over them, and leaves nothing") {
  AITBC_NEEDS_INCUS()
  const ContainedNetwork net;
  const rpc::Json plan = net.must("plan", {"-f", net.file("network.yaml")});
  CHECK(plan["machines"].size() == 2);
  CHECK(plan["changes"] == 5);
  CHECK_FALSE(has_container(net.box(2)));

  CHECK(net.up()["changes"] == 5);
  CHECK(net.must("plan")["changes"] == 0);
  net.must("wallet create", {"alice", "--no-password"});
  net.must("faucet", {"alice", "1000", "--node", "3"});
  net.wait("all: head == same, mempool == 0, state == in_sync");

  // The cable of the third, pulled: the other two are a quorum and go on without it.
  const std::string cable =
      " \"$(incus config get " + net.box(3) + " volatile.eth0.host_name </dev/null)\" ";
  REQUIRE(does("ip link set" + cable + "down"));
  net.must("faucet", {"alice", "500", "--node", "1"});
  CHECK(net.must("balance", {"alice", "--at", "2"})["balance"] == 1500);
  REQUIRE(does("ip link set" + cable + "up"));
  net.wait("all: head == same, mempool == 0, state == in_sync");
  CHECK(net.must("balance", {"alice", "--at", "3"})["balance"] == 1500);
  CHECK(net.must("check")["holds"] == true);

  // What somebody did by hand is seen, and undone.
  REQUIRE(does("incus config set " + net.box(2) + " limits.memory=128MiB"));
  REQUIRE(does("incus stop -f " + net.box(3)));
  const rpc::Json drift = net.must("plan");
  REQUIRE(drift["machines"].size() == 2);
  CHECK(drift["machines"][0]["what"] == "memory 128MiB -> 256MiB");
  CHECK(drift["machines"][1]["what"] == "start container " + net.box(3));
  CHECK(net.up()["changes"] == 3);
  CHECK(net.must("plan")["changes"] == 0);

  net.must("down", {"--purge"});
  CHECK_FALSE(has_container(net.box(2)));
  CHECK_FALSE(has_container(net.box(3)));
}

TEST_CASE("nodes in containers are units of systemd: they come back unless they shall not") {
  AITBC_NEEDS_INCUS()
  const ContainedNetwork net;
  net.up();
  for (const int node : {2, 3}) {
    CHECK(net.systemd("is-active", node) == "active");
    CHECK(net.systemd("is-enabled", node) == "enabled");
  }
  CHECK(net.must("plan")["changes"] == 0);
  const std::string logs = net.run({"logs", "2", "-n", "1000"}).out;
  CHECK_THAT(logs, Catch::Contains("Blockchain node started"));

  // A crash, and a machine that restarts.
  const auto first = net.process(2)["pid"];
  REQUIRE(first.is_number());
  CHECK(net.sh(2, "kill -9 " + std::to_string(first.get<int>())) == 0);
  CHECK(test::eventually([&] {
    const rpc::Json now = net.process(2);
    return now["state"] == "running" && now["pid"] != first;
  }));
  REQUIRE(does("incus restart -f " + net.box(3)));
  net.wait("all: head == same, state == in_sync");
  CHECK(net.must("plan")["changes"] == 0);

  // Killed on purpose, it is not waited for by systemd; and comes back when it is due.
  net.must("chaos kill", {"2", "--for", "8s"});
  CHECK(net.systemd("is-active", 2) == "inactive");
  CHECK(net.systemd("is-enabled", 2) == "disabled");
  CHECK(net.process(2)["state"] == "stopped");
  net.wait("all: head == same, state == in_sync");
  CHECK(net.systemd("is-enabled", 2) == "enabled");
  net.must("node pause", {"2"});
  CHECK(net.process(2)["state"] == "paused");
  net.must("node resume", {"2"});
  net.must("node stop", {"2"});
  CHECK(net.systemd("is-enabled", 2) == "disabled");
  const auto limited = [&](const std::string& limit, const std::string& is) {
    REQUIRE(does("incus config set " + net.box(2) + " limits." + limit + "=" + is));
    return net.ask("doctor").json["findings"];
  };
  CHECK(limited("memory", "48MiB")[0]["code"] == "memory_low");
  CHECK(limited("memory", "256MiB").empty());
  CHECK(limited("processes", "40")[0]["code"] == "tasks_low");
  CHECK(limited("processes", "").empty());
  net.must("node start", {"2"});
  CHECK(net.systemd("is-active", 2) == "active");

  // What somebody did to it by hand is seen, and undone.
  CHECK(net.sh(2, "sed -i s/LimitNOFILE=4096/LimitNOFILE=64/ /etc/systemd/system/" + net.unit(2)) ==
        0);
  const rpc::Json drift = net.must("plan");
  CHECK(drift["changes"] == 1);
  CHECK(drift["steps"][1]["why"] ==
        "unit " + net.unit(2) + ": 'LimitNOFILE=64' -> 'LimitNOFILE=4096'");
  CHECK(net.up()["changes"] == 1);
  CHECK(net.must("plan")["changes"] == 0);

  // What ends in a way that will not pass is started no more, and that is told.
  const std::string crash = "kill -9 " + rpc::dump(net.process(2)["pid"]);
  REQUIRE(net.sh(2, "mv config.json aside && " + crash) == 0);
  CHECK(test::eventually([&] { return net.systemd("is-failed", 2) == "failed"; }));
  const rpc::Json why = net.ask("why").json["findings"];
  REQUIRE(why.size() == 2);
  CHECK(why[0]["code"] == "node_killed");
  CHECK(why[1]["code"] == "unit_given_up");
  CHECK(why[1]["follows_from"] == 0);
  CHECK(net.ask("doctor").json["findings"][0]["about"] == net.unit(2));
  REQUIRE(net.sh(2, "mv aside config.json") == 0);
  net.must("node start", {"2"});
  CHECK(net.must("doctor")["healthy"] == true);

  // From a container that stays, everything goes.
  REQUIRE(does("incus config unset " + net.box(3) + " user.aitbc.network"));
  net.must("down", {"--purge"});
  REQUIRE(has_container(net.box(3)));
  const std::string in_box = "incus exec " + net.box(3) + " -- sh -c ";
  CHECK_FALSE(does(in_box + "'ls -d /etc/systemd/system/*aitbc* /etc/systemd/system/*/*aitbc*'"));
  CHECK_FALSE(does(in_box + "'systemctl list-units --all | grep aitbc-'"));
}

TEST_CASE("nodes of somebody who is not root are units of his own systemd") {
  AITBC_NEEDS_INCUS()
  const test::Home home;
  UserBox box(home);
  CHECK(box.host().machine()->services == sites::ServiceManager::user);
  const auto manifest = sites::parse_manifest(
      "network: test-net\nenvironments:\n  far:\n    access: ssh far\n    service: systemd\n"
      "    ip: 10.78.0.29\n    blockchain_nodes:\n      - {id: 1, rpc_port: 8080}\n",
      "test.yaml");
  REQUIRE(manifest);
  auto network = sites::Network::make(home.file("home"), *manifest, box, box.clock());
  REQUIRE(network);
  sites::UpOptions options;
  options.wait = false;
  const auto up = network->up(options);
  if (!up) FAIL(up.error().detail);
  CHECK(network->plan()->changes() == 0);
  const auto place = network->place_of("1");
  const sites::NodeSpec spec = sites::Network::spec_of(place->provider, place->layout, "1");
  REQUIRE(test::eventually([&] {
    return box.host().log_tail(spec, 5).find("Blockchain node started") != std::string::npos;
  }));
  const auto process = [&] { return *box.host().facts(spec); };
  const auto first = process();
  REQUIRE(first);
  CHECK(box.sh("kill -9 " + std::to_string(first->pid)));
  CHECK(test::eventually([&] {
    const auto now = process();
    return now && now->pid != first->pid;
  }));
  CHECK(network->plan()->changes() == 0);
  CHECK(network->stop().has_value());
  CHECK_FALSE(process());
  const std::string unit = "/srv/joe/.config/systemd/user/aitbc-test-net-1.service";
  CHECK(box.sh("test -e " + unit));
  CHECK(sites::diagnose(sites::look_at_machines(*network)).empty());
  CHECK(box.sh("rm /var/lib/systemd/linger/joe"));
  const auto found = sites::diagnose(sites::look_at_machines(*network));
  REQUIRE(found.size() == 1);
  CHECK(found[0].finding == sites::Finding::no_lingering);
  CHECK(sites::purge(home.file("home"), "test-net", box));
  CHECK_FALSE(box.sh("test -e " + unit));
}

TEST_CASE("a container that was there before is started when it is off, and stays") {
  AITBC_NEEDS_INCUS()
  const ContainedNetwork net;
  REQUIRE(does("incus launch -q " + std::string(test::lab_image) + " " + net.box(2) +
               " -d eth0,ipv4.address=10.78.0.22"));
  const std::string yaml = net.yaml("256MiB");
  const std::size_t third = yaml.find("  box3:");
  net.write("network.yaml", yaml.substr(0, third) + yaml.substr(yaml.find("shared_features:")));
  net.up();
  REQUIRE(does("incus stop -f " + net.box(2)));
  CHECK(net.must("plan")["machines"][0]["what"] == "start container " + net.box(2));
  CHECK(net.up()["changes"] == 2);
  CHECK(net.must("plan")["changes"] == 0);
  net.must("down", {"--purge"});
  CHECK(has_container(net.box(2)));
}
