#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "chain/core/limits.hpp"
#include "cli/commands.hpp"
#include "cli/invocation.hpp"
#include "cli/load.hpp"
#include "cli/load_funds.hpp"
#include "cli/load_watch.hpp"
#include "cli/number.hpp"
#include "cli/running.hpp"
#include "cli/signature_limit.hpp"
#include "rpc/json_writer.hpp"

namespace aitbc::cli {

namespace {

constexpr std::uint64_t connections_max = 64;
constexpr std::uint64_t accounts_max = 100'000;
constexpr std::uint64_t rate_max = 1'000'000;
constexpr Duration limit_time{500};
constexpr Duration bench_look_pause{50};
constexpr std::size_t blocks_at_once = 16;

struct BenchOptions {
  std::string lasts = "10s", connections = "4", batch = "100", accounts = "1000";
  std::string waiting = std::to_string(limits::mempool_gap_txs_max);
  std::string timeout = "60s";
  std::optional<std::string> txs, rate;
};

struct Limit {
  unsigned threads = 1;
  std::uint64_t one = 0, all = 0;  // signature checks a second
};

struct NodeCost {
  std::string node;
  Duration cpu{};
  std::uint64_t rss_bytes = 0;
};

struct BenchResult {
  LoadPlan plan;
  std::size_t nodes = 0, accounts = 0;
  Duration took{};  // until nothing more was sent
  Limit limit;
  LoadFigures figures;
  std::map<Errc, std::uint64_t> put_off;
  Duration client_cpu{};
  std::vector<NodeCost> costs;
};

// ---- what it is asked to do ---------------------------------------------------------------------

Result<LoadPlan> plan_of(const BenchOptions& given, const Limit& limit) {
  LoadPlan plan;
  AITBC_TRY_ASSIGN(plan.lasts, parse_duration(given.lasts, "--for"));
  AITBC_TRY_ASSIGN(plan.connections,
                   parse_number(given.connections, "--connections", {1, connections_max}));
  AITBC_TRY_ASSIGN(plan.batch, parse_number(given.batch, "--batch", {1, limits::submit_batch_max}));
  AITBC_TRY_ASSIGN(plan.waiting_max,
                   parse_number(given.waiting, "--waiting", {1, limits::mempool_txs_max}));
  if (given.rate) {
    AITBC_TRY_ASSIGN(plan.per_second, parse_number(*given.rate, "--rate", {1, rate_max}));
  }
  if (given.txs) {
    AITBC_TRY_ASSIGN(plan.payments, parse_number(*given.txs, "--txs", {1, limits::supply_max}));
    return plan;
  }
  // More than that cannot be taken here.
  const std::uint64_t per_second = given.rate ? plan.per_second : limit.all;
  plan.payments = per_second * static_cast<std::uint64_t>(plan.lasts.count()) / 1'000 + 1;
  return plan;
}

// What an account spends if nothing comes back to it in time.
Result<Amount> need_of(const LoadPlan& plan, const Params& params, std::uint64_t accounts) {
  const std::uint64_t rounds = plan.payments / accounts + 2;
  const auto need = Amount::from(rounds * (1 + params.fee_min.units()));
  if (!need) return error(Errc::bad_config, "--txs: more payments than there is money");
  return *need;
}

// ---- what it costs ------------------------------------------------------------------------------

Duration own_cpu() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& time) { return time.tv_sec * 1'000 + time.tv_usec / 1'000; };
  return Duration{ms(used.ru_utime) + ms(used.ru_stime)};
}

// Of the nodes that this machine runs; empty where none can be looked at.
std::vector<NodeCost> node_costs(Invocation& invocation) {
  std::vector<NodeCost> costs;
  const auto open = OpenNetwork::of(invocation);
  if (!open) return costs;
  const auto processes = (*open)->network().processes();
  if (!processes) return costs;
  for (const sites::NodeProcess& process : *processes) {
    if (!process.facts) continue;
    costs.push_back({process.node, process.facts->cpu_time, process.facts->rss_bytes});
  }
  return costs;
}

// What came on top; the memory is that at the end.
std::vector<NodeCost> since(const std::vector<NodeCost>& before, std::vector<NodeCost> after) {
  for (NodeCost& cost : after) {
    for (const NodeCost& other : before) {
      if (other.node == cost.node && other.cpu <= cost.cpu) cost.cpu -= other.cpu;
    }
  }
  return after;
}

// ---- measuring ----------------------------------------------------------------------------------

// Until every payment that was taken is final everywhere, or the time is over.
Outcome<Done> settle(Invocation& invocation, const NodeAddress& node, const LoadWatch& watch,
                     Height from, Load& load, Duration timeout) {
  AITBC_TRY_ASSIGN(rpc::Client client, node.open());
  Progress progress = invocation.progress();
  const Time end = invocation.clock.now() + timeout;
  std::uint64_t found = 0;
  while (true) {
    const Height last = watch.final_everywhere();
    while (from <= last) {
      const auto count = static_cast<std::size_t>(last - from + 1);
      AITBC_TRY_ASSIGN(const auto blocks,
                       asked(client.blocks(from, std::min(count, blocks_at_once))));
      if (blocks.empty()) break;
      for (const Block& block : blocks) found += load.settle(block);
      from += blocks.size();
    }
    progress.step("payments are final everywhere", found, load.taken());
    if (found >= load.taken() || invocation.clock.now() >= end) return Done{};
    invocation.clock.sleep_until(invocation.clock.now() + bench_look_pause);
  }
}

Outcome<Done> drive(Invocation& invocation, const LoadWatch& watch, Load& load,
                    std::uint64_t payments) {
  Progress progress = invocation.progress();
  const std::uint64_t before = watch.final_txs();
  load.start();
  for (std::uint64_t second = 0, round = 0; !load.is_over(); ++round) {
    invocation.clock.sleep_until(invocation.clock.now() + bench_look_pause);
    const std::uint64_t final = watch.final_txs() - before;
    load.tell_final(final);
    if (round * bench_look_pause.count() / 1'000 == second) continue;
    ++second;
    progress.step("payments are taken, " + std::to_string(final) + " final", load.taken(),
                  payments);
  }
  if (const Status outcome = load.outcome(); !outcome) {
    return Failure{outcome.error(), Origin::node};
  }
  return Done{};
}

Outcome<BenchResult> measure(Invocation& invocation, const BenchOptions& given) {
  BenchResult result;
  AITBC_TRY_ASSIGN(const Duration timeout, parse_duration(given.timeout, "--timeout"));
  result.limit.threads = std::max(1U, std::thread::hardware_concurrency());
  result.limit.one = signature_checks_per_s(1, limit_time);
  result.limit.all = signature_checks_per_s(result.limit.threads, limit_time);
  AITBC_TRY_ASSIGN(result.plan, plan_of(given, result.limit));
  AITBC_TRY_ASSIGN(const std::vector<NodeAddress> nodes, asked_nodes(invocation));
  result.nodes = nodes.size();
  const std::uint64_t lanes = nodes.size() * result.plan.connections;
  AITBC_TRY_ASSIGN(result.accounts,
                   parse_number(given.accounts, "--accounts", {lanes, accounts_max}));

  AITBC_TRY_ASSIGN(rpc::Client first, nodes.front().open());
  AITBC_TRY_ASSIGN(const Genesis genesis, node_genesis(invocation, first));
  if (!genesis.devnet) {
    return error(Errc::refused, genesis.chain_id + " has no faucet: it is not a devnet");
  }
  const Params params = params_of(genesis);
  AITBC_TRY_ASSIGN(const Amount need, need_of(result.plan, params, result.accounts));
  AITBC_TRY_ASSIGN(auto accounts,
                   funded_accounts(invocation, nodes, params, result.accounts, need));
  Load load(params, nodes, std::move(accounts), result.plan);
  load.sign_ahead();

  LoadWatch watch;
  AITBC_TRY(watch.listen(nodes));
  AITBC_TRY_ASSIGN(const NodeStatus before, asked(first.network()));
  const auto costs = node_costs(invocation);
  const Duration cpu = own_cpu();
  const LoadTime begun = LoadTime::clock::now();
  AITBC_TRY(drive(invocation, watch, load, result.plan.payments));
  result.took = std::chrono::duration_cast<Duration>(LoadTime::clock::now() - begun);
  result.client_cpu = own_cpu() - cpu;
  result.costs = since(costs, node_costs(invocation));
  AITBC_TRY(settle(invocation, nodes.front(), watch, before.head.height + 1, load, timeout));
  result.figures = figures_of(load.payments(watch.sights()));
  result.put_off = load.put_off();
  return result;
}

// ---- telling ------------------------------------------------------------------------------------

std::string decimals(double value, int places) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", places, value);
  return text;
}

std::string share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? "0" : decimals(static_cast<double>(part) / static_cast<double>(whole), 3);
}

std::string share(Duration part, Duration whole) {
  return share(static_cast<std::uint64_t>(part.count()), static_cast<std::uint64_t>(whole.count()));
}

std::string stage_json(std::uint64_t per_s, const Spread& spread, const Limit& limit) {
  rpc::ObjectWriter out;
  out.integer("per_s", per_s)
      .json("of_limit", share(per_s, limit.all))
      .integer("p50_ms", spread.p50)
      .integer("p95_ms", spread.p95)
      .integer("p99_ms", spread.p99);
  return std::move(out).finish();
}

std::string result_json(const BenchResult& result) {
  rpc::ArrayWriter put_off, nodes;
  for (const auto& [code, count] : result.put_off) {
    rpc::ObjectWriter row;
    row.text("code", name(code)).integer("count", count);
    put_off.json(std::move(row).finish());
  }
  for (const NodeCost& cost : result.costs) {
    rpc::ObjectWriter row;
    row.text("node", cost.node)
        .json("cores", share(cost.cpu, result.took))
        .integer("rss_bytes", cost.rss_bytes);
    nodes.json(std::move(row).finish());
  }
  rpc::ObjectWriter limit, cores, out;
  limit.integer("threads", result.limit.threads)
      .integer("one_thread", result.limit.one)
      .integer("all_threads", result.limit.all);
  cores.json("client", share(result.client_cpu, result.took))
      .json("nodes", std::move(nodes).finish());
  const LoadFigures& figures = result.figures;
  out.integer("nodes", result.nodes)
      .integer("connections", result.plan.connections)
      .integer("batch", result.plan.batch)
      .integer("accounts", result.accounts);
  result.plan.per_second > 0 ? out.integer("rate", result.plan.per_second) : out.null("rate");
  out.integer("took_ms", static_cast<std::uint64_t>(result.took.count()))
      .integer("taken", figures.taken)
      .integer("final", figures.final)
      .json("put_off", std::move(put_off).finish())
      .json("answered", stage_json(figures.taken_per_s, figures.to_answer, result.limit))
      .json("included", stage_json(figures.included_per_s, figures.to_included, result.limit))
      .json("finality", stage_json(figures.final_per_s, figures.to_final, result.limit))
      .json("signature_checks_per_s", std::move(limit).finish())
      .json("cpu", std::move(cores).finish());
  return std::move(out).finish();
}

std::string result_text(const BenchResult& result) {
  const LoadFigures& figures = result.figures;
  Table table({"PAYMENTS", "A SECOND", "OF LIMIT", "P50 MS", "P95 MS", "P99 MS"});
  const auto add = [&](const char* stage, std::uint64_t per_s, const Spread& spread) {
    table.add({stage, std::to_string(per_s), share(per_s, result.limit.all),
               std::to_string(spread.p50), std::to_string(spread.p95), std::to_string(spread.p99)});
  };
  add("answered", figures.taken_per_s, figures.to_answer);
  add("included", figures.included_per_s, figures.to_included);
  add("final", figures.final_per_s, figures.to_final);
  std::string text = table.text();
  text += "\n" + std::to_string(figures.taken) + " taken in " +
          decimals(static_cast<double>(result.took.count()) / 1'000, 1) + " s by " +
          std::to_string(result.nodes) + " nodes, " + std::to_string(figures.final) +
          " final at all of them";
  text += "\nlimit: " + std::to_string(result.limit.all) + " signature checks a second on " +
          std::to_string(result.limit.threads) + " threads, " + std::to_string(result.limit.one) +
          " on one";
  text += "\ncores: client " + share(result.client_cpu, result.took);
  for (const NodeCost& cost : result.costs) {
    text += ", node " + cost.node + " " + share(cost.cpu, result.took);
  }
  for (const auto& [code, count] : result.put_off) {
    text += "\nput off: " + std::to_string(count) + " " + std::string(name(code));
  }
  return text;
}

Verdict bench(Invocation& invocation, const BenchOptions& given) {
  AITBC_TRY_ASSIGN(const BenchResult result, measure(invocation, given));
  invocation.output.document(result_json(result));
  invocation.output.line(result_text(result));
  return result.figures.final == result.figures.taken ? Exit::done : Exit::negative;
}

}  // namespace

void add_bench_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<BenchOptions>();
  CLI::App* command =
      add_command(root, {"bench", "Pay through all nodes at once, and tell how fast that goes",
                         "aitbc bench --rate 2000 --for 60s"});
  command->add_option("--for", given->lasts, "How long payments are sent")->capture_default_str();
  command->add_option("--txs", given->txs, "Payments in all, at most");
  command->add_option("--rate", given->rate,
                      "Payments a second (default: as many as the nodes take)");
  command->add_option("--connections", given->connections, "To each node")->capture_default_str();
  command->add_option("--batch", given->batch, "Payments of a request, at most")
      ->capture_default_str();
  command
      ->add_option("--accounts", given->accounts, "That pay; the faucet gives them what it takes")
      ->capture_default_str();
  command
      ->add_option("--waiting", given->waiting,
                   "Payments that may be sent and not yet final everywhere")
      ->capture_default_str();
  command->add_option("--timeout", given->timeout, "How long to wait for the last ones, afterwards")
      ->capture_default_str();
  command->add_option("--node", invocation.node,
                      "Pay through this one alone: its id, or a URL (default: through all)");
  add_credential_options(*command, invocation);
  choose(*command, invocation, [&invocation, given] { return bench(invocation, *given); });
}

}  // namespace aitbc::cli
