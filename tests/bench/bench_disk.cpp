// What depends on how long the chain is: writing it, its size on disk, and the start of a node.

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "chain/chain.hpp"
#include "rpc/client.hpp"
#include "rpc/native.hpp"
#include "sync/wal_copier.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/long_chain.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_dir.hpp"

namespace aitbc::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::unique_ptr<Store> create_store(const std::string& path, const Genesis& genesis) {
  auto store = sync::open_node_store(path);
  AITBC_CHECK(store.has_value());
  AITBC_CHECK((*store)->initialise(genesis).has_value());
  return *std::move(store);
}

// The time of commits alone: the first and the last tenth of so many transactions, in blocks of 500
// and one durable commit each.
void write_long_chain(benchmark::State& state) {
  constexpr std::size_t block_txs = 500;
  const auto txs = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    const test::TempDir directory;
    LongChain chain(1'000'000);
    std::vector<double> commits;
    {
      const auto store = create_store(directory.file("chain.db"), chain.genesis());
      for (std::size_t done = 0; done < txs; done += block_txs) {
        const Batch batch = chain.next(1, block_txs);
        const auto start = Clock::now();
        AITBC_CHECK(store->commit(batch).has_value());
        commits.push_back(seconds_since(start));
      }
    }
    double all = 0;
    for (const double each : commits) all += each;
    state.SetIterationTime(all);
    const std::size_t tenth = std::max<std::size_t>(commits.size() / 10, 1);
    const auto rate = [&](auto begin) {
      double sum = 0;
      for (auto it = begin; it != begin + static_cast<std::ptrdiff_t>(tenth); ++it) sum += *it;
      return static_cast<double>(tenth * block_txs) / sum;
    };
    state.counters["first_tenth_per_s"] = rate(commits.begin());
    state.counters["last_tenth_per_s"] = rate(commits.end() - static_cast<std::ptrdiff_t>(tenth));
    std::sort(commits.begin(), commits.end());
    state.counters["commit_p50_ms"] = 1'000 * commits[commits.size() / 2];
    state.counters["commit_p99_ms"] = 1'000 * commits[commits.size() * 99 / 100];
    state.counters["commit_max_ms"] = 1'000 * commits.back();
    state.counters["bytes_per_tx"] =
        static_cast<double>(std::filesystem::file_size(directory.file("chain.db"))) /
        static_cast<double>(txs);
  }
  report(state, state.iterations() * static_cast<std::int64_t>(txs));
}
BENCHMARK(write_long_chain)
    ->Arg(100'000)
    ->Arg(1'000'000)
    ->Arg(10'000'000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

// As many blocks as accounts, each of one payment to a new account. Returns the genesis.
Genesis write_blocks(const std::string& path, std::size_t blocks) {
  constexpr std::size_t blocks_per_commit = 1'000;
  LongChain chain(blocks);
  const auto store = create_store(path, chain.genesis());
  for (std::size_t done = 0; done < blocks; done += blocks_per_commit) {
    AITBC_CHECK(store->commit(chain.next(blocks_per_commit, 1)).has_value());
  }
  return chain.genesis();
}

void open_long_chain(benchmark::State& state) {
  const auto blocks = static_cast<std::size_t>(state.range(0));
  const test::TempDir directory;
  const std::string path = directory.file("chain.db");
  const Genesis genesis = write_blocks(path, blocks);
  for (auto _ : state) {
    auto opened = Chain::open(genesis, *sync::open_node_store(path));
    AITBC_CHECK(opened.has_value() && opened->head().height == blocks);
    state.PauseTiming();
    opened = error(Errc::not_found, "");  // closing is not part of the start
    state.ResumeTiming();
  }
}
BENCHMARK(open_long_chain)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Arg(5'000'000)
    ->UseRealTime()
    ->MeasureProcessCPUTime()
    ->Unit(benchmark::kMillisecond);

// The program itself, from its start until it has answered the first request.
void start_long_chain(benchmark::State& state) {
  const auto blocks = static_cast<std::size_t>(state.range(0));
  const test::TempDir directory;
  const std::string path = directory.file("chain.db");
  const std::string genesis = directory.file("genesis.json");
  std::ofstream(genesis) << rpc::genesis_json(write_blocks(path, blocks));
  // On an address of its own, which others here do not use.
  const auto pid = static_cast<unsigned>(::getpid());
  const std::string listen = "127." + std::to_string(pid / 250 % 250 + 1) + "." +
                             std::to_string(pid % 250 + 1) + ".9:8082";
  auto client = rpc::Client::open("http://" + listen);
  AITBC_CHECK(client.has_value());
  for (auto _ : state) {
    test::Process node({AITBC_PROGRAM, "node", "run", "--node-id", "bench", "--genesis", genesis,
                        "--data", path, "--listen", listen},
                       directory.file("log"));
    std::string answer;
    AITBC_CHECK(test::eventually([&] {
      auto got = client->get("/rpc/head");
      if (got) answer = *std::move(got);
      return !answer.empty();
    }));
    state.PauseTiming();
    AITBC_CHECK(answer.find("\"height\":" + std::to_string(blocks)) != std::string::npos);
    AITBC_CHECK(node.end(SIGTERM) == 0);
    state.ResumeTiming();
  }
}
BENCHMARK(start_long_chain)
    ->Arg(10'000)
    ->Arg(1'000'000)
    ->Iterations(5)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace

}  // namespace aitbc::bench
