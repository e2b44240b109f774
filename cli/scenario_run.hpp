#pragma once
// A scenario carried out: a network of its own in a folder of its own, the steps with this binary
// itself, so that each is what a person would type; then always healing, growth and the check of
// all invariants; and the end of every process, also after a failure. Main thread only.

#include "cli/invocation.hpp"
#include "cli/scenario.hpp"
#include "cli/traffic.hpp"

namespace aitbc::cli {

struct StepResult {
  std::string step;
  bool passed = false;
  Duration began{};  // since the scenario's beginning
  Duration took{};
};

struct ScenarioResult {
  std::string name, about;
  bool passed = false;
  Time began;
  Duration took{};
  std::vector<StepResult> steps;
  std::string failure;  // the step, what was expected and what was seen; the nodes; the logs
  std::string folder;   // where the network still is, or its files; empty when all is gone
  Figures figures;
};

struct RunOptions {
  bool keep = false;  // the network, running
};

Result<ScenarioResult> run_scenario(Invocation& invocation, const Scenario& scenario,
                                    const RunOptions& options);

// "123 payments acknowledged, ..."
std::string text(const Figures& figures);

}  // namespace aitbc::cli
