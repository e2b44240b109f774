#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <thread>

#include <CLI/CLI.hpp>

#include "chain/core/percentile.hpp"
#include "cli/commands.hpp"
#include "cli/dump_file.hpp"
#include "cli/file.hpp"
#include "cli/invocation.hpp"
#include "cli/number.hpp"
#include "generated/commit.hpp"
#include "rpc/json_writer.hpp"
#include "sync/sim/campaign.hpp"
#include "sync/sim/growth.hpp"

namespace aitbc::cli {

namespace {

struct SimOptions {
  std::string seed = "1", hours = "0.1";
  std::optional<std::string> count, faults, nodes, quorum, clones, replay;
  std::optional<std::string> sites;
  std::string followers = "0", latency = "80";
  bool poll_only = false;
};

constexpr std::int64_t hour_ms = 3'600'000;

// A recording is first seen as it is.
std::string count_of(const SimOptions& given) {
  return given.count.value_or(given.replay ? "1" : "100");
}
std::string faults_of(const SimOptions& given) {
  return given.faults.value_or(given.replay ? "none" : "all");
}

// 24, or 0.5.
Result<Duration> parse_hours(const std::string& text) {
  const auto point = text.find('.');
  AITBC_TRY_ASSIGN(const std::uint64_t whole,
                   parse_number(text.substr(0, point), "--hours", {0, limits::sim_hours_max}));
  std::int64_t ms = static_cast<std::int64_t>(whole) * hour_ms;
  if (point != std::string::npos) {
    const std::string digits = text.substr(point + 1);
    const bool good = !digits.empty() && digits.size() <= 3 &&
                      digits.find_first_not_of("0123456789") == std::string::npos;
    if (!good) {
      return error(Errc::bad_config,
                   "--hours: expected a number with up to three decimals, e.g. "
                   "24 or 0.5, got '" +
                       text + "'");
    }
    ms += std::stoll((digits + "00").substr(0, 3)) * hour_ms / 1'000;
  }
  return Duration{ms};
}

Result<sim::Campaign> campaign_of(const SimOptions& given) {
  sim::Campaign campaign;
  AITBC_TRY_ASSIGN(campaign.first, parse_number(given.seed, "--seed"));
  AITBC_TRY_ASSIGN(campaign.count,
                   parse_number(count_of(given), "--count", {1, limits::sim_seeds_max}));
  AITBC_TRY_ASSIGN(campaign.plan.length, parse_hours(given.hours));
  AITBC_TRY_ASSIGN(campaign.plan.faults, sim::parse_faults(faults_of(given)));
  if (given.nodes) {
    AITBC_TRY_ASSIGN(campaign.plan.nodes,
                     parse_number(*given.nodes, "--nodes", {1, limits::sim_nodes_max}));
  }
  if (given.clones) {
    const std::uint64_t most = campaign.plan.nodes.value_or(limits::sim_nodes_max);
    AITBC_TRY_ASSIGN(campaign.plan.clones, parse_number(*given.clones, "--clones", {0, most}));
    if (*campaign.plan.clones > 0) campaign.plan.faults.insert(sim::FaultKind::clone);
  }
  if (given.quorum) {
    const bool bft = *given.quorum == name(Quorum::bft);
    if (!bft && *given.quorum != name(Quorum::majority)) {
      return error(Errc::bad_config,
                   "--quorum: expected majority or bft, got '" + *given.quorum + "'");
    }
    campaign.plan.quorum = bft ? Quorum::bft : Quorum::majority;
  }
  if (given.poll_only) campaign.plan.poll_only = true;
  if (given.replay) {
    if (given.nodes || given.clones || given.quorum) {
      return error(Errc::bad_config, "--replay: nodes, quorum and keys are the recording's");
    }
    AITBC_TRY_ASSIGN(const std::string text, read_file(*given.replay, limits::dump_bytes_max));
    AITBC_TRY_ASSIGN(sim::Recording recording, parse_dump(text));
    campaign.recording = std::make_shared<const sim::Recording>(std::move(recording));
  }
  campaign.threads = std::max(1U, std::thread::hardware_concurrency());
  return campaign;
}

// The command that lives this seed again.
std::string replay_command(const SimOptions& given, std::uint64_t seed) {
  std::string command = "aitbc sim --seed " + std::to_string(seed) + " --count 1 --hours " +
                        given.hours + " --faults " + faults_of(given);
  if (given.replay) command += " --replay " + *given.replay;
  if (given.nodes) command += " --nodes " + *given.nodes;
  if (given.quorum) command += " --quorum " + *given.quorum;
  if (given.clones) command += " --clones " + *given.clones;
  if (given.poll_only) command += " --poll-only";
  return command;
}

// A broken invariant of the code below aborts the process; its seed must not be lost with it.
void tell_seed(int) {
  const auto seed = sim::living_seed();
  if (!seed) return;
  char text[64] = "aitbc sim: aborted in the world of --seed ";
  std::size_t end = std::strlen(text);
  char digits[20];
  std::size_t count = 0;
  for (std::uint64_t left = *seed; count == 0 || left > 0; left /= 10) {
    digits[count++] = static_cast<char>('0' + left % 10);
  }
  while (count > 0) text[end++] = digits[--count];
  text[end++] = '\n';
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, end);
}

std::string span_text(Duration time) {
  const auto seconds = time.count() / 1'000;
  if (seconds < 600) return std::to_string(seconds) + " s";
  if (seconds < 36'000) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds / 3'600) + " h";
}

struct Total {
  std::uint64_t failed = 0, conflicts = 0, halted = 0, blocks = 0, payments = 0, reorgs = 0,
                messages = 0, lost = 0;
  Duration simulated{0};
  std::map<sim::FaultKind, std::uint64_t> faults;
  rpc::ArrayWriter failures;

  void add(const sim::Life& life) {
    if (life.conflict) ++conflicts;
    if (life.halted) ++halted;
    blocks += life.blocks;
    payments += life.payments;
    reorgs += life.reorgs;
    messages += life.messages;
    lost += life.lost;
    simulated += life.ended - life.began;
    for (const auto& [fault, count] : life.faults) faults[fault] += count;
  }
};

void report_failure(Output& output, const SimOptions& given, const sim::Life& life, Total& total) {
  const sim::Failure& failure = *life.failure;
  const Duration at = failure.at - life.began;
  const std::string replay = replay_command(given, life.seed);
  ++total.failed;
  rpc::ObjectWriter row;
  row.integer("seed", life.seed)
      .text("invariant", failure.invariant)
      .integer("at_ms", static_cast<std::uint64_t>(at.count()))
      .text("what", failure.what)
      .text("replay", replay);
  total.failures.json(std::move(row).finish());
  output.line("FAILED seed " + std::to_string(life.seed) + " of commit " AITBC_COMMIT ": " +
              failure.invariant + " after " + std::to_string(at.count()) + " ms: " + failure.what +
              "\n  replay: " + replay);
}

std::string faults_text(const Total& total) {
  std::string text;
  for (const auto& [fault, count] : total.faults) {
    text += (text.empty() ? "" : ", ") + std::string(name(fault)) + " " + std::to_string(count);
  }
  return text.empty() ? "none" : text;
}

void print_total(Output& output, const sim::Campaign& campaign, Total total, Duration wall) {
  const auto ms = [](Duration time) { return static_cast<std::uint64_t>(time.count()); };
  const std::uint64_t rate = ms(total.simulated) / std::max<std::uint64_t>(ms(wall), 1);
  output.line(std::to_string(campaign.count - total.failed) + " of " +
              std::to_string(campaign.count) +
              " worlds are safe and healed: " + span_text(total.simulated) + " in " +
              span_text(wall) + ", " + std::to_string(rate) + " times as fast as the clock");
  output.line(std::to_string(total.blocks) + " blocks, " + std::to_string(total.payments) +
              " payments, " + std::to_string(total.reorgs) + " reorgs, " +
              std::to_string(total.messages) + " messages (" + std::to_string(total.lost) +
              " lost); of the worlds with more cloned keys than they tolerate " +
              std::to_string(total.conflicts) + " ended apart, and said so, and " +
              std::to_string(total.halted) + " came to a stand, which is proven");
  output.line("faults: " + faults_text(total));
  rpc::ObjectWriter faults;
  for (const auto& [fault, count] : total.faults) faults.integer(name(fault), count);
  rpc::ObjectWriter out;
  out.text("commit", AITBC_COMMIT)
      .integer("first", campaign.first)
      .integer("count", campaign.count)
      .integer("failed", total.failed)
      .integer("conflicts", total.conflicts)
      .integer("halted", total.halted)
      .integer("blocks", total.blocks)
      .integer("payments", total.payments)
      .integer("reorgs", total.reorgs)
      .integer("messages", total.messages)
      .integer("lost", total.lost)
      .integer("simulated_ms", ms(total.simulated))
      .integer("wall_ms", ms(wall))
      .json("faults", std::move(faults).finish())
      .json("failures", std::move(total.failures).finish());
  output.document(std::move(out).finish());
}

// ---- growth -------------------------------------------------------------------------------------

Result<sim::Growth> growth_of(const SimOptions& given) {
  sim::Growth growth;
  AITBC_TRY_ASSIGN(growth.seed, parse_number(given.seed, "--seed"));
  AITBC_TRY_ASSIGN(growth.sites,
                   parse_number(*given.sites, "--sites", {1, limits::network_sites_max}));
  if (given.nodes) {
    AITBC_TRY_ASSIGN(growth.authorities,
                     parse_number(*given.nodes, "--nodes", {1, limits::authorities_max}));
  }
  AITBC_TRY_ASSIGN(growth.followers,
                   parse_number(given.followers, "--followers", {0, limits::sim_followers_max}));
  const auto most = static_cast<std::uint64_t>(limits::link_delay_max.count());
  AITBC_TRY_ASSIGN(const std::uint64_t latency,
                   parse_number(given.latency, "--latency", {0, most}));
  growth.latency = Duration{static_cast<std::int64_t>(latency)};
  return growth;
}

std::string times_json(const std::vector<Duration>& times) {
  const auto ms = [&](std::size_t percent) {
    return static_cast<std::uint64_t>(percentile(times, percent).count());
  };
  rpc::ObjectWriter out;
  out.integer("p50", ms(50)).integer("p95", ms(95)).integer("max", ms(100));
  return std::move(out).finish();
}

std::string times_text(const std::vector<Duration>& times) {
  const auto ms = [&](std::size_t percent) {
    return std::to_string(percentile(times, percent).count()) + " ms";
  };
  return "half within " + ms(50) + ", 95 % within " + ms(95) + ", all within " + ms(100);
}

Verdict measure_growth(Invocation& invocation, const SimOptions& given) {
  AITBC_TRY_ASSIGN(const sim::Growth growth, growth_of(given));
  const Time begun = invocation.clock.now();
  const sim::Grown grown = sim::grow(growth);
  const Duration wall = invocation.clock.now() - begun;
  const std::uint64_t nodes = growth.authorities + growth.followers;
  Output& output = invocation.output;
  const auto line = [&](const std::string& what) { output.line(what); };
  line(std::to_string(nodes) + " nodes, " + std::to_string(growth.authorities) +
       " of them authorities, at " + std::to_string(growth.sites) + " sites, in " +
       span_text(wall));
  line("a payment is on all nodes: " + times_text(grown.to_all));
  line("a block is final on all nodes: " + times_text(grown.to_final));
  line("a node at rest: " + std::to_string(grown.messages_at_rest / nodes) + " messages, " +
       std::to_string(grown.bytes_at_rest / nodes) + " bytes a minute; for a payment: " +
       std::to_string(grown.bytes_of_payment / nodes) + " bytes");
  const bool failed = grown.failure || !grown.differences.empty();
  if (grown.failure) line("FAILED: " + grown.failure->invariant + ": " + grown.failure->what);
  if (!grown.differences.empty()) line("FAILED: in the end " + grown.differences);
  rpc::ObjectWriter out;
  out.text("commit", AITBC_COMMIT)
      .integer("nodes", nodes)
      .integer("authorities", growth.authorities)
      .integer("sites", growth.sites)
      .integer("latency_ms", static_cast<std::uint64_t>(growth.latency.count()))
      .integer("payments", grown.payments)
      .integer("reached_all", grown.reached_all)
      .json("to_all_ms", times_json(grown.to_all))
      .json("to_final_ms", times_json(grown.to_final))
      .integer("messages_at_rest", grown.messages_at_rest)
      .integer("bytes_at_rest", grown.bytes_at_rest)
      .integer("bytes_of_payment", grown.bytes_of_payment)
      .integer("wall_ms", static_cast<std::uint64_t>(wall.count()));
  output.document(std::move(out).finish());
  return failed ? Exit::negative : Exit::done;
}

Verdict simulate(Invocation& invocation, const SimOptions& given) {
  if (given.sites) return measure_growth(invocation, given);
  AITBC_TRY_ASSIGN(const sim::Campaign campaign, campaign_of(given));
  std::signal(SIGABRT, tell_seed);
  Progress progress = invocation.progress();
  const bool terminal = progress_kind(invocation.output.quiet()) == Progress::Kind::terminal;
  const Time begun = invocation.clock.now();
  Total total;
  std::size_t done = 0;
  sim::live_all(campaign, [&](const sim::Life& life) {
    total.add(life);
    if (life.failure) {
      progress.finish();
      report_failure(invocation.output, given, life, total);
    }
    if (campaign.recording && !life.failure) {
      invocation.output.line("seed " + std::to_string(life.seed) + ": all nodes come to block " +
                             std::to_string(life.head.height) + " " + hash_text(life.head.id) +
                             ", final up to " + std::to_string(life.final));
    }
    ++done;
    if (terminal) progress.step("seed " + std::to_string(life.seed), done, campaign.count);
  });
  progress.finish();
  const bool failed = total.failed > 0;
  print_total(invocation.output, campaign, std::move(total), invocation.clock.now() - begun);
  return failed ? Exit::negative : Exit::done;
}

}  // namespace

void add_sim_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<SimOptions>();
  CLI::App* command =
      add_command(root, {"sim", "Live through seeded worlds of faults, days in a minute",
                         "aitbc sim --seed 1 --count 2000 --faults all\n"
                         "  aitbc sim --count 1 --hours 24 --faults partition,crash --nodes 6\n"
                         "  aitbc sim --nodes 21 --followers 979 --sites 50 --latency 80"});
  command->add_option("--seed", given->seed, "The first seed")->capture_default_str();
  command->add_option("--count", given->count, "How many seeds (default: 100, with --replay 1)");
  command
      ->add_option("--hours", given->hours,
                   "How long each world lives, in simulated hours; it ends with the round of "
                   "faults and healing that it is in")
      ->capture_default_str();
  command->add_option(
      "--faults", given->faults,
      "all, none, or some of " + sim::fault_names() + " (default: all, with --replay none)");
  command->add_option("--nodes", given->nodes, "How many authorities (default: by the seed)");
  command->add_option("--quorum", given->quorum, "majority or bft (default: by the seed)");
  command->add_option("--clones", given->clones,
                      "How many keys are used twice (default: by the "
                      "seed)");
  command->add_option("--replay", given->replay,
                      "A file of aitbc dump: start from there, without new blocks and votes");
  command->add_flag("--poll-only", given->poll_only, "No long polls (default: by the seed)");
  auto* const sites = command->add_option(
      "--sites", given->sites, "Measure a network without faults that lies at so many sites");
  command->add_option("--followers", given->followers, "Its nodes that are no authorities")
      ->capture_default_str()
      ->needs(sites);
  command
      ->add_option("--latency", given->latency,
                   "A round trip between two of its sites, on average, in ms")
      ->capture_default_str()
      ->needs(sites);
  choose(*command, invocation, [&invocation, given] { return simulate(invocation, *given); });
}

}  // namespace aitbc::cli
