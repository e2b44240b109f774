#pragma once
// Results of scenarios as JUnit XML, in the form that CI systems read: one suite, a case for each
// scenario, the steps as its output. Pure.

#include <string>
#include <vector>

#include "cli/scenario_run.hpp"

namespace aitbc::cli {

std::string junit_xml(const std::vector<ScenarioResult>& results);

}  // namespace aitbc::cli
