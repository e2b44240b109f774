#pragma once
// The real program against a network of its own: a home in a temporary folder, loopback addresses
// that no other test has. Every --json answer is held against the schema that the program itself
// prints for that command. Taken down with all its processes and files at the end. One thread.

#include <unistd.h>

#include <catch2/catch.hpp>

#include "cli/schema.hpp"
#include "rpc/json.hpp"
#include "tests/http/schema_check.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

inline std::string own_address(int last) {
  const int pid = static_cast<int>(::getpid());
  return "127." + std::to_string(pid % 100) + "." + std::to_string(pid / 100 % 256) + "." +
         std::to_string(last);
}

struct Answer {
  int exit = 0;
  std::string out, talk;
  rpc::Json json;  // with --json
};

class Home {
 public:
  Home() = default;
  ~Home() {
    // Also after a failure: a test that leaves nodes behind spoils the machine for others.
    sites::Command down;
    down.argv = {program(), "--home", file("home"), "down", "--purge", "-n", "test-net"};
    down.timeout = Duration{60'000};
    const auto ended = sites::run(down, clock_);
    if (!ended || ended->exit_code != 0) std::fputs("down --purge failed\n", stderr);
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  std::string file(const std::string& name) const { return dir_.file(name); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(file(name)) << text;
    return file(name);
  }
  std::string program() const { return AITBC_PROGRAM; }

  Answer run(std::vector<std::string> words, const std::string& input = "") const {
    words.insert(words.begin(), {program(), "--home", file("home")});
    sites::Command command;
    command.argv = std::move(words);
    command.input = input;
    command.timeout = Duration{120'000};
    const auto output = sites::run(command, clock_);
    REQUIRE(output.has_value());
    return {output->exit_code, output->out, output->err, {}};
  }

  // The command's words first, so that its schema can be found.
  Answer ask(const std::string& command, const std::vector<std::string>& arguments = {}) const {
    std::vector<std::string> words = split(command);
    words.insert(words.end(), arguments.begin(), arguments.end());
    words.push_back("--json");
    Answer answer = run(std::move(words));
    INFO("aitbc " << command << ": " << answer.out << answer.talk);
    auto json = rpc::parse_json(answer.out);
    REQUIRE(json.has_value());
    const auto schema = cli::schema_of(command);
    REQUIRE(schema.has_value());
    const rpc::Json none = rpc::Json::object();
    const auto fault = SchemaCheck(none).fault(*json, *rpc::parse_json(*schema));
    CHECK(fault.value_or("fits") == "fits");
    CHECK(json->contains("error") == (answer.exit > 1 || (*json).contains("error")));
    answer.json = std::move(*json);
    return answer;
  }
  // The same where everything must go well.
  rpc::Json must(const std::string& command, const std::vector<std::string>& arguments = {}) const {
    const Answer answer = ask(command, arguments);
    INFO("aitbc " << command << ": " << answer.out << answer.talk);
    REQUIRE(answer.exit == 0);
    return answer.json;
  }
  void wait(const std::string& expression) const {
    must("wait", {expression, "--timeout", "60s"});
  }

 private:
  static std::vector<std::string> split(const std::string& command) {
    std::vector<std::string> words;
    std::istringstream in(command);
    for (std::string word; in >> word;) words.push_back(word);
    return words;
  }

  TempDir dir_;
  sites::SystemClock clock_;
};

struct Shape {
  int nodes = 3;
  std::string features = {};  // more lines of shared_features
  std::string genesis = "  faucet_balance: 1000000\n";
};

class RunningNetwork : public Home {
 public:
  explicit RunningNetwork(const Shape& shape = {}) {
    write("network.yaml", yaml(shape));
    const rpc::Json up = must("up", {"-f", file("network.yaml")});
    REQUIRE(up["nodes"].size() == static_cast<std::size_t>(shape.nodes));
  }

  static std::string yaml(const Shape& shape) {
    std::string text = "network: test-net\nenvironments:\n";
    for (int id = 1; id <= shape.nodes; ++id) {
      text += "  site_" + std::to_string(id) + ":\n    bind: " + own_address(id) +
              "\n    blockchain_nodes:\n      - {id: " + std::to_string(id) +
              ", rpc_port: 8082}\n";
    }
    return text + "shared_features:\n  block_interval_seconds: 1\n" + shape.features +
           "genesis:\n  fee_min: 1\n" + shape.genesis;
  }
  std::string url(int node) const { return "http://" + own_address(node) + ":8082"; }
  std::string folder() const { return file("home/networks/test-net"); }
  std::string database(int node) const {
    return folder() + "/nodes/" + std::to_string(node) + "/chain.db";
  }

  std::string new_wallet(const std::string& name) const {
    return must("wallet create", {name, "--no-password"})["address"].get<std::string>();
  }
  std::uint64_t balance(const std::string& owner, const std::string& node) const {
    return must("balance", {owner, "--at", node})["balance"].get<std::uint64_t>();
  }
  void wait_until_settled() const { wait("all: head == same, mempool == 0, state == in_sync"); }
};

}  // namespace aitbc::test
