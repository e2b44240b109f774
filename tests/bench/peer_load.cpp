// usage: peer_load PORT CONNECTIONS FILE SECONDS
// Posts each line of the file, JSON, to 127.0.0.1, over so many connections, as the benchmarks load
// our own nodes, for so many seconds at most; prints how many were answered, how many a second, p50
// and p99 in milliseconds as JSON. For scripts/bench_peers.

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fstream>

#include "chain/core/result.hpp"
#include "tests/bench/load.hpp"

int main(int argc, char** argv) {
  using namespace aitbc::bench;
  if (argc != 5) return 2;
  std::signal(SIGPIPE, SIG_IGN);
  const std::string port = argv[1], connections = argv[2];
  std::vector<std::string> requests;
  std::ifstream file(argv[3]);
  for (std::string line; std::getline(file, line);) {
    requests.push_back(post_request("/", "application/json", line));
  }
  AITBC_CHECK(!requests.empty());
  const auto begun = std::chrono::steady_clock::now();
  const Waits waits =
      run_load(static_cast<std::uint16_t>(std::stoul(port)), std::stoul(connections), requests,
               std::chrono::seconds(std::stoul(argv[4])));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
  if (waits.empty()) return 1;
  std::printf("{\"answered\": %zu, \"per_second\": %.0f, \"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
              waits.size(), static_cast<double>(waits.size()) / took.count(), quantile(waits, 0.5),
              quantile(waits, 0.99));
  return 0;
}
