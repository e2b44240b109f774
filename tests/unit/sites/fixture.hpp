#pragma once
// A home of a test's own in which networks of fake nodes run; nothing of them is left at the end.

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "rpc/json.hpp"
#include "sites/network.hpp"
#include "sites/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::test {

using sites::LocalProviders;
using sites::Manifest;
using sites::Network;
using sites::SystemClock;
using sites::UpOptions;

// Loopback addresses are free to take, so every process of the suite has its own and its ports
// collide with nobody's.
inline std::string own_address(int last) {
  const int pid = static_cast<int>(::getpid());
  return "127." + std::to_string(100 + pid % 100) + "." + std::to_string(pid / 100 % 256) + "." +
         std::to_string(last);
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

// Three authorities at ports 9001 to 9003 of the process's own address.
inline std::string three_nodes() {
  return "network: net\nenvironments:\n  a:\n    bind: " + own_address(1) +
         "\n    blockchain_nodes:\n      - {id: 1, rpc_port: 9001}\n      - {id: 2, rpc_port: "
         "9002}\n"
         "      - {id: 3, rpc_port: 9003}\n";
}

inline Manifest manifest_of(const std::string& yaml) {
  auto manifest = sites::parse_manifest(yaml, "test.yaml");
  if (!manifest) FAIL(manifest.error().detail);
  return *manifest;
}

struct Home {
  Home() : providers(AITBC_FAKE_NODE, clock) {}
  ~Home() {
    for (const std::string& name : sites::list_networks(dir.path())) {
      static_cast<void>(sites::purge(dir.path(), name, providers));
    }
  }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  Network network(const std::string& yaml = three_nodes()) {
    return *Network::make(dir.path(), manifest_of(yaml), providers, clock);
  }
  UpOptions options() const {
    UpOptions options;
    options.timeout = Duration{20'000};
    return options;
  }
  std::filesystem::path node(const std::string& id) const {
    return std::filesystem::canonical(dir.path()) / "networks" / "net" / "nodes" / id;
  }
  // Of each node of the network file; 0 of one that does not run.
  static std::vector<int> pids(Network& network) {
    auto nodes = network.processes();
    if (!nodes) FAIL(nodes.error().detail);
    std::vector<int> all;
    for (const auto& each : *nodes)
      all.push_back(each.facts ? static_cast<int>(each.facts->pid) : 0);
    return all;
  }
  // Whether those that it follows are those of its config, and no other config waits.
  bool follows_its_file(const std::string& id) const {
    const auto config = rpc::parse_json(read_text(node(id) / "config.json"));
    const auto live = rpc::parse_json(read_text(node(id) / "live"));
    return config && live && config->at("peers") == live->at("peers") &&
           !std::filesystem::exists(node(id) / "config.next.json");
  }
  std::size_t running() const {
    std::size_t count = 0;
    const std::string prefix = std::filesystem::canonical(dir.path()).string();
    for (const pid_t pid : sites::all_processes()) {
      const auto info = sites::read_process(pid);
      if (info && info->argv.size() == 5 && info->argv[4].starts_with(prefix)) ++count;
    }
    return count;
  }

  TempDir dir;
  SystemClock clock;
  LocalProviders providers;
};

// The outcome of a call that must succeed, with its error shown if it does not.
template <class T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().detail);
  return std::move(result).value();
}

}  // namespace aitbc::test
