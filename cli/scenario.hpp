#pragma once
// A fault scenario, as text and as a value: the network it needs and the steps that are taken with
// it. A step is a command line of this program, a condition, a figure, or the traffic that goes on
// meanwhile. A Scenario that exists can be run: its commands are split, its conditions parsed.
// Pure.

#include <optional>
#include <string>
#include <vector>

#include "cli/expression.hpp"
#include "sites/manifest.hpp"

namespace aitbc::cli {

// One payment every `every`, through these nodes in turn.
struct TrafficPlan {
  Duration every{500};
  std::vector<std::string> through;  // empty: all nodes
};

// What is measured of the payments so far, each with the most (or least) that it may be.
struct FigureBounds {
  std::optional<std::uint64_t> acknowledged;              // at least
  std::optional<Duration> included_p95, final_p95;        // on all nodes, from the acknowledgement
  std::optional<std::uint64_t> orphans, reorgs, refused;  // at most
};

struct ScenarioStep {
  enum class Kind { run, shell, wait, expect, no_final, traffic, still, sleep, check, measure };
  Kind kind = Kind::sleep;
  std::string where;               // FILE:LINE
  std::string text;                // as it is shown
  std::vector<std::string> words;  // of run
  std::string says;                // what the output of run or shell must contain
  int exit = 0;
  Duration within{30'000};
  TrafficPlan traffic;
  FigureBounds bounds;
};

struct Scenario {
  std::string name;
  std::string about;
  sites::Manifest network;  // its addresses are for the runner to choose
  std::vector<ScenarioStep> steps;

  bool uses(std::string_view command) const;  // as the first word of a run
  bool measures() const;
};

// bad_manifest with FILE:LINE:COLUMN and the path of the key.
Result<Scenario> parse_scenario(const std::string& yaml, const std::string& source_name);

// Words of a command line: blanks part them, '...' and "..." hold them together.
std::optional<std::vector<std::string>> split_words(std::string_view line);

}  // namespace aitbc::cli
