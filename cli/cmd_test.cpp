#include <CLI/CLI.hpp>
#include <filesystem>

#include "chain/core/limits.hpp"
#include "cli/commands.hpp"
#include "cli/file.hpp"
#include "cli/junit.hpp"
#include "cli/scenario_run.hpp"
#include "rpc/json_writer.hpp"
#include "sites/scenarios.hpp"

namespace aitbc::cli {

namespace {

struct TestOptions {
  std::vector<std::string> scenarios;
  std::optional<std::string> junit;
  bool keep = false, list = false, all = false;
};

// A name of a built-in one, or a file.
Result<Scenario> find_scenario(const std::string& wanted) {
  std::string known;
  for (const auto& built_in : sites::built_in_scenarios()) {
    if (built_in.name == wanted)
      return parse_scenario(std::string(built_in.yaml), wanted + ".yaml");
    known += (known.empty() ? "" : ", ") + std::string(built_in.name);
  }
  std::error_code ignored;
  if (wanted != "-" && !std::filesystem::exists(wanted, ignored)) {
    return error(Errc::bad_config,
                 "'" + wanted + "' is neither a file nor one of the scenarios " + known);
  }
  AITBC_TRY_ASSIGN(const std::string text, read_file(wanted, limits::manifest_bytes_max));
  return parse_scenario(text, wanted);
}

Verdict list_scenarios(Invocation& invocation) {
  Table table({"SCENARIO", "ABOUT"});
  rpc::ArrayWriter rows;
  for (const auto& built_in : sites::built_in_scenarios()) {
    AITBC_TRY_ASSIGN(const Scenario scenario, find_scenario(std::string(built_in.name)));
    table.add({scenario.name, scenario.about});
    rpc::ObjectWriter row;
    row.text("name", scenario.name).text("about", scenario.about);
    rows.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.json("scenarios", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  invocation.output.line(table.text());
  return Exit::done;
}

void write_time(rpc::ObjectWriter& out, std::string_view name, std::optional<Duration> time) {
  time ? out.integer(name, static_cast<std::uint64_t>(time->count())) : out.null(name);
}

std::string figures_json(const Figures& figures) {
  rpc::ObjectWriter out;
  out.integer("acknowledged", figures.acknowledged).integer("refused", figures.refused);
  write_time(out, "included_p95_ms", figures.included_p95);
  write_time(out, "final_p95_ms", figures.final_p95);
  out.integer("orphans", figures.orphans).integer("reorgs", figures.reorgs);
  return std::move(out).finish();
}

std::string result_json(const ScenarioResult& result) {
  rpc::ArrayWriter steps;
  for (const StepResult& step : result.steps) {
    rpc::ObjectWriter row;
    row.text("step", step.step).boolean("passed", step.passed);
    write_time(row, "began_ms", step.began);
    write_time(row, "took_ms", step.took);
    steps.json(std::move(row).finish());
  }
  rpc::ObjectWriter out;
  out.text("name", result.name).boolean("passed", result.passed);
  write_time(out, "took_ms", result.took);
  out.json("steps", std::move(steps).finish()).json("figures", figures_json(result.figures));
  result.passed ? out.null("failure") : out.text("failure", result.failure);
  result.folder.empty() ? out.null("folder") : out.text("folder", result.folder);
  return std::move(out).finish();
}

void print(Output& output, const ScenarioResult& result) {
  const std::string took = std::to_string(result.took.count() / 1'000) + " s";
  if (result.passed) {
    output.line("passed " + result.name + " in " + took + ": " + text(result.figures));
  } else {
    output.line("FAILED " + result.name + " after " + took + "\n" + result.failure);
  }
  if (!result.folder.empty()) output.line("its folder: " + result.folder);
}

Verdict test(Invocation& invocation, const TestOptions& given) {
  if (given.list) return list_scenarios(invocation);
  std::vector<std::string> wanted = given.scenarios;
  if (given.all) {
    for (const auto& built_in : sites::built_in_scenarios()) wanted.emplace_back(built_in.name);
  }
  if (wanted.empty()) {
    return error(Errc::bad_config, "give a scenario's name or file, or --all; see --list");
  }
  // All are read before the first is run.
  std::vector<Scenario> scenarios;
  for (const std::string& each : wanted) {
    AITBC_TRY_ASSIGN(Scenario scenario, find_scenario(each));
    scenarios.push_back(std::move(scenario));
  }
  std::vector<ScenarioResult> results;
  rpc::ArrayWriter rows;
  bool passed = true;
  for (const Scenario& scenario : scenarios) {
    invocation.output.say(scenario.name + ": " + scenario.about);
    AITBC_TRY_ASSIGN(ScenarioResult result, run_scenario(invocation, scenario, {given.keep}));
    passed = passed && result.passed;
    print(invocation.output, result);
    rows.json(result_json(result));
    results.push_back(std::move(result));
  }
  if (given.junit) {
    AITBC_TRY(write_file(*given.junit, junit_xml(results), {Access::everyone, Existing::replace}));
  }
  rpc::ObjectWriter out;
  out.boolean("passed", passed).json("scenarios", std::move(rows).finish());
  invocation.output.document(std::move(out).finish());
  return passed ? Exit::done : Exit::negative;
}

}  // namespace

void add_test_command(CLI::App& root, Invocation& invocation) {
  const auto given = std::make_shared<TestOptions>();
  CLI::App* command =
      add_command(root, {"test", "Run fault scenarios, each on a network of its own",
                         "aitbc test partition my-scenario.yaml --junit results.xml"});
  command->add_option("SCENARIO", given->scenarios, "The name of a built-in scenario, or a file");
  command->add_flag("--list", given->list, "Only name the built-in scenarios");
  command->add_flag("--all", given->all, "All built-in scenarios");
  command->add_option("--junit", given->junit, "Write the results as JUnit XML, too");
  command->add_flag("--keep", given->keep, "Leave the networks running, and say where they are");
  choose(*command, invocation, [&invocation, given] { return test(invocation, *given); });
}

}  // namespace aitbc::cli
