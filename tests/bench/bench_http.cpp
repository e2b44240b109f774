#include "rpc/binary.hpp"
#include "tests/bench/bench.hpp"
#include "tests/bench/load.hpp"
#include "tests/support/node_in_process.hpp"

namespace aitbc::bench {

namespace {

constexpr std::size_t questions = 50'000;

void report_load(benchmark::State& state, const Waits& waits) {
  report(state, state.iterations() * static_cast<std::int64_t>(waits.size()));
  state.counters["p50_ms"] = quantile(waits, 0.5);
  state.counters["p99_ms"] = quantile(waits, 0.99);
}

std::size_t connections_of(const benchmark::State& state) {
  return static_cast<std::size_t>(state.range(0));
}

void ask_for_head(benchmark::State& state, std::uint16_t port) {
  const std::vector<std::string> requests(questions, get_request("/rpc/head"));
  Waits waits;
  for (auto _ : state) waits = run_load(port, connections_of(state), requests);
  report_load(state, waits);
}

// A server that does nothing: the limit of what follows.
void epoll_echo(benchmark::State& state) {
  const EchoServer server;
  ask_for_head(state, server.port());
}

void head_over_http(benchmark::State& state) {
  const test::ChainBuilder builder = test::live_builder();
  const test::NodeInProcess node(builder, {});
  ask_for_head(state, node.port());
}

constexpr std::size_t senders = 1'000;

// One after the other of all senders. Over one connection fewer: each waits for the disk alone.
std::vector<SignedTx> payments(const benchmark::State& state, test::ChainBuilder& builder) {
  const Nonce each = connections_of(state) == 1 ? 2 : 20;
  std::vector<SignedTx> txs;
  for (Nonce nonce = 0; nonce < each; ++nonce) {
    for (std::size_t i = 0; i < senders; ++i) {
      txs.push_back(builder.transfer(i, (i + 1) % senders, 1, nonce).signed_tx());
    }
  }
  return txs;
}

void submit(benchmark::State& state, const test::ChainBuilder& builder, std::size_t txs,
            const std::vector<std::string>& requests) {
  Waits waits;
  for (auto _ : state) {
    state.PauseTiming();
    const test::NodeInProcess node(builder, {});
    state.ResumeTiming();
    waits = run_load(node.port(), connections_of(state), requests);
  }
  report_load(state, waits);
  report(state, state.iterations() * static_cast<std::int64_t>(txs));
}

// Each in a request of its own, durable when it is answered.
void durable_submit_over_http(benchmark::State& state) {
  test::ChainBuilder builder = test::live_builder(senders);
  std::vector<std::string> requests;
  for (const SignedTx& tx : payments(state, builder)) {
    requests.push_back(post_request("/rpc/sendTx", std::string(rpc::binary_type),
                                    std::string(as_text(encode(tx)))));
  }
  submit(state, builder, requests.size(), requests);
}

// As a client does that has several to send.
void durable_batches_over_http(benchmark::State& state) {
  constexpr std::size_t batch = 20;
  test::ChainBuilder builder = test::live_builder(senders);
  const std::vector<SignedTx> txs = payments(state, builder);
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < txs.size(); i += batch) {
    requests.push_back(
        post_request("/rpc/transactions", std::string(rpc::binary_type),
                     std::string(as_text(rpc::encode_txs(std::span(&txs[i], batch))))));
  }
  submit(state, builder, txs.size(), requests);
}

// One pass is thousands of requests; a pass a repetition.
void over_connections(benchmark::internal::Benchmark* one) {
  one->Arg(1)->Arg(64)->UseRealTime()->MeasureProcessCPUTime()->Iterations(1)->Unit(
      benchmark::kMillisecond);
}
BENCHMARK(epoll_echo)->Apply(over_connections);
BENCHMARK(head_over_http)->Apply(over_connections);
BENCHMARK(durable_submit_over_http)->Apply(over_connections);
BENCHMARK(durable_batches_over_http)->Apply(over_connections);

}  // namespace

}  // namespace aitbc::bench
