#include "cli/junit.hpp"

#include <algorithm>

#include "rpc/markup.hpp"

namespace aitbc::cli {

namespace {

std::string seconds_xml(Duration time) {
  std::string decimals = std::to_string(time.count() % 1'000);
  decimals.insert(0, 3 - decimals.size(), '0');
  return std::to_string(time.count() / 1'000) + "." + decimals;
}

std::string case_xml(const ScenarioResult& result) {
  std::string steps;
  for (const StepResult& step : result.steps) {
    steps += seconds_xml(step.began) + " " + (step.passed ? "ok " : "FAILED ") + step.step + " (" +
             seconds_xml(step.took) + " s)\n";
  }
  std::string xml = "    <testcase classname=\"aitbc.scenario\" name=\"" +
                    rpc::markup_text(result.name) + "\" time=\"" + seconds_xml(result.took) +
                    "\">\n";
  if (!result.passed) {
    const std::string first = result.failure.substr(0, result.failure.find('\n'));
    xml += "      <failure message=\"" + rpc::markup_text(first) + "\" type=\"scenario\">" +
           rpc::markup_text(result.failure) + "</failure>\n";
  }
  return xml + "      <system-out>" + rpc::markup_text(steps + text(result.figures)) +
         "</system-out>\n    </testcase>\n";
}

}  // namespace

std::string junit_xml(const std::vector<ScenarioResult>& results) {
  Duration took{0};
  for (const ScenarioResult& result : results) took += result.took;
  const auto failed = std::count_if(results.begin(), results.end(),
                                    [](const ScenarioResult& result) { return !result.passed; });
  const std::string counts = "tests=\"" + std::to_string(results.size()) + "\" failures=\"" +
                             std::to_string(failed) + "\" errors=\"0\" time=\"" +
                             seconds_xml(took) + "\"";
  // JUnit has no time zone and no fractions.
  const std::string began =
      results.empty() ? "1970-01-01T00:00:00" : to_iso(results.front().began).substr(0, 19);
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"aitbc test\" " +
                    counts + ">\n  <testsuite name=\"scenarios\" " + counts +
                    " skipped=\"0\" timestamp=\"" + began + "\">\n";
  for (const ScenarioResult& result : results) xml += case_xml(result);
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace aitbc::cli
