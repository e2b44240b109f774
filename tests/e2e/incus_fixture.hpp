#pragma once
// A network of which a node is here and one in each of two containers that nobody else has, which
// go with it. One thread.

#include "tests/e2e/network_fixture.hpp"
#include "tests/support/incus_lab.hpp"

namespace aitbc::test {

class ContainedNetwork : public Home {
 public:
  ContainedNetwork() { write("network.yaml", yaml("256MiB")); }
  ~ContainedNetwork() {
    static_cast<void>(run({"down", "--purge"}));
    for (const int number : {2, 3}) does("incus delete -f " + box(number));
  }

  static std::string box(int number) { return lab_container(number); }
  static std::string yaml(const std::string& memory) {
    return file_of(here() + site(2, memory) + site(3, memory));
  }
  static std::string file_of(const std::string& sites) {
    return "network: test-net\nenvironments:\n" + sites +
           "shared_features:\n  block_interval_seconds: 1\n";
  }
  static std::string here() {
    return "  here:\n    bind: " + std::string(lab_address) +
           "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 8781}\n";
  }
  static std::string site(int number, const std::string& memory) {
    const std::string id = std::to_string(number);
    return "  box" + id + ":\n    container: " + box(number) + "\n    image: " + lab_image +
           "\n    container_ip: 10.78.0.2" + id + "\n    limits: {memory: " + memory +
           "}\n    blockchain_nodes:\n      - {id: " + id + ", rpc_port: 8080}\n";
  }
  // What systemd there says, in one word.
  std::string systemd(const std::string& word, int number) const {
    const std::string id = std::to_string(number);
    const std::string said = run({"exec", id, "--", "systemctl", word, unit(number)}).out;
    return said.substr(0, said.find('\n'));
  }
  int sh(int number, const std::string& line) const {
    return run({"exec", std::to_string(number), "--", "sh", "-c", line}).exit;
  }
  static std::string unit(int number) {
    return "aitbc-test-net-" + std::to_string(number) + ".service";
  }
  rpc::Json process(int number) const {
    const rpc::Json all = must("ps");
    for (const rpc::Json& node : all["nodes"]) {
      if (node["node"] == std::to_string(number)) return node;
    }
    return nullptr;
  }
  rpc::Json up() const { return must("up", {"-f", file("network.yaml"), "--timeout", "90s"}); }
};

}  // namespace aitbc::test
