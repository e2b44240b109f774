#pragma once
// The fault scenarios that are built in, as text: `aitbc test NAME` runs them. Plain values.

#include <span>
#include <string_view>

namespace aitbc::sites {

struct BuiltInScenario {
  std::string_view name;
  std::string_view yaml;
};
// Ascending by name.
std::span<const BuiltInScenario> built_in_scenarios();

}  // namespace aitbc::sites
