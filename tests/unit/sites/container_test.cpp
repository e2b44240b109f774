// Containers as machines: what is asked of incus so that they are as the network file says, and a
// network whose machines come and go with it.

#include "sites/remote/container.hpp"

#include "tests/unit/sites/fixture.hpp"

using namespace aitbc;
using namespace aitbc::sites;
using namespace aitbc::sites::remote;
using test::must;

namespace {

using Words = std::vector<std::string>;

Manifest::Site site() {
  Manifest::Site site;
  site.name = "far";
  site.provider = ProviderKind::incus;
  site.container = "box";
  site.address = "10.0.0.5";
  return site;
}

ContainerState running() {
  ContainerState state;
  state.status = "Running";
  return state;
}

// What people are told, in order.
Words told(const Manifest::Site& site, const std::optional<ContainerState>& state) {
  Words words;
  for (const auto& step : must(container_steps(site, "net", ContainerName("box"), state))) {
    words.push_back(step.why);
  }
  return words;
}

}  // namespace

TEST_CASE("a container that is missing is made of its image, as the file says, by one launch") {
  Manifest::Site wanted = site();
  CHECK(container_steps(wanted, "net", ContainerName("box"), {}).error().code ==
        Errc::bad_manifest);
  wanted.image = "images:debian/12";
  wanted.limits = {{"cpu", "2"}, {"memory", "256MiB"}, {"disk", "2GiB"}};
  wanted.proxies = {{"tcp:0.0.0.0:80", "tcp:127.0.0.1:8082"}};
  const auto steps = must(container_steps(wanted, "net", ContainerName("far:box"), {}));
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].arguments == Words{"launch", "-q", "images:debian/12", "far:box", "-c",
                                    "user.aitbc.network=net", "-c", "limits.cpu=2", "-d",
                                    "root,size=2GiB", "-c", "limits.memory=256MiB", "-d",
                                    "eth0,ipv4.address=10.0.0.5"});
  CHECK(steps[1].arguments == Words{"config", "device", "add", "far:box", "aitbc-net-P1", "proxy",
                                    "listen=tcp:0.0.0.0:80", "connect=tcp:127.0.0.1:8082"});
}

TEST_CASE("a container that is as it should be is left alone, a stopped one is started") {
  CHECK(told(site(), running()).empty());
  ContainerState state = running();
  state.status = "Stopped";
  CHECK(told(site(), state) == Words{"start container box"});
  state.status = "Frozen";
  CHECK(told(site(), state) == Words{"resume container box"});
}

TEST_CASE("limits that differ are set, and end on a container of the network's own alone") {
  Manifest::Site wanted = site();
  wanted.limits = {{"memory", "1GiB"}, {"disk", "5GiB"}};
  ContainerState state = running();
  state.config = {{"limits.cpu", "1"}, {"limits.memory", "512MiB"}};
  state.expanded["root"] = {{"type", "disk"}};
  CHECK(told(wanted, state) == Words{"disk unlimited -> 5GiB", "memory 512MiB -> 1GiB"});
  const auto steps = must(container_steps(wanted, "net", ContainerName("box"), state));
  CHECK(steps[0].arguments == Words{"config", "device", "override", "box", "root", "size=5GiB"});
  state.devices["root"] = {{"type", "disk"}, {"size", "1GiB"}};
  state.expanded = state.devices;
  state.config["user.aitbc.network"] = "net";
  CHECK(told(wanted, state) ==
        Words{"disk 1GiB -> 5GiB", "memory 512MiB -> 1GiB", "cpu 1 -> unlimited"});
  state.config["user.aitbc.network"] = "other";
  CHECK(told(wanted, state).size() == 2);
}

TEST_CASE("proxies are the network's own: those of others stay") {
  Manifest::Site wanted = site();
  wanted.proxies = {{"tcp:1.2.3.4:1", "tcp:127.0.0.1:1"}, {"tcp:1.2.3.4:2", "tcp:127.0.0.1:2"}};
  ContainerState state = running();
  state.devices["aitbc-net-P1"] = {
      {"type", "proxy"}, {"listen", "tcp:1.2.3.4:1"}, {"connect", "tcp:127.0.0.1:9"}};
  state.devices["aitbc-net-P2"] = {
      {"type", "proxy"}, {"listen", "tcp:1.2.3.4:2"}, {"connect", "tcp:127.0.0.1:2"}};
  state.devices["aitbc-net-P3"] = {{"type", "proxy"}};
  state.devices["aitbc-net-two-P1"] = {{"type", "proxy"}};
  state.devices["web"] = {{"type", "proxy"}};
  CHECK(told(wanted, state) == Words{"remove proxy aitbc-net-P1", "remove proxy aitbc-net-P3",
                                     "add proxy tcp:1.2.3.4:1 to tcp:127.0.0.1:1"});
  const auto leaving = leaving_steps("net", ContainerName("box"), state);
  REQUIRE(leaving.size() == 3);
  for (const auto& step : leaving) CHECK(step.arguments[4].starts_with("aitbc-net-P"));
}

TEST_CASE("what incus says of a container is read, and nothing else is") {
  const auto state = must(parse_container(
      R"({"status":"Running","config":{"user.aitbc.network":"net","n":1},)"
      R"("devices":{},"expanded_devices":{"root":{"type":"disk","size":"1GiB"}}})"));
  CHECK(state.runs());
  CHECK(state.belongs_to("net"));
  CHECK_FALSE(state.belongs_to("ne"));
  CHECK(state.expanded.at("root").at("size") == "1GiB");
  CHECK_FALSE(parse_container("[]"));
  CHECK_FALSE(parse_container("Error: not found"));
  CHECK(ContainerName("far:box").resource() == "far:/1.0/instances/box");
  CHECK(ContainerName("box").resource() == "/1.0/instances/box");
}

TEST_CASE("image, limits and proxies are for incus sites, in words that are no options") {
  const auto fault = [](const std::string& keys) {
    const auto parsed =
        parse_manifest("environments:\n  a:\n    container_ip: 10.0.0.1\n" + keys +
                           "    blockchain_nodes:\n      - {id: 1, rpc_port: 9001}\n",
                       "f");
    return parsed ? std::string("none") : parsed.error().detail;
  };
  const std::string box = "    container: box\n";
  CHECK(fault(box + "    image: debian\n    limits: {cpu: 2, disk: 1GiB}\n"
                    "    proxies:\n      - {listen: 'tcp:0.0.0.0:1', connect: 'tcp:[::1]:2'}\n") ==
        "none");
  CHECK_THAT(fault("    provider: process\n    image: debian\n"),
             Catch::Contains("image: expected provider incus") && Catch::Contains("has process"));
  CHECK_THAT(fault(box + "    image: --force\n"), Catch::Contains("image: expected one word"));
  CHECK_THAT(fault(box + "    limits: {cpus: 2}\n"), Catch::Contains("cpus"));
  CHECK_THAT(fault(box + "    proxies: [{listen: 'tcp:1:1'}]\n"), Catch::Contains("connect"));
}
