#include <algorithm>
#include <atomic>
#include <thread>

#include "rpc/http_client.hpp"
#include "tests/bench/bench.hpp"
#include "tests/support/node_in_process.hpp"

namespace aitbc::bench {

namespace {

using Clock = std::chrono::steady_clock;

// Sends one request after the other on `connections` kept connections, each request once.
double run_load(const std::string& url, std::size_t connections,
                const std::vector<rpc::HttpRequest>& requests) {
  std::atomic<std::size_t> next = 0;
  std::vector<std::vector<double>> waits(connections);
  {
    std::vector<std::jthread> clients;
    for (std::size_t c = 0; c < connections; ++c) {
      clients.emplace_back([&, c] {
        rpc::HttpClient client(*rpc::parse_url(url));
        for (std::size_t i = next++; i < requests.size(); i = next++) {
          const auto start = Clock::now();
          const auto answer = client.send(requests[i], {});
          AITBC_CHECK(answer.has_value() && answer->status == 200);
          waits[c].push_back(
              std::chrono::duration<double, std::milli>(Clock::now() - start).count());
        }
      });
    }
  }
  std::vector<double> all;
  for (const auto& some : waits) all.insert(all.end(), some.begin(), some.end());
  std::sort(all.begin(), all.end());
  return all[all.size() * 99 / 100];
}

void head_over_http(benchmark::State& state) {
  const auto connections = static_cast<std::size_t>(state.range(0));
  const test::ChainBuilder builder = test::live_builder();
  test::NodeInProcess node(builder, {});
  rpc::HttpRequest request;
  request.method = "GET";
  request.path = "/rpc/head";
  const std::vector<rpc::HttpRequest> requests(20'000, request);
  double p99 = 0;
  for (auto _ : state) p99 = run_load(node.url(), connections, requests);
  report(state, state.iterations() * static_cast<std::int64_t>(requests.size()));
  state.counters["p99_ms"] = p99;
}

void durable_submit_over_http(benchmark::State& state) {
  const auto connections = static_cast<std::size_t>(state.range(0));
  constexpr std::size_t senders = 1'000;
  constexpr std::size_t each = 10;
  test::ChainBuilder builder = test::live_builder(senders);
  std::vector<rpc::HttpRequest> requests;
  for (Nonce nonce = 0; nonce < each; ++nonce) {
    for (std::size_t i = 0; i < senders; ++i) {
      rpc::HttpRequest request;
      request.method = "POST";
      request.path = "/rpc/sendTx";
      request.content_type = rpc::binary_type;
      request.body = as_text(encode(builder.transfer(i, (i + 1) % senders, 1, nonce).signed_tx()));
      requests.push_back(std::move(request));
    }
  }
  double p99 = 0;
  for (auto _ : state) {
    state.PauseTiming();
    test::NodeInProcess node(builder, {});
    state.ResumeTiming();
    p99 = run_load(node.url(), connections, requests);
  }
  report(state, state.iterations() * static_cast<std::int64_t>(requests.size()));
  state.counters["p99_ms"] = p99;
}

// One pass is thousands of requests; a pass a repetition.
void over_connections(benchmark::internal::Benchmark* one) {
  one->Arg(1)->Arg(64)->UseRealTime()->MeasureProcessCPUTime()->Iterations(1)->Unit(
      benchmark::kMillisecond);
}
BENCHMARK(head_over_http)->Apply(over_connections);
BENCHMARK(durable_submit_over_http)->Apply(over_connections);

}  // namespace

}  // namespace aitbc::bench
