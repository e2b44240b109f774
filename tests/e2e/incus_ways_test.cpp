// Containers that are not this machine's own: those of a machine behind ssh, and those of an incus
// that is a remote of this one's. Needs an sshd and an incus with the image of scripts/incus_lab.

#include "tests/e2e/network_fixture.hpp"
#include "tests/support/incus_lab.hpp"
#include "tests/support/ssh_server.hpp"

using namespace aitbc;
using test::does;
using test::lab_container;

namespace {

// The lab's incus once more, as a remote that listens on the lab's bridge; known to this test's
// own configuration of the client, which all that it starts has.
class Remote {
 public:
  explicit Remote(const std::string& folder) {
    ::setenv("INCUS_CONF", folder.c_str(), 1);
    REQUIRE(does("incus config set core.https_address " + address()));
    REQUIRE(does("incus remote add lab \"$(incus config trust add " + client() +
                 " -q </dev/null)\" --accept-certificate"));
  }
  ~Remote() {
    does(
        "incus config trust remove \"$(incus config trust list -f csv -c nf </dev/null | sed -n "
        "s/^" +
        client() + ",//p)\"");
    does("incus config unset core.https_address");
    ::unsetenv("INCUS_CONF");
  }
  Remote(const Remote&) = delete;
  Remote& operator=(const Remote&) = delete;

 private:
  static std::string client() { return "aitbc-test-" + std::to_string(::getpid()); }
  static std::string address() { return std::string(test::lab_address) + ":8783"; }
};

// A node here, one in a container of a machine behind ssh, one in a container of a remote.
class FarContainers : public test::Home {
 public:
  FarContainers() : sshd_(test::own_address(11)), remote_(file("incus")) {
    write("network.yaml",
          "network: test-net\nenvironments:\n  here:\n    bind: " + std::string(test::lab_address) +
              "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 8784}\n" +
              site(2, sshd_.access() + " -> incus shell " + lab_container(2), "") +
              site(3, "incus shell lab:" + lab_container(3), "lab:") +
              "shared_features:\n  block_interval_seconds: 1\n");
  }
  ~FarContainers() { static_cast<void>(run({"down", "--purge"})); }

 private:
  static std::string site(int number, const std::string& access, const std::string& remote) {
    const std::string id = std::to_string(number);
    return "  box" + id + ":\n    provider: incus\n    access: " + access +
           "\n    image: " + remote + test::lab_image + "\n    container_ip: 10.78.0.3" + id +
           "\n    blockchain_nodes:\n      - {id: " + id + ", rpc_port: 8080}\n";
  }

  test::SshServer sshd_;
  Remote remote_;
};

}  // namespace

TEST_CASE("containers behind ssh and of a remote run one chain with what is here") {
  AITBC_NEEDS_INCUS()
  if (!test::SshServer::is_installed()) {
    std::puts("SKIPPED: there is no sshd on this machine");
    return;
  }
  const FarContainers net;
  CHECK(net.must("up", {"-f", net.file("network.yaml"), "--timeout", "90s"})["changes"] == 5);
  CHECK(net.must("plan")["changes"] == 0);
  net.must("wallet create", {"alice", "--no-password"});
  net.must("faucet", {"alice", "1000", "--node", "3"});
  net.wait("all: head == same, mempool == 0, state == in_sync");
  CHECK(net.must("balance", {"alice", "--at", "2"})["balance"] == 1000);
  CHECK(net.must("check")["holds"] == true);

  // Off is off, wherever: it is started again.
  REQUIRE(does("incus stop -f " + lab_container(2)));
  REQUIRE(does("incus stop -f " + lab_container(3)));
  CHECK(net.must("plan")["machines"].size() == 2);
  CHECK(net.must("up", {"--timeout", "90s"})["changes"] == 4);
  net.wait("all: head == same, state == in_sync");

  net.must("down", {"--purge"});
  CHECK_FALSE(test::has_container(lab_container(2)));
  CHECK_FALSE(test::has_container(lab_container(3)));
}
